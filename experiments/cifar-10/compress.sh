#!/usr/bin/env bash
# Deep Compression of small nets that run.sh has trained, by our recipe and in the paper's form, one thread a run.
#   experiments/cifar-10/compress.sh PATH-TO-CIFAR-10 NAME...          as in squeezenet-bn-complex-1
# Leaves every run in out/cifar-10-small/, and the figures in small-nets-compressed.json here. A run that is there already is not done
# again; one that was stopped goes on. RECIPES names others than the two, as in RECIPES=squeezenet-regularised.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ $# -ge 2 ] || { sed -n '2,6s/^# \?//p' "$0" >&2; exit 2; }
cifar=$1
shift
netsuke=${NETSUKE:-./netsuke}
here=experiments/cifar-10
out=out/cifar-10-small
mkdir -p "$out"

for name in "$@"; do
  for recipe in ${RECIPES:-"${name%%-*}" "${name%%-*}-paper"}; do
    file=$out/$name-by-$recipe
    [ -f "$file.json" ] || "$netsuke" compress "out/cifar-10/$name.nsk" --data "$cifar" --recipe "$here/$recipe.toml" --threads 1 \
      -o "$file.nsk" --force --resume --json-file "$file.json" > "$file.log"
  done
done
python3 "$here/summarise_compressed.py"
