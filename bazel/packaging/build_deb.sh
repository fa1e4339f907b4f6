#!/usr/bin/env bash
#
# Packs spool_VERSION_ARCH.deb. Same inputs, same bytes: no time, user or mask of this run goes in.

set -euo pipefail

readonly USAGE='usage: build_deb OUTPUT NAME=FILE...

  spoold= spool= spool-worker=                  programs
  spoold.8= spool.1= spool.bash=                what they print about themselves
  spoold.service= spool.default= changelog= copyright= lintian-overrides= postinst= prerm= postrm='

die() {
  echo "build_deb: $*" >&2
  exit 1
}

[[ $# -ge 1 ]] || die "$USAGE"
output=$(realpath "$1")
shift
declare -A inputs=()
for argument in "$@"; do
  [[ $argument == ?*=?* ]] || die "$USAGE"
  inputs[${argument%%=*}]=$(realpath "${argument#*=}")
done
for tool in dpkg-shlibdeps dpkg-parsechangelog dpkg-deb strip; do
  command -v "$tool" >/dev/null || die "$tool is missing; bazel/install verify installs it (Debian package dpkg-dev)"
done

export LC_ALL=C.UTF-8
umask 022
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
tree=$scratch/tree
mkdir -p "$tree/DEBIAN" "$scratch/debian"

# put NAME MODE PATH
put() { install -D -m "$2" "${inputs[$1]}" "$tree/$3"; }
# put_compressed NAME PATH
put_compressed() {
  mkdir -p "$tree/$(dirname "$2")"
  gzip -9n <"${inputs[$1]}" >"$tree/$2"
}

put spoold 0755 usr/sbin/spoold
put spool 0755 usr/bin/spool
put spool-worker 0755 usr/lib/spool/spool-worker
chmod u+w "$tree"/usr/{sbin/spoold,bin/spool,lib/spool/spool-worker}
strip --strip-unneeded --remove-section=.comment "$tree/usr/sbin/spoold" "$tree/usr/bin/spool"
# Stacks of crashed workers name their functions by these symbols.
strip --strip-debug --remove-section=.comment "$tree/usr/lib/spool/spool-worker"
put spoold.service 0644 lib/systemd/system/spoold.service
put spool.default 0644 etc/default/spool
put spool.bash 0644 usr/share/bash-completion/completions/spool
put copyright 0644 usr/share/doc/spool/copyright
put lintian-overrides 0644 usr/share/lintian/overrides/spool
put_compressed changelog usr/share/doc/spool/changelog.gz
put_compressed spoold.8 usr/share/man/man8/spoold.8.gz
put_compressed spool.1 usr/share/man/man1/spool.1.gz
for script in postinst prerm postrm; do
  put "$script" 0755 "DEBIAN/$script"
done
echo /etc/default/spool >"$tree/DEBIAN/conffiles"

version=$(dpkg-parsechangelog --file "${inputs[changelog]}" --show-field Version)
said=$("${inputs[spool]}" version)
[[ $said == "spool $version" ]] || die "the changelog is of version $version, the program says: $said"
SOURCE_DATE_EPOCH=$(dpkg-parsechangelog --file "${inputs[changelog]}" --show-field Timestamp)
export SOURCE_DATE_EPOCH
maintainer=$(dpkg-parsechangelog --file "${inputs[changelog]}" --show-field Maintainer)

# It wants a source package around it. What pkg-config has linked without need (its other warning) stays.
printf 'Source: spool\nMaintainer: %s\n\nPackage: spool\nArchitecture: any\n' "$maintainer" >"$scratch/debian/control"
depends=$(cd "$scratch" &&
  dpkg-shlibdeps --warnings=1 -O tree/usr/sbin/spoold tree/usr/bin/spool tree/usr/lib/spool/spool-worker |
  sed -n 's/^shlibs:Depends=//p')
[[ -n $depends ]] || die "dpkg-shlibdeps found no dependencies"

(cd "$tree" && find usr lib -type f -print0 | sort -z | xargs -0 md5sum) >"$tree/DEBIAN/md5sums"
size=$(find "$tree" -path "$tree/DEBIAN" -prune -o -type f -printf '%s\n' |
  awk '{ kib += int(($1 + 1023) / 1024) } END { print kib }')
cat >"$tree/DEBIAN/control" <<CONTROL
Package: spool
Version: $version
Architecture: $(dpkg --print-architecture)
Maintainer: $maintainer
Installed-Size: $size
Depends: adduser, $depends
Recommends: ca-certificates
Section: video
Priority: optional
Description: durable media job queue with a live event feed
 A client enqueues what is to be made of a video or an image: a resize, a
 convert, a thumbnail, a sprite sheet, a preview, or several of these from one
 decode. Spool runs it with the FFmpeg libraries in a sandboxed process, and
 tells every subscriber what happens to it, as it happens, with nothing lost.
 .
 This package has the server (spoold), which listens on this machine only until
 it is told otherwise, and the client for the command line (spool).
CONTROL

find "$tree" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
dpkg-deb --root-owner-group -Zxz --threads-max=1 --build "$tree" "$output" >/dev/null
