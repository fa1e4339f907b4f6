# A fresh Debian in a folder, for tests that are root. Wants `fail`, `scratch`, and `ROOT`: the folder, which is not
# there yet. Unmount $ROOT/proc at the end.

# Where root's programs are.
export PATH=$PATH:/usr/sbin:/sbin

inside() {
  chroot "$ROOT" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"
}

# By debootstrap from Debian's mirror as apt on this machine has it, or a copy of SPOOL_BASE_SYSTEM.
make_system() {
  local mirror proxy=''
  eval "$(apt-config shell proxy Acquire::http::Proxy)"
  [[ -z $proxy ]] || export http_proxy=$proxy
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' 'Origin: Debian' |
    head -n 1)
  [[ -n $mirror ]] || fail "apt on this machine knows no mirror of Debian bookworm"
  if [[ -n ${SPOOL_BASE_SYSTEM:-} ]]; then
    cp -a "$SPOOL_BASE_SYSTEM" "$ROOT"
  else
    debootstrap --variant=minbase bookworm "$ROOT" "$mirror" >"$scratch/debootstrap.log" 2>&1 ||
      fail "debootstrap: $(tail -n 20 "$scratch/debootstrap.log")"
  fi
  echo "deb $mirror bookworm main" >"$ROOT/etc/apt/sources.list"
  mount -t proc proc "$ROOT/proc"
}

# apt ARGUMENTS...: quiet unless it fails
apt() {
  inside apt-get --yes --no-install-recommends "$@" >"$scratch/apt.log" 2>&1 ||
    fail "apt-get $*: $(cat "$scratch/apt.log")"
}
