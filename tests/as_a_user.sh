# What the tests of the command line share; they source it. It leaves them in an empty folder.
name=$(basename "$0" .sh)
netsuke=$1
work=$2
rm -rf "$work"
mkdir -p "$work"
cd "$work"

fail() { echo "$name: $*" >&2; exit 1; }
value() { python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$1" "$2"; }
# has FILE KEY...: the JSON has them all.
has() { python3 -c 'import json,sys; have = json.load(open(sys.argv[1])); [have[key] for key in sys.argv[2:]]' "$@"; }
at_least() { python3 -c 'import sys; sys.exit(float(sys.argv[1]) < float(sys.argv[2]))' "$2" "$3" || fail "$1 is $2, expected at least $3"; }
# refused STATUS PATTERN COMMAND...: exits with STATUS and one sentence that matches.
refused() {
  local status=0 message
  message=$("${@:3}" 2>&1 >/dev/null) || status=$?
  [ "$status" = "$1" ] || fail "exit status $status instead of $1 from: ${*:3}"
  grep -q "$2" <<<"$message" || fail "'$message' does not say '$2'"
}
