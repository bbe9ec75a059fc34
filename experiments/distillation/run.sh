#!/usr/bin/env bash
# The MNIST section of Hinton 2015 (arXiv 1503.02531, section 3): a teacher, students of it, a class that is never shown.
#   experiments/distillation/run.sh PATH-TO-MNIST
# Leaves every run in out/distillation/ and the figures in mnist.json here. A run that is there already is not done again.
# Epochs and rates were chosen on validation images (5,000 of the training split, which no network learns from).
set -euo pipefail
cd "$(dirname "$0")/../.."
[ $# = 1 ] || { sed -n '2,5s/^# \?//p' "$0" >&2; exit 2; }
mnist=$1
here=experiments/distillation
out=out/distillation
mkdir -p "$out"

# once NAME VERB ARGUMENT...
once() {
  local file=$out/$1
  [ -f "$file.json" ] || ./netsuke "${@:2}" --data "$mnist" -o "$file.nsk" --force --resume --json-file "$file.json" > "$file.log"
}
# student NAME HIDDEN ARGUMENT...: no dropout, images as they are, as in the paper.
student() {
  once "$1" distill --teacher "$out/teacher.nsk" --student mlp --set "hidden=$2" --set dropout=0 --set input_dropout=0 \
    --teacher-answers "$out/answers-${ANSWERS:-all}.bin" --batch 128 --weight-decay 0 "${@:3}"
}

once teacher train mlp --set hidden=1200 --epochs 50 --batch 128 --lr 0.05 --shift 2 --weight-decay 1e-5
once hard-800 train mlp --set hidden=800 --set dropout=0 --set input_dropout=0 --epochs 20 --batch 128 --lr 0.05 --weight-decay 0
student soft-800 800 --temperature 20 --alpha 0.95 --epochs 30 --lr 0.05
ANSWERS=without-3 student without-3 800 --temperature 20 --alpha 0.95 --epochs 15 --lr 0.05 --omit-class 3
ANSWERS=without-3 student without-3-bias 800 --temperature 20 --alpha 0.95 --epochs 15 --lr 0.05 --omit-class 3 --fit-bias
for temperature in 1 2.5 4 8 20; do
  student "soft-30-T$temperature" 30 --temperature $temperature --alpha 0.95 --epochs 20 --lr 0.05
done
python3 "$here/summarise.py"
