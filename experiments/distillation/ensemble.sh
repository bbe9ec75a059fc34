#!/usr/bin/env bash
# Ten networks, and one of their size that learns from all of them together (Hinton 2015, arXiv 1503.02531, sections 4 and 5), on
# Fashion-MNIST.
#   experiments/distillation/ensemble.sh
# STUDENT (90) says how many epochs the student learns for, TEMPERATURES (2 4) which are tried. Leaves every run in
# out/distillation/ensemble/ and the figures in ensemble.json here. A run that is there already is not done again; one that was stopped
# goes on. Each network's best epoch, and the student's temperature, are chosen on validation images (5,000 of the
# training split, which no network learns from). Images are not moved, so that teachers answer each of them once.
set -euo pipefail
cd "$(dirname "$0")/../.."
netsuke=${NETSUKE:-./netsuke}
here=experiments/distillation
out=out/distillation/ensemble
mkdir -p "$out"

# once NAME VERB ARGUMENT...: everybody learns by the same rule.
once() {
  local file=$out/$1
  [ -f "$file.json" ] || "$netsuke" "${@:2}" --data fashion-mnist --dropout 0 --batch 128 --lr 0.02 --warmup 1 --threads 1 \
    -o "$file.nsk" --force --resume --json-file "$file.json" > "$file.log"
}

teachers=()
for seed in 1 2 3 4 5 6 7 8 9 10; do
  once "$seed" train lenet_5 --seed "$seed" --epochs 12
  teachers+=(--teacher "$out/$seed.nsk")
done
for temperature in ${TEMPERATURES:-2 4}; do
  once "student-T$temperature" distill "${teachers[@]}" --student lenet_5 --seed 11 --epochs "${STUDENT:-90}" --alpha 0.95 \
    --temperature "$temperature"
done
# What the labels alone teach in that many epochs.
once labels-only train lenet_5 --seed 11 --epochs "${STUDENT:-90}"
python3 "$here/summarise_ensemble.py"
