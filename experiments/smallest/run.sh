#!/usr/bin/env bash
# The smallest LeNets on MNIST that we know how to make: three seeds each.
#   experiments/smallest/run.sh PATH-TO-MNIST [lenet-300-100] [lenet-5] [lenet-5-tiny]
# Leaves every run in out/smallest/, and here the figures (NET-smallest.json) and, of each network, the file of the seed that is best
# on the 5,000 training images held out. The dense networks are trained by the commands of experiments/deep-compression. A run that is there already is not done
# again; one that was stopped goes on.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ $# -ge 1 ] || { sed -n '2,7s/^# \?//p' "$0" >&2; exit 2; }
mnist=$1
shift
netsuke=${NETSUKE:-./netsuke}
here=experiments/smallest
out=out/smallest
mkdir -p "$out"
[ $# -gt 0 ] || set -- lenet-300-100 lenet-5 lenet-5-tiny

# search NAME NET SEED [BUDGET...]: the recipe's budget unless another is given.
search() {
  local file=$out/$1-seed$3 dense=out/deep-compression/$2-seed$3-dense.nsk
  [ -f "$dense" ] || experiments/deep-compression/run.sh "$mnist" "$2"
  [ -f "$file.json" ] || "$netsuke" compress "$dense" --data "$mnist" --recipe "$here/$1.toml" --seed "$3" --threads 1 \
    -o "$file.nsk" --force --resume --json-file "$file.json" "${@:4}" > "$file.log"
}

lenet-300-100() { for seed in ${SEEDS:-1 2 3}; do search lenet-300-100 lenet-300-100 $seed; done; }
lenet-5() { for seed in ${SEEDS:-1 2 3}; do search lenet-5 lenet-5 $seed; done; }
lenet-5-tiny() { for seed in ${SEEDS:-1 2 3}; do search lenet-5-tiny lenet-5 $seed; done; }

for part in "$@"; do
  "$part"
  [ -n "${SEEDS:-}" ] || python3 "$here/summarise.py" "$part"
done
