#!/usr/bin/env bash
#
# The package under a running systemd: a fresh Debian with its own kernel in an emulated machine (no other rights than
# root's here, no /dev/kvm). It is started three times: in_guest.sh has what is done and seen there. Between the second
# and the third start its power is cut.
# Wants root, debootstrap, e2fsprogs, qemu-system-x86, and Debian's mirror as apt on this machine has it. Nothing
# outside of a temporary folder is changed, and the machine has no network.
#
# SPOOL_BASE_SYSTEM=FOLDER: a fresh Debian to take a copy of, instead of fetching one.

set -euo pipefail

readonly DEB=$PWD/bazel/packaging/spool.deb
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

scratch=$(mktemp -d "${TEST_TMPDIR:-/tmp}/systemd.XXXXXX")
readonly ROOT=$scratch/root
# In the guest.
readonly SHARE=/opt/spool-test
machine=''
at_end() {
  if [[ -n $machine ]]; then
    kill -KILL "$machine" 2>/dev/null || true
    wait "$machine" 2>/dev/null || true
  fi
  umount --lazy "$ROOT/proc" 2>/dev/null || true
  rm -rf --one-file-system "$scratch"
}
trap at_end EXIT

make_guest() {
  make_system
  apt update
  # No network there: all that the package wants must be there before it.
  apt -o DPkg::Options::=--force-unsafe-io install \
    dbus init-system-helpers initramfs-tools kmod linux-image-cloud-amd64 systemd-sysv udev
  apt -o DPkg::Options::=--force-unsafe-io satisfy "$(dpkg-deb --field "$DEB" Depends)"
  inside systemctl --quiet mask apt-daily.timer apt-daily-upgrade.timer e2scrub_reap.service
  # The machine gets an identity of its own when it starts.
  : >"$ROOT/etc/machine-id"
  echo spool-test >"$ROOT/etc/hostname"
}

# The package again, as the version after it.
make_next() {
  dpkg-deb --raw-extract "$DEB" "$scratch/next"
  sed -i 's/^Version: .*/&+next/' "$scratch/next/DEBIAN/control"
  dpkg-deb --root-owner-group -Zgzip -z1 --build "$scratch/next" "$1" >/dev/null
  rm -r "$scratch/next"
}

make_share() {
  local share=$ROOT$SHARE made
  mkdir -p "$share"
  cp "$HERE/functions.sh" "$HERE/in_guest.sh" "$share"
  cp "$DEB" "$share/spool.deb"
  make_next "$share/next.deb"
  make_clip "$share/clip.mp4" 1
  make_clip "$share/long.mp4" 4
  # The drop-in is the one that server/OPERATING.md shows.
  awk '/^```ini$/ { on = 1; next } /^```$/ { on = 0 } on' "$PWD/server/OPERATING.md" >"$share/override.conf"
  has "the drop-in" "$(cat "$share/override.conf")" ReadWritePaths=/srv/outputs
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
    -addext subjectAltName=IP:127.0.0.1 -keyout "$share/key.pem" -out "$share/cert.pem" 2>/dev/null
  dpkg-deb --fsys-tarfile "$DEB" | tar -xO ./usr/bin/spool >"$scratch/spool"
  chmod +x "$scratch/spool"
  made=$("$scratch/spool" token create --name ops --scope admin --json)
  sed 's/.*"line":\(.*\)}$/\1/' <<<"$made" >"$share/tokens"
  sed 's/^{"token":"\([^"]*\)".*/\1/' <<<"$made" >"$share/token"
  cat >"$ROOT/etc/systemd/system/spool-test.service" <<UNIT
[Unit]
After=network.target

[Service]
# Not a part of the start: the start is over when it is.
Type=simple
ExecStart=/bin/bash $SHARE/in_guest.sh
Environment=HOME=/root DEBIAN_FRONTEND=noninteractive LANG=C.UTF-8
StandardOutput=file:/dev/ttyS1
StandardError=inherit

[Install]
WantedBy=multi-user.target
UNIT
  inside systemctl --quiet enable spool-test.service
}

make_disk() {
  cp "$ROOT"/boot/vmlinuz-* "$scratch/vmlinuz"
  cp "$ROOT"/boot/initrd.img-* "$scratch/initrd"
  umount "$ROOT/proc"
  truncate --size=3G "$scratch/disk"
  mkfs.ext4 -q -d "$ROOT" "$scratch/disk"
  rm -rf --one-file-system "$ROOT"
}

said() { tr -d '\r' <"$scratch/said"; }

# start PART [WORDS...]: of the kernel's command line
start() {
  : >"$scratch/said"
  # It must not outlive this script, whatever ends that.
  setpriv --pdeathsig KILL qemu-system-x86_64 -no-user-config -nodefaults -machine q35 -accel tcg -smp 1 -m 1024 \
    -display none -no-reboot -kernel "$scratch/vmlinuz" -initrd "$scratch/initrd" \
    -append "root=/dev/vda rw console=ttyS0 panic=-1 spool.part=$1 ${*:2}" \
    -drive file="$scratch/disk",format=raw,if=virtio \
    -serial file:"$scratch/console" -serial file:"$scratch/said" &
  machine=$!
  # What it says as it says it, until it is off.
  tail --follow --lines=+1 --pid="$machine" "$scratch/said" 2>/dev/null | sed --unbuffered 's|\r$||' &
}

# wait_until COMMAND...: until the command is true, or fails once the machine is off or has been on for too long
wait_until() {
  local begin=$SECONDS
  until "$@"; do
    kill -0 "$machine" 2>/dev/null || fail "it is off too early; the console: $(tail -n 30 "$scratch/console")"
    ((SECONDS - begin < 1500)) || fail "it is not done within 1500 s; the console: $(tail -n 30 "$scratch/console")"
    sleep 0.2
  done
}

is_off() { ! kill -0 "$machine" 2>/dev/null; }

await_off() {
  local status=0
  wait_until is_off
  wait "$machine" || status=$?
  machine=''
  ((status == 0)) || fail "qemu ended with $status; the console: $(tail -n 30 "$scratch/console")"
  [[ $(said | tail -n 1) == '== All of it was as it should be' ]] ||
    fail "its last words are others; the console: $(tail -n 30 "$scratch/console")"
}

# How many jobs were answered.
answered() { said | grep -c '^answered ' || true; }

enough_answered() { (($(answered) >= 5)); }

# What the guest has not had its disk sync is lost: it is in the memory of this process.
cut_power() {
  kill -KILL "$machine"
  wait "$machine" || true
  machine=''
}

main() {
  heading "A fresh Debian"
  make_guest
  make_share
  make_disk
  heading "The first start"
  start install
  await_off
  heading "The second start"
  start upgrade
  wait_until enough_answered
  cut_power
  heading "The power was cut after $(answered) jobs"
  start remove "spool.answered=$(answered)"
  await_off
}

main
