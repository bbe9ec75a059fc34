#!/usr/bin/env bash
# Formatting, the include ladder and house rules; `tools/lint.sh --tidy` runs clang-tidy as well.
set -euo pipefail
cd "$(dirname "$0")/.."
sources() { git ls-files -co --exclude-standard "$@"; }

echo "clang-format"
sources '*.h' '*.cpp' | xargs clang-format --dry-run --Werror
python3 tools/check_layers.py
python3 tools/check_house.py
bash -n dev tools/*.sh .ci/run
[ "${1:-}" = --tidy ] || exit 0

echo "clang-tidy"
# Files that include libtorch take clang-tidy half a minute each and find mostly its own headers' faults.
sources 'src/*.cpp' | grep -v -e '^src/train/' -e '_test\.cpp$' -e '_bench\.cpp$' |
  xargs -P "$(nproc)" -n 4 clang-tidy -p build/tidy --quiet 2> >(grep -v 'warnings generated\|Suppressed\|Use -header-filter' >&2)
