#!/usr/bin/env bash
# The MNIST section of Hinton 2015 (arXiv 1503.02531, section 3): a teacher, students of it, a class that is never shown.
#   experiments/distillation/run.sh PATH-TO-MNIST
# Leaves every run in out/distillation/ and the figures in mnist.json here. A run that is there already is not done again.
# Epochs and rates were chosen on validation images (5,000 of the training split, which no network learns from).
set -euo pipefail
cd "$(dirname "$0")/../.."
[ $# = 1 ] || { sed -n '2,5s/^# \?//p' "$0" >&2; exit 2; }
mnist=$1
netsuke=${NETSUKE:-./netsuke}
here=experiments/distillation
out=out/distillation
mkdir -p "$out"

# once NAME VERB ARGUMENT...
once() {
  local file=$out/$1
  [ -f "$file.json" ] || "$netsuke" "${@:2}" --data "$mnist" -o "$file.nsk" --force --resume --json-file "$file.json" > "$file.log"
}
adam=(--optimizer adam --weight-decay 0 --threads 1)
# student NAME HIDDEN ARGUMENT...: no dropout. Images as they are, as in the paper, are answered by the teacher once for all students.
student() {
  once "$1" distill --teacher "$out/teacher.nsk" --student mlp --set "hidden=$2" --set dropout=0 --set input_dropout=0 "${adam[@]}" "${@:3}"
}
as_they_are() { student "$@" --teacher-answers "$out/answers-${ANSWERS:-all}.bin"; }
# Images moved as the teacher's were, answered as the student sees them.
moved() { student "$@" --shift 2; }

once teacher train mlp --set hidden=1200 --set input_dropout=0 --dropout 0.3 --epochs 120 --batch 256 --lr 0.001 --shift 2 "${adam[@]}"
once hard-800 train mlp --set hidden=800 --set dropout=0 --set input_dropout=0 --epochs 20 --batch 128 --lr 0.001 "${adam[@]}"
as_they_are soft-800 800 --temperature 20 --alpha 0.95 --epochs 30 --batch 128 --lr 0.004
moved soft-800-moved 800 --temperature 20 --alpha 0.95 --epochs 100 --batch 256 --lr 0.002
ANSWERS=without-3 as_they_are without-3 800 --temperature 20 --alpha 0.95 --epochs 15 --batch 128 --lr 0.004 --omit-class 3
ANSWERS=without-3 as_they_are without-3-bias 800 --temperature 20 --alpha 0.95 --epochs 15 --batch 128 --lr 0.004 --omit-class 3 --fit-bias
for temperature in 1 2.5 4 8 20; do
  as_they_are "soft-30-T$temperature" 30 --temperature $temperature --alpha 0.95 --epochs 20 --batch 128 --lr 0.004
done
moved without-3-moved 800 --temperature 20 --alpha 0.95 --epochs 40 --batch 256 --lr 0.002 --omit-class 3
moved without-3-moved-bias 800 --temperature 20 --alpha 0.95 --epochs 40 --batch 256 --lr 0.002 --omit-class 3 --fit-bias
python3 "$here/summarise.py"
