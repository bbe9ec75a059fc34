#!/usr/bin/env bash
# Deep Compression's two LeNets on MNIST, three seeds each, and the study of centroid initialisations.
#   experiments/deep-compression/run.sh PATH-TO-MNIST [lenet-300-100] [lenet-5] [init-study]
# Leaves every run in out/deep-compression/, and here the figures (NET.json, init-study.json) and, of each network, the file
# of the seed that is best on the validation images. A run that is there already is not done again.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ $# -ge 1 ] || { sed -n '2,6s/^# \?//p' "$0" >&2; exit 2; }
mnist=$1
shift
here=experiments/deep-compression
out=out/deep-compression
mkdir -p "$out"
[ $# -gt 0 ] || set -- lenet-300-100 lenet-5 init-study

# dense ARCH NET SEED: the network that is compressed.
dense() {
  local file=$out/$2-seed$3-dense
  [ -f "$file.json" ] || ./netsuke train "$1" --data "$mnist" --seed "$3" --threads 1 -o "$file.nsk" --force --resume --json-file "$file.json" \
    "${@:4}"
}

# small NET SEED: compressed by the recipe that stands beside this script.
small() {
  local file=$out/$1-seed$2
  [ -f "$file.json" ] || ./netsuke compress "$out/$1-seed$2-dense.nsk" --data "$mnist" --recipe "$here/$1.toml" --seed "$2" --threads 1 \
    -o "$file.nsk" --force --resume --json-file "$file.json"
}

lenet-300-100() {
  for seed in 1 2 3; do
    dense lenet_300_100 lenet-300-100 $seed --epochs 30 --batch 128 --lr 0.05 --warmup 1 --dropout 0.2 --weight-decay 5e-5 \
      --shift 1 --rotate 10 --zoom 0.1
    small lenet-300-100 $seed
  done
  python3 "$here/summarise.py" lenet-300-100
}

lenet-5() {
  for seed in 1 2 3; do
    dense lenet_5 lenet-5 $seed --epochs 30 --batch 128 --lr 0.02 --warmup 1 --dropout 0.5 --shift 2 --rotate 10 --zoom 0.1
    small lenet-5 $seed
  done
  python3 "$here/summarise.py" lenet-5
}

# The paper's Figure 6 on LeNet-5: pruned once, then every weight of the network shared with 2 to 8 bits from three
# initialisations, before and after one epoch of fine-tuning.
init-study() {
  local bits init
  dense lenet_5 lenet-5 1 --epochs 30 --batch 128 --lr 0.02 --warmup 1 --dropout 0.5 --shift 2 --rotate 10 --zoom 0.1
  local pruned=$out/init-study-pruned
  [ -f "$pruned.json" ] || ./netsuke compress "$out/lenet-5-seed1-dense.nsk" --data "$mnist" --recipe "$here/init-study-prune.toml" \
    --threads 1 -o "$pruned.nsk" --force --resume --json-file "$pruned.json"
  for init in forgy density linear; do
    for bits in 2 3 4 5 6 7 8; do
      local file=$out/init-study-$init-$bits
      [ -f "$file.json" ] && continue
      sed -e "s/INIT/$init/; s/BITS/$bits/" "$here/init-study-share.toml.in" > "$file.toml"
      ./netsuke compress "$pruned.nsk" --data "$mnist" --recipe "$file.toml" --threads 1 -o "$file.nsk" --force --resume --json-file "$file.json"
    done
  done
  python3 "$here/summarise.py" init-study
}

for part in "$@"; do "$part"; done
