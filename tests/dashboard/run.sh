#!/bin/sh
# The test under node --test, with its packages where imports find them.
set -eu
root=$(mktemp -d "$TEST_TMPDIR/run.XXXXXX")
mkdir "$root/support" "$root/dashboard"
cp -L tests/support/spoold.mjs "$root/support"
cp -L tests/dashboard/*.mjs "$root/dashboard"
ln -s "$(realpath ../tools/node_modules/playwright-core/..)" "$root/node_modules"
export SPOOLD="$PWD/server/spoold" HOME="$root"
exec "$PWD/../tools/node" --test "$root/dashboard/dashboard_test.mjs"
