#!/usr/bin/env bash
# One fuzz target for so many seconds; says what it found, or how many inputs it tried. What it learns is kept for the next time.
#   tools/fuzz.sh build/asan/tests/fuzz/NAME_fuzz SECONDS
set -euo pipefail
cd "$(dirname "$0")/.."
target=$1
name=$(basename "$target")
corpus=build/asan/corpus/$name
mkdir -p "$corpus"
seeds=tests/golden
[ "$name" != onnx_fuzz ] || seeds=/usr/include/onnx/backend/test/data/node
status=0
"$target" -max_total_time="$2" -rss_limit_mb=2048 -timeout=10 -max_len=8192 -print_final_stats=1 -verbosity=0 \
  -artifact_prefix="build/asan/$name-" "$corpus" "$seeds" > "$corpus.log" 2>&1 || status=$?
[ $status = 0 ] || { echo "$name:"; cat "$corpus.log"; exit 255; }  # xargs stops at 255
echo "$name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$corpus.log") inputs"
