#!/usr/bin/env bash
#
# The other half of systemd_test.sh: runs at each start of its machine, as a service, and says on the second serial line
# what it finds. spool.part= in the kernel's command line names the part, spool.answered= what the part before was told.
# Whatever part it is, the machine is off at its end.

set -euo pipefail

readonly HERE=/opt/spool-test
# shellcheck source=tests/packaging/functions.sh
. "$HERE/functions.sh"
readonly TLS=(--server 127.0.0.1:50051 --tls-ca "$HERE/cert.pem" --token-file "$HERE/token")
# The service manager is no place for long waits, and this machine is slow.
readonly PATIENCE=300
# How to reach the server: as anybody, until it has been told otherwise.
flags=()

at_end() {
  local status=$?
  if ((status != 0)); then
    echo "-- The journal of this start:"
    journalctl --boot --no-pager --output=short-monotonic | tail -n 80
  fi
  systemctl poweroff --no-block
}

kernel_word() { sed -n "s/.*\bspool\.$1=\(\S*\).*/\1/p" /proc/cmdline; }

property() { systemctl show --property="$1" --value spoold; }

# until_has WHAT PART COMMAND...: until what the command says has the part
until_has() {
  local what=$1 part=$2 text begin=$SECONDS
  shift 2
  until text=$("$@" 2>&1) && [[ $text == *"$part"* ]]; do
    ((SECONDS - begin < PATIENCE)) || fail "$what: '$part' did not come within $PATIENCE s; last it was: $text"
    sleep 0.2
  done
}

call() { spool "${flags[@]}" "$@"; }

# Beside other work this machine may be too slow for the 30 s that a server waits for its worker. Then the unit's
# Restart= has it tried again.
restart() { systemctl restart spoold || until_has "the service" active property ActiveState; }

# enqueue JOB CLIP: a resize of it. A watch of its events, which nothing but their end ends, goes on beside this.
enqueue() {
  call watch --job "$1" --from earliest --until-terminal --no-progress --json >"/tmp/events.$1" 2>"/tmp/watch.$1" &
  watches[$1]=$!
  call resize "$HERE/$2.mp4" --width 160 --job-id "$1" >"/tmp/enqueue.$1" 2>&1 ||
    fail "enqueue $1: $(cat "/tmp/enqueue.$1")"
}
declare -A watches=()

job() { call get "$1" --json; }

# history JOB: the types of its events so far
history() { sed 's/.*"type":"EVENT_TYPE_\([A-Z]*\)".*/\1/' "/tmp/events.$1" | paste -sd ' '; }

is_running() { until_has "$1" STARTED history "$1"; }

# is_completed JOB: it is or will be, at its first attempt
is_completed() {
  call watch --job "$1" --until-terminal --no-progress >/dev/null || fail "it is not: $(job "$1")"
  has "$1" "$(job "$1")" '"state":"JOB_STATE_COMPLETED","attempt":1,'
}

# completes JOB EVENTS: by these
completes() {
  wait "${watches[$1]}" || fail "$1: $(history "$1"); its watch: $(cat "/tmp/watch.$1"); it is $(job "$1")"
  same "events of $1" "$2" "$(history "$1")"
  is_completed "$1"
}
readonly UNDISTURBED='QUEUED STARTED COMPLETED' DISTURBED='QUEUED STARTED QUEUED STARTED COMPLETED'

log_of() { journalctl --boot --unit=spoold --output=cat --no-pager; }

# check_journal EXPECTED: what no start may leave there, but for that: refusals, whether of the kernel (1326: a filter of
# system calls) or of what the unit locks the server in with, and what the server warns of.
check_journal() {
  local found
  found=$(log_of | grep -iE 'denied|not permitted|read-only file|landlock|seccomp|level=(warning|error)' |
    grep -vE "$1") && fail "the service's journal: $found"
  found=$(journalctl --boot --dmesg --output=cat --no-pager |
    grep -E 'audit: type=1326|apparmor="DENIED"|segfault|traps:|general protection|out of memory' |
    grep -vE "$1") && fail "the kernel's log: $found"
  echo "no refusals in the journal"
}

# Files that are the package's, by their names.
traces() {
  find / /run -xdev -path /proc -prune -o -path /tmp -prune -o -path '*spool*' ! -path "$HERE*" -print | sort
}
# Not in /tmp, which each start empties.
readonly BEFORE=/var/tmp/before

check_installed() {
  heading "Installed under $(systemctl --version | head -n 1), Linux $(uname -r)"
  traces >"$BEFORE"
  apt-get install --yes --no-install-recommends "$HERE/spool.deb" >/tmp/apt.log 2>&1 ||
    fail "apt-get: $(cat /tmp/apt.log)"
  same "state of the service" 'active running' "$(property ActiveState) $(property SubState)"
  same "at the next start" enabled "$(systemctl is-enabled spoold)"
  same "its type" notify "$(property Type)"
  local main
  main=$(property MainPID)
  same "its user" "$(id -u spool)" "$(stat -c %u "/proc/$main")"
  same "its rights" $'CapInh:\t0000000000000000\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000
CapBnd:\t0000000000000000\nCapAmb:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2' \
    "$(grep -E '^(Cap|NoNewPrivs|Seccomp:)' "/proc/$main/status")"
  echo "MemoryCurrent=$(property MemoryCurrent) TasksCurrent=$(property TasksCurrent) TasksMax=$(property TasksMax)"
  systemctl status --no-pager --lines=5 spoold
  systemd-analyze security --no-pager --threshold=20 spoold >/tmp/security 2>&1 || fail "$(cat /tmp/security)"
  tail -n 1 /tmp/security
}

check_jobs() {
  heading "Jobs"
  call resize "$HERE/clip.mp4" --width 160 --height 100 --job-id first --wait
  call convert "$HERE/clip.mp4" --to mkv --wait --download /tmp/clip.mkv
  call thumbnail "$HERE/clip.mp4" --width 64 --download /tmp/clip.jpg
  [[ -s /tmp/clip.mkv && -s /tmp/clip.jpg ]] || fail "no downloads"
}

check_restart() {
  heading "systemctl restart, between jobs"
  local before
  before=$(property MainPID)
  restart
  [[ $(property MainPID) != "$before" ]] || fail "it is the same process"
  has "the job from before" "$(job first)" JOB_STATE_COMPLETED
}

check_stop() {
  heading "systemctl stop, while a job runs: it may finish"
  # What the unit's TimeoutStopSec allows.
  echo SPOOL_DRAIN_TIMEOUT=80s >>/etc/default/spool
  restart
  enqueue drained long
  enqueue behind clip
  is_running drained
  systemctl stop --no-block spoold
  until_has "the service" deactivating property ActiveState
  until_has "the service" inactive property ActiveState
  same "how it ended" 'success 0' "$(property Result) $(property ExecMainStatus)"
  systemctl start spoold
  completes drained "$UNDISTURBED"
  completes behind "$UNDISTURBED"
}

check_short_drain() {
  heading "A drain timeout that is shorter than the job: it is handed back"
  cp /etc/default/spool /tmp/default
  echo SPOOL_DRAIN_TIMEOUT=0 >>/etc/default/spool
  restart
  enqueue handed-back long
  is_running handed-back
  restart
  completes handed-back "$DISTURBED"
  cp /tmp/default /etc/default/spool
  restart
}

check_kill() {
  heading "systemctl kill -s KILL: of the server alone, then of the workers too"
  local who before restarts
  for who in main all; do
    enqueue "killed-$who" long
    is_running "killed-$who"
    before=$(property MainPID) restarts=$(property NRestarts)
    systemctl kill --signal=KILL --kill-who="$who" spoold
    until_has "restarts" $((restarts + 1)) property NRestarts
    until_has "the service" active property ActiveState
    [[ $(property MainPID) != "$before" ]] || fail "it is the same process"
    completes "killed-$who" "$DISTURBED"
  done
}

check_memory() {
  heading "A worker that takes more memory than the service may have"
  local main
  main=$(property MainPID)
  systemctl set-property --runtime spoold MemoryMax=160M
  call resize "$HERE/clip.mp4" --width 3840 --height 2160 --job-id glutton --max-retries 0 --wait &&
    fail "160 MiB were enough"
  has "the job" "$(job glutton)" '"reason":"OUT_OF_MEMORY"'
  same "the server" "$main active" "$(property MainPID) $(property ActiveState)"
  has "the journal" "$(log_of)" 'killed by the OOM killer'
  systemctl set-property --runtime spoold MemoryMax=infinity
  call thumbnail "$HERE/clip.mp4" --width 64 --job-id after-glutton --wait
}

check_drop_in() {
  heading "Outputs elsewhere, media in a home, by a drop-in"
  install -d -o spool -g spool /srv/outputs
  install -d -m 755 /home/ann/videos
  install -m 644 "$HERE/clip.mp4" /home/ann/videos/
  mkdir -p /etc/systemd/system/spoold.service.d
  cp "$HERE/override.conf" /etc/systemd/system/spoold.service.d/
  cp /etc/default/spool /tmp/default
  printf '%s\n' SPOOL_OUTPUT_ROOT=/srv/outputs SPOOL_MEDIA_ROOT=/home/ann/videos >>/etc/default/spool
  systemctl daemon-reload
  restart
  call thumbnail --remote clip.mp4 --width 64 --job-id elsewhere --wait
  [[ -s /srv/outputs/elsewhere.jpg ]] || fail "no output: $(find /srv/outputs)"
  rm -r /etc/systemd/system/spoold.service.d
  cp /tmp/default /etc/default/spool
  systemctl daemon-reload
  restart
}

check_mistake() {
  heading "A mistake in /etc/default/spool"
  cp /etc/default/spool /tmp/default
  echo SPOOL_SLOTS=many >>/etc/default/spool
  systemctl restart spoold && fail "it runs with SPOOL_SLOTS=many"
  has "what it says" "$(systemctl status --no-pager spoold; log_of)" SPOOL_SLOTS
  cp /tmp/default /etc/default/spool
  # It is tried again by itself.
  until_has "the service" active property ActiveState
}

check_protected() {
  heading "TLS and tokens from /etc/spool, by /etc/default/spool"
  install -m 640 -g spool "$HERE"/{cert.pem,key.pem,tokens} /etc/spool/
  cat >>/etc/default/spool <<'FLAGS'
SPOOL_GRPC_ADDRESS=0.0.0.0:50051
SPOOL_TOKEN_FILE=/etc/spool/tokens
SPOOL_TLS_CERT=/etc/spool/cert.pem
SPOOL_TLS_KEY=/etc/spool/key.pem
SPOOL_AUDIT_LOG=/var/log/spool/audit.jsonl
FLAGS
  restart
  flags=("${TLS[@]::4}")
  call stats 2>/dev/null && fail "served without a token"
  flags=("${TLS[@]}")
  call thumbnail "$HERE/clip.mp4" --width 64 --job-id protected --wait
  has audit "$(cat /var/log/spool/audit.jsonl)" '"method":"Enqueue"'
  same "mode of the audit log" '600 spool spool' "$(stat -c '%a %U %G' /var/log/spool/audit.jsonl)"
  mv /var/log/spool/audit.jsonl /var/log/spool/audit.jsonl.1
  systemctl reload spoold
  until_has "the journal" 'files read again' log_of
  call thumbnail "$HERE/clip.mp4" --width 64 --job-id reloaded --wait
  has "the new audit log" "$(cat /var/log/spool/audit.jsonl)" '"method":"Enqueue"'
}

install_and_use() {
  check_installed
  check_jobs
  check_restart
  check_stop
  check_short_drain
  check_kill
  check_drop_in
  check_mistake
  check_protected
  check_memory
  check_journal 'Memory cgroup out of memory'
  heading "The machine is turned off while a job runs"
  enqueue turned-off long
  is_running turned-off
}

upgrade_and_cut() {
  flags=("${TLS[@]}")
  heading "Started with the machine"
  until_has "the service" active property ActiveState
  is_completed turned-off
  has "a job from before" "$(job first)" JOB_STATE_COMPLETED
  heading "Upgraded, while a job runs"
  enqueue upgraded long
  is_running upgraded
  local before
  before=$(property MainPID)
  apt-get install --yes --no-install-recommends "$HERE/next.deb" >/tmp/apt.log 2>&1 ||
    fail "apt-get: $(cat /tmp/apt.log)"
  same version "$(dpkg-deb --field "$HERE/next.deb" Version)" "$(dpkg-query --show --showformat='${Version}' spool)"
  [[ $(property MainPID) != "$before" ]] || fail "it is the same process"
  same "state of the service" 'active enabled' "$(property ActiveState) $(systemctl is-enabled spoold)"
  completes upgraded "$UNDISTURBED"
  heading "Upgraded, when it was turned off for good"
  systemctl disable --now spoold
  dpkg --install "$HERE/next.deb" >/tmp/apt.log 2>&1 || fail "dpkg: $(cat /tmp/apt.log)"
  same "state of the service" 'inactive disabled' "$(property ActiveState) $(systemctl is-enabled spoold || true)"
  systemctl enable --now spoold
  check_journal nothing
  heading "Jobs are enqueued until the power is cut"
  local number
  for ((number = 1; number < 100; number++)); do
    call resize "$HERE/clip.mp4" --width 160 --job-id "cut-$number" >/dev/null
    echo "answered cut-$number"
  done
  fail "the power stays on"
}

recover_and_remove() {
  local answered number
  flags=("${TLS[@]}")
  answered=$(kernel_word answered)
  heading "After the cut: all $answered jobs that were answered"
  until_has "the service" active property ActiveState
  for ((number = 1; number <= answered; number++)); do
    is_completed "cut-$number"
  done
  check_journal nothing
  heading "Removed, then purged, while a job runs"
  enqueue removed long
  is_running removed
  apt-get remove --yes spool >/tmp/apt.log 2>&1 ||
    fail "apt-get: $(cat /tmp/apt.log)"
  same "the service" 'not-found inactive' "$(property LoadState) $(property ActiveState)"
  [[ -s /var/lib/spool/spool.db && -s /etc/spool/tokens && -s /etc/default/spool ]] || fail "a removal took data"
  apt-get purge --yes spool >/tmp/apt.log 2>&1 ||
    fail "apt-get: $(cat /tmp/apt.log)"
  same "traces of it" "$(cat "$BEFORE")" "$(traces)"
  has "the user" "$(getent passwd spool)" nologin
}

trap at_end EXIT
case "$(kernel_word part)" in
  install) install_and_use ;;
  upgrade) upgrade_and_cut ;;
  remove) recover_and_remove ;;
  *) fail "no such part: $(cat /proc/cmdline)" ;;
esac
heading "All of it was as it should be"
