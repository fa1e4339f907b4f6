#!/bin/sh
# build.mjs with one of its verbs, in the runfiles of a test.
set -eu
tools=../tools
exec "$tools/node" client/web/build.mjs "$1" --sources=client/web --generated=client/web/gen \
  --modules="$tools/node_modules"
