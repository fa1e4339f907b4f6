#!/usr/bin/env bash
#
# The package in a fresh Debian: installed, served from, opened to a network, upgraded, removed, purged; then what the
# Containerfile does, without an engine. No systemd runs there; as_unit.py does what can be done without it.
# Wants root, debootstrap, and Debian's mirror as apt on this machine has it. Nothing outside of a temporary folder is
# changed, and the servers are in a network of their own.
#
# SPOOL_BASE_SYSTEM=FOLDER: a fresh Debian to take a copy of, instead of fetching one.

set -euo pipefail

readonly DEB=$PWD/bazel/packaging/spool.deb
readonly CONTAINERFILE=$PWD/bazel/packaging/Containerfile
readonly HERE=$PWD/tests/packaging
# shellcheck source=tests/packaging/functions.sh
. "$HERE/functions.sh"
# shellcheck source=tests/packaging/system.sh
. "$HERE/system.sh"

((EUID == 0)) || fail "this wants root"
# Mounts that end with this process.
if [[ ${1:-} != --inside ]]; then
  exec unshare --mount --propagation private "$0" --inside
fi

scratch=$(mktemp -d "${TEST_TMPDIR:-/tmp}/install.XXXXXX")
readonly ROOT=$scratch/root
readonly TLS=(--server 127.0.0.1:50051 --tls-ca /tmp/cert.pem)
readonly LOGIN=(--token-file /tmp/token)
server=''
network=''
at_end() {
  local process
  for process in $server $network; do
    kill "$process" 2>/dev/null || true
    wait "$process" 2>/dev/null || true
  done
  umount --lazy "$ROOT/proc" 2>/dev/null || true
  rm -rf --one-file-system "$scratch"
}
trap at_end EXIT

# A user without rights.
as_user() {
  "${on_network[@]}" chroot --userspec=nobody:nogroup "$ROOT" /usr/bin/env -i HOME=/tmp PATH=/usr/bin:/bin "$@"
}

make_network() {
  unshare --net sleep infinity &
  network=$!
  local begin=$SECONDS
  until [[ $(readlink "/proc/$network/ns/net") != "$(readlink /proc/self/ns/net)" ]]; do
    ((SECONDS - begin < 30)) || fail "no network of our own within 30 s"
    sleep 0.1
  done
  # No function: what is started in the background must be the program itself.
  on_network=(nsenter --net="/proc/$network/ns/net")
  "${on_network[@]}" ip link set lo up
}

# Files that a system consists of, but for what any installation leaves behind: logs, caches, the accounts from before.
files() {
  find "$ROOT" -xdev \( -path "$ROOT/proc" -o -path "$ROOT/run" -o -path "$ROOT/tmp" -o -path "$ROOT/var/cache" \
    -o -path "$ROOT/var/lib/apt" -o -path "$ROOT/var/log" -o -path "$ROOT/etc/*-" \) -prune -o \
    -printf '/%P %y %m %u %g\n' | sort
}

start() {
  local folder=$scratch/server-$((++starts))
  mkdir "$folder"
  "${on_network[@]}" "$HERE/as_unit.py" "$ROOT/lib/systemd/system/spoold.service" --root="$ROOT" \
    >"$folder/said" 2>"$folder/log" &
  server=$!
  of_server=$folder
  await "the server" "$server" "$folder" 'spoold ready grpc=.*READY=1'
}
starts=0

stop_server() {
  local pid=$server
  server=''
  stop "$pid" "$of_server"
}

check_installed() {
  heading "Installed"
  same status 'install ok installed' "$(inside dpkg-query --show --showformat='${Status}' spool)"
  same "what dpkg finds changed" '' "$(inside dpkg --verify spool)"
  inside spoold --version
  same "mode of the state" '750 spool spool' "$(inside stat -c '%a %U %G' /var/lib/spool)"
  same "mode of the configuration" '750 root spool' "$(inside stat -c '%a %U %G' /etc/spool)"
  has user "$(inside getent passwd spool)" :/usr/sbin/nologin
  same "enabled unit" /lib/systemd/system/spoold.service \
    "$(readlink "$ROOT/etc/systemd/system/multi-user.target.wants/spoold.service")"
  same "manual pages" $'/usr/share/man/man1/spool.1.gz\n/usr/share/man/man8/spoold.8.gz' \
    "$(inside man --where spool && inside man --where spoold)"
  has completion "$(inside bash -c '
    . /usr/share/bash-completion/bash_completion
    _completion_loader spool
    complete -p spool')" '-F _spool'
}

check_service() {
  heading "Served from, as the unit has it"
  start
  cat "$of_server/said"
  same "user of the server" "$(inside id -u spool)" "$(stat -c %u "/proc/$(pgrep --parent "$server" spoold)")"
  as_user spool resize /tmp/clip.mp4 --width 160 --height 100 --job-id kept --wait
  as_user spool convert /tmp/clip.mp4 --to webm --wait --download /tmp/clip.webm
  as_user spool thumbnail /tmp/clip.mp4 --width 64 --download /tmp/clip.jpg
  [[ -s $ROOT/tmp/clip.webm && -s $ROOT/tmp/clip.jpg ]] || fail "no downloads"
  same "owner of outputs" 'spool spool' "$(inside find /var/lib/spool/outputs -type f -name 'kept*' -printf '%u %g')"
  ! as_user ls /var/lib/spool 2>/dev/null || fail "others may look into the state"
  stop_server
  has log "$(cat "$of_server/log")" stopped
}

check_protected() {
  heading "Open to a network, with TLS and tokens from /etc/spool"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
    -addext subjectAltName=IP:127.0.0.1 \
    -keyout "$ROOT/etc/spool/key.pem" -out "$ROOT/etc/spool/cert.pem" 2>/dev/null
  local made
  made=$(inside spool token create --name ops --scope admin --json)
  sed 's/.*"line":\(.*\)}$/\1/' <<<"$made" >"$ROOT/etc/spool/tokens"
  sed 's/^{"token":"\([^"]*\)".*/\1/' <<<"$made" >"$ROOT/tmp/token"
  inside sh -c 'cd /etc/spool && chgrp spool key.pem cert.pem tokens && chmod 640 key.pem cert.pem tokens'
  cp "$ROOT/etc/spool/cert.pem" "$ROOT/tmp"
  chmod 644 "$ROOT"/tmp/{cert.pem,token}
  cat >>"$ROOT/etc/default/spool" <<'FLAGS'
SPOOL_GRPC_ADDRESS=0.0.0.0:50051
SPOOL_TOKEN_FILE=/etc/spool/tokens
SPOOL_TLS_CERT=/etc/spool/cert.pem
SPOOL_TLS_KEY=/etc/spool/key.pem
SPOOL_AUDIT_LOG=/var/log/spool/audit.jsonl
FLAGS
  start
  ! as_user spool "${TLS[@]}" stats 2>/dev/null || fail "served without a token"
  as_user spool "${TLS[@]}" "${LOGIN[@]}" get kept
  as_user spool "${TLS[@]}" "${LOGIN[@]}" resize /tmp/clip.mp4 --width 64 --wait
  kill -HUP "$server"
  local begin=$SECONDS
  until grep -q 'files read again' "$of_server/log"; do
    ((SECONDS - begin < 60)) || fail "no word of a reload within 60 s: $(cat "$of_server/log")"
    sleep 0.1
  done
  has audit "$(cat "$ROOT/var/log/spool/audit.jsonl")" '"method":"Enqueue"'
  stop_server
}

check_upgrade() {
  heading "Upgraded from itself"
  local before after
  before=$(sha256sum <"$ROOT/etc/default/spool")
  inside dpkg --install /tmp/spool.deb >"$scratch/dpkg.log" 2>&1 || fail "dpkg: $(cat "$scratch/dpkg.log")"
  same "the changed configuration" "$before" "$(sha256sum <"$ROOT/etc/default/spool")"
  start
  after=$(as_user spool "${TLS[@]}" "${LOGIN[@]}" get kept --json)
  has "the job from before" "$after" JOB_STATE_COMPLETED
  as_user spool "${TLS[@]}" "${LOGIN[@]}" download kept -o /tmp/kept.mp4 || fail "its output is gone"
  stop_server
}

check_removal() {
  heading "Removed, then purged"
  inside dpkg --remove spool >"$scratch/dpkg.log" 2>&1 || fail "dpkg: $(cat "$scratch/dpkg.log")"
  [[ ! -e $ROOT/usr/sbin/spoold && ! -e $ROOT/usr/lib/spool ]] || fail "programs are left after a removal"
  [[ -s $ROOT/var/lib/spool/spool.db && -s $ROOT/etc/spool/tokens && -s $ROOT/etc/default/spool ]] ||
    fail "a removal took data or configuration"
  inside dpkg --purge spool >"$scratch/dpkg.log" 2>&1 || fail "dpkg: $(cat "$scratch/dpkg.log")"
  [[ ! -e $ROOT/var/log/spool ]] || fail "/var/log/spool is left"
  same "files after a purge" "$1" "$(files)"
  # Its files elsewhere must not become those of whoever gets its number next.
  has "the user" "$(inside getent passwd spool)" nologin
}

check_container() {
  heading "What the Containerfile does"
  inside userdel spool
  inside rm -f /etc/passwd- /etc/group- /etc/shadow- /etc/gshadow-
  cp "$DEB" "$ROOT/tmp/spool.deb"
  local instruction rest health='' entry='' user=''
  local -a variables=()
  while read -r instruction rest; do
    case $instruction in
      RUN) inside sh -c "$rest" >"$scratch/run.log" 2>&1 || fail "RUN $rest: $(cat "$scratch/run.log")" ;;
      ENV) variables+=("$rest") ;;
      USER) user=$rest ;;
      HEALTHCHECK) health=${rest#*CMD } ;;
      ENTRYPOINT) entry=$(sed 's/^\["\(.*\)"\]$/\1/' <<<"$rest") ;;
    esac
  done < <(grep -v '^#' "$CONTAINERFILE" | sed -e ':more' -e '/\\$/{N;s/\\\n */ /;b more' -e '}')
  local -a run=("${on_network[@]}" chroot --userspec="$user" "$ROOT"
    /usr/bin/env -i PATH=/usr/bin:/bin "${variables[@]}")
  local refused
  refused=$("${run[@]}" timeout 60 "$entry" 2>&1) && fail "it serves a network without TLS and a login"
  has refusal "$refused" grpc_address
  ! "${run[@]}" sh -c "$health" 2>/dev/null || fail "healthy without a server"
  mkdir "$scratch/container"
  "${run[@]}" SPOOL_ALLOW_UNPROTECTED_NETWORK=true "$entry" >"$scratch/container/said" 2>"$scratch/container/log" &
  server=$!
  await "the container's server" "$server" "$scratch/container" 'spoold ready'
  "${run[@]}" sh -c "$health" || fail "HEALTHCHECK $health"
  as_user spool resize /tmp/clip.mp4 --width 64 --wait
  local pid=$server status=0
  server=''
  kill -TERM "$pid"
  wait "$pid" || status=$?
  same "status of the server" 0 "$status"
}

main() {
  heading "A fresh Debian"
  make_system
  make_network
  make_clip "$scratch/clip.mp4"
  install -m 644 "$scratch/clip.mp4" "$ROOT/tmp/clip.mp4"
  cp "$DEB" "$ROOT/tmp/spool.deb"
  apt update
  apt install man-db bash-completion
  apt satisfy "$(dpkg-deb --field "$DEB" Depends)"
  local before
  before=$(files)
  apt install /tmp/spool.deb
  check_installed
  check_service
  check_protected
  check_upgrade
  check_removal "$before"
  check_container
  heading "All of it was as it should be"
}

main
