#!/bin/sh
# The test under node --test, with its packages where imports find them.
set -eu
root=$(mktemp -d "$TEST_TMPDIR/dashboard.XXXXXX")
cp -L tests/dashboard/*.mjs "$root"
ln -s "$(realpath ../tools/node_modules/playwright-core/..)" "$root/node_modules"
export SPOOLD="$PWD/server/spoold" SPOOL_WORKER="$PWD/server/worker/spool-worker" HOME="$root"
exec "$PWD/../tools/node" --test "$root/dashboard_test.mjs"
