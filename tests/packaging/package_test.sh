#!/usr/bin/env bash
#
# The package as a file, and its programs under the unit's limits and filters: needs neither root nor network.

set -euo pipefail

readonly DEB=$PWD/bazel/packaging/spool.deb
readonly HERE=$PWD/tests/packaging
# shellcheck source=tests/packaging/functions.sh
. "$HERE/functions.sh"

scratch=$(mktemp -d "${TEST_TMPDIR:-/tmp}/package.XXXXXX")
server=''
at_end() {
  [[ -z $server ]] || kill "$server" 2>/dev/null || true
  rm -rf "$scratch"
}
trap at_end EXIT
readonly TREE=$scratch/tree
readonly UNIT=$TREE/lib/systemd/system/spoold.service

field() { dpkg-deb --field "$DEB" "$1"; }

check_contents() {
  same contents "$(
    cat <<'LIST'
drwxr-xr-x root/root ./
drwxr-xr-x root/root ./etc/
drwxr-xr-x root/root ./etc/default/
-rw-r--r-- root/root ./etc/default/spool
drwxr-xr-x root/root ./lib/
drwxr-xr-x root/root ./lib/systemd/
drwxr-xr-x root/root ./lib/systemd/system/
-rw-r--r-- root/root ./lib/systemd/system/spoold.service
drwxr-xr-x root/root ./usr/
drwxr-xr-x root/root ./usr/bin/
-rwxr-xr-x root/root ./usr/bin/spool
drwxr-xr-x root/root ./usr/lib/
drwxr-xr-x root/root ./usr/lib/spool/
-rwxr-xr-x root/root ./usr/lib/spool/spool-worker
drwxr-xr-x root/root ./usr/sbin/
-rwxr-xr-x root/root ./usr/sbin/spoold
drwxr-xr-x root/root ./usr/share/
drwxr-xr-x root/root ./usr/share/bash-completion/
drwxr-xr-x root/root ./usr/share/bash-completion/completions/
-rw-r--r-- root/root ./usr/share/bash-completion/completions/spool
drwxr-xr-x root/root ./usr/share/doc/
drwxr-xr-x root/root ./usr/share/doc/spool/
-rw-r--r-- root/root ./usr/share/doc/spool/changelog.gz
-rw-r--r-- root/root ./usr/share/doc/spool/copyright
drwxr-xr-x root/root ./usr/share/lintian/
drwxr-xr-x root/root ./usr/share/lintian/overrides/
-rw-r--r-- root/root ./usr/share/lintian/overrides/spool
drwxr-xr-x root/root ./usr/share/man/
drwxr-xr-x root/root ./usr/share/man/man1/
-rw-r--r-- root/root ./usr/share/man/man1/spool.1.gz
drwxr-xr-x root/root ./usr/share/man/man8/
-rw-r--r-- root/root ./usr/share/man/man8/spoold.8.gz
LIST
  )" "$(dpkg-deb --contents "$DEB" | awk '{ print $1, $2, $6 }' | LC_ALL=C sort -k 3)"
}

check_control() {
  same "control files" $'conffiles\ncontrol\nmd5sums\npostinst\npostrm\nprerm' "$(cd "$TREE/DEBIAN" && LC_ALL=C ls)"
  same conffiles /etc/default/spool "$(cat "$TREE/DEBIAN/conffiles")"
  local script
  for script in postinst prerm postrm; do
    [[ $(stat -c %a "$TREE/DEBIAN/$script") == 755 ]] || fail "mode of $script"
    sh -n "$TREE/DEBIAN/$script" || fail "$script is no script"
  done
  (cd "$TREE" && md5sum --quiet --check DEBIAN/md5sums) || fail md5sums
  same name spool "$(field Package)"
  same architecture "$(dpkg --print-architecture)" "$(field Architecture)"
  same version "spool $(field Version)" "$("$TREE/usr/bin/spool" version)"
  (($(field Installed-Size) > 1000)) || fail "Installed-Size: $(field Installed-Size)"

  # By another way than dpkg-shlibdeps goes: the package of each library that a program names.
  local program library file package depends packages=0
  local -A files=()
  for program in usr/sbin/spoold usr/bin/spool usr/lib/spool/spool-worker; do
    while read -r library file; do
      files[$library]=$file
    done < <(ldd "$TREE/$program" | sed -n 's/^\s*\(\S*\) => \(\S*\) .*/\1 \2/p')
    for library in $(objdump -p "$TREE/$program" | sed -n 's/^ *NEEDED *//p'); do
      [[ $library == ld-linux* || -n ${files[$library]:-} ]] || fail "$program: $library is not there"
    done
  done
  depends=", $(field Depends),"
  has Depends "$depends" ", adduser,"
  for library in $(objdump -p "$TREE"/usr/{sbin/spoold,bin/spool,lib/spool/spool-worker} |
    sed -n 's/^ *NEEDED *//p' | grep -v '^ld-linux' | sort -u); do
    # A folder may be known by its name from before /lib became /usr/lib.
    file=${files[$library]#/usr}
    echo "$file"
    echo "/usr$file"
  done >"$scratch/libraries"
  for package in $(xargs dpkg-query --search <"$scratch/libraries" 2>/dev/null | cut -d: -f1 | sort -u); do
    [[ $depends == *", $package "* || $depends == *", $package,"* ]] ||
      fail "a library of $package is needed, which is not in Depends:$depends"
    packages=$((packages + 1))
  done
  ((packages >= 10)) || fail "only $packages packages with libraries were found"
}

check_pages() {
  local page text
  for page in man1/spool.1 man8/spoold.8; do
    gunzip <"$TREE/usr/share/man/$page.gz" >"$scratch/${page##*/}"
    command -v man >/dev/null || continue
    text=$(MANWIDTH=100 LC_ALL=C.UTF-8 man --warnings --local-file "$scratch/${page##*/}" 2>"$scratch/warnings")
    [[ ! -s $scratch/warnings ]] || fail "$page: $(cat "$scratch/warnings")"
    has "$page" "$text" "SEE ALSO"
  done
  # As bash asks for it.
  has completion "$(
    # shellcheck disable=SC1091
    . "$TREE/usr/share/bash-completion/completions/spool"
    completer=$(complete -p spool | sed 's/.*-F \(\S*\).*/\1/')
    COMP_WORDS=(spool res) COMP_CWORD=1 COMP_LINE='spool res' COMP_POINT=9
    "$completer" spool res spool
    echo "${COMPREPLY[*]}"
  )" resize
}

check_unit() {
  if ! command -v systemd-analyze >/dev/null; then
    echo "LEFT OUT: systemd-analyze is not there"
    return
  fi
  # It looks for the programs on this machine.
  sed "s|^ExecStart=|&$TREE|" "$UNIT" >"$scratch/spoold.service"
  local said
  said=$(systemd-analyze verify --man=no "$scratch/spoold.service" 2>&1) || fail "systemd-analyze verify: $said"
  [[ -z $said ]] || fail "systemd-analyze verify: $said"
  # In tenths; above that it says what is open, and fails.
  said=$(systemd-analyze security --no-pager --offline=true --threshold=20 "$scratch/spoold.service" 2>&1) ||
    fail "systemd-analyze security: $said"
  tail -n 1 <<<"$said"
}

check_lintian() {
  if ! command -v lintian >/dev/null; then
    echo "LEFT OUT: lintian is not there"
    return
  fi
  cp "$DEB" "$scratch/spool_$(field Version)_$(field Architecture).deb"
  (cd "$scratch" && HOME=$scratch lintian --allow-root --fail-on error,warning ./*.deb) || fail lintian
}

# The programs of the package, where the unit's filters of system calls are.
check_service() {
  has spoold "$("$TREE/usr/sbin/spoold" --version)" $'\nFFmpeg 5.'
  if ! compgen -G '/usr/lib/*/systemd/libsystemd-shared-252.so' >/dev/null; then
    echo "LEFT OUT: the run under the unit's filters wants systemd 252"
    return
  fi
  local grpc spool=$TREE/usr/bin/spool
  "$HERE/as_unit.py" "$UNIT" --prefix="$TREE" SPOOL_DATA_DIR="$scratch/data" \
    SPOOL_GRPC_ADDRESS=127.0.0.1:0 SPOOL_HTTP_ADDRESS=127.0.0.1:0 >"$scratch/said" 2>"$scratch/log" &
  server=$!
  await "the server" "$server" "$scratch" 'spoold ready grpc=([^ ]+) .*READY=1'
  grpc=${BASH_REMATCH[1]}
  make_clip "$scratch/clip.mp4"
  "$spool" --server "$grpc" resize "$scratch/clip.mp4" --width 160 --height 100 --wait \
    --download "$scratch/small.mp4" || fail "the job; the server's log: $(cat "$scratch/log")"
  same "size of the output" 160x100 "$(ffprobe -v error -select_streams v -show_entries stream=width,height \
    -of csv=p=0:s=x "$scratch/small.mp4")"
  # What the group may read, as the unit's UMask has it.
  same "mode of the store" 640 "$(stat -c %a "$scratch/data/spool.db")"
  stop "$server" "$scratch"
  server=''
}

dpkg-deb --raw-extract "$DEB" "$TREE"
check_contents
check_control
check_pages
check_unit
check_lintian
check_service
