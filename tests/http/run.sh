#!/bin/sh
# One of the folder's Node programs, in the runfiles of a test.
set -eu
program=$1
shift
exec ../tools/node "tests/http/$program" server/spoold ../tools "$@"
