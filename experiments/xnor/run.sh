#!/usr/bin/env bash
# Binary networks on CIFAR-10 and MNIST: BWN and XNOR-Net beside the real net, the paper's blocks beside ours.
#   experiments/xnor/run.sh PATH-TO-CIFAR-10 PATH-TO-MNIST
# EPOCHS (10) and WIDTH (0.25) say how long and how wide on CIFAR-10; then a real net of three times the epochs, whose layers
# become binary by binary.toml.in in TAUGHT (13) epochs more, taught by it; and both once more at twice the width, in twice
# the epochs and 16. "Signs" rows have the inputs of linear layers binary too, as our block had them at first, and as the
# paper's has them unless "real-linear" is said. One seed, one thread a run (the committed wide-taught-xnor: two).
# Leaves every run in out/xnor/ and the figures in binary.json here. A run that is there already is not done again; one
# that was stopped goes on. The best epoch is chosen on 5,000 of the training images, which no network learns from.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ $# = 2 ] || { sed -n '2,9s/^# \?//p' "$0" >&2; exit 2; }
cifar=$1 mnist=$2
netsuke=${NETSUKE:-./netsuke}
here=experiments/xnor
out=out/xnor
mkdir -p "$out"

# once NAME DATA ARGUMENT...
once() {
  local file=$out/$1
  [ -f "$file.json" ] || "$netsuke" train "${@:3}" --data "$2" --threads 1 -o "$file.nsk" --force --resume \
    --json-file "$file.json" > "$file.log"
}
cifar() {
  once "$1" "$cifar" vgg_small --set "width=${WIDTH:-0.25}" --epochs "${EPOCHS:-10}" --flip --shift 4 "${@:2}"
}
# Adam for all binary nets. The paper has SGD for BWN: at the real net's rate of 0.05 that was at 32.2 % validation error
# after 6 epochs, as its gradient is about alpha times as large.
binary() { cifar "$1" --optimizer adam --lr 0.002 --weight-decay 0 "${@:2}"; }
xnor() { binary "$1" --binarize xnor "${@:2}"; }

once lenet-5-xnor "$mnist" lenet_5 --binarize xnor --epochs 12 --optimizer adam --lr 0.002 --weight-decay 0 --shift 2
cifar real --lr 0.05
xnor xnor-signs --binary-parts shortcut,threshold,prelu
binary bwn --binarize bwn
xnor xnor-paper --binary-block paper
xnor xnor-paper-no-scale --binary-block paper --binary-parts none
xnor xnor-conventional --binary-block conventional

# from REAL NAME EPOCHS RATE LINES: from a trained net, with these lines in the recipe's stage.
signs='method = "xnor"\nparts = ["shortcut", "threshold", "prelu"]'
from() {
  local file=$out/$2
  [ ! -f "$file.json" ] || return 0
  sed -e "s/BINARY/$5/; s/EPOCHS/$3/; s/RATE/$4/" "$here/binary.toml.in" > "$file.toml"
  "$netsuke" compress "$out/$1.nsk" --data "$cifar" --recipe "$file.toml" --seed 1 --threads 1 \
    -o "$file.nsk" --force --resume --json-file "$file.json" > "$file.log"
}
taught() { from real-long "taught-$1" "${TAUGHT:-13}" 0.002 "$2"; }
EPOCHS=$((3 * ${EPOCHS:-10})) cifar real-long --lr 0.05 --precision bf16
taught xnor-signs "$signs"
taught bwn 'method = "bwn"'
taught xnor-paper 'method = "xnor"\nblock = "paper"'
taught xnor-paper-no-scale 'method = "xnor"\nblock = "paper"\nparts = []'
WIDTH=0.5 EPOCHS=$((2 * ${EPOCHS:-10})) cifar wide-real --lr 0.05 --precision bf16
from wide-real wide-taught-xnor-signs 16 0.002 "$signs"
# The rate by 4 epochs at width 0.25 with all inputs binary: 26.1 % of the held-out images are wrong at 0.002, 25.1 at 0.005.
from wide-real wide-taught-xnor 16 0.004 'method = "xnor"'
paper='method = "xnor"\nblock = "paper"'
from wide-real wide-taught-xnor-paper 16 0.004 "$paper"
from wide-real wide-taught-xnor-paper-real-linear 16 0.004 "$paper"'\nparts = ["scale", "real-linear"]'
python3 $here/summarise.py
