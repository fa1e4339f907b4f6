# What the tests of the package use.

heading() { printf '\n== %s\n' "$*"; }

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

# same WHAT EXPECTED GOT: two texts, with what differs
same() {
  diff --unified --label "expected: $1" --label "got: $1" <(echo "$2") <(echo "$3") >&2 || fail "$1"
}

# has WHAT TEXT PART
has() { [[ $2 == *"$3"* ]] || fail "$1: no '$3' in: $2"; }

# await WHAT PROCESS FOLDER PATTERN: until what the process wrote to FOLDER/said matches; sets BASH_REMATCH
await() {
  local text begin=$SECONDS
  until text=$(cat "$3/said" 2>/dev/null) && [[ $text =~ $4 ]]; do
    kill -0 "$2" 2>/dev/null || fail "$1: it ended before '$4'; its log: $(cat "$3/log")"
    ((SECONDS - begin < 120)) || fail "$1: '$4' did not come within 120 s; it said: $text; its log: $(cat "$3/log")"
    sleep 0.1
  done
}

# stop PROCESS FOLDER: ends a server under as_unit.py, which kills it when TimeoutStopSec is over
stop() {
  local status=0
  kill -TERM "$1"
  wait "$1" || status=$?
  ((status == 0)) || fail "the server ended with $status; its log: $(cat "$2/log")"
  has "what the service manager is told" "$(cat "$2/said")" STOPPING=1
}

# make_clip FILE [SECONDS]
make_clip() {
  ffmpeg -nostdin -loglevel error -y -f lavfi -i "testsrc2=size=320x240:rate=25:duration=${2:-1}" \
    -c:v libx264 -preset ultrafast -pix_fmt yuv420p "$1"
}
