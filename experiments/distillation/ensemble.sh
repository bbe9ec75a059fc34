#!/usr/bin/env bash
# Ten networks, and one of their size that learns from all of them together (Hinton 2015, arXiv 1503.02531, sections 4 and 5), on
# Fashion-MNIST.
#   experiments/distillation/ensemble.sh
# Leaves every run in out/distillation/ensemble/ and the figures in ensemble.json here. A run that is there already is not done again.
# Temperature and alpha are chosen on validation images (5,000 of the training split, which no network learns from).
set -euo pipefail
cd "$(dirname "$0")/../.."
netsuke=${NETSUKE:-./netsuke}
here=experiments/distillation
out=out/distillation/ensemble
mkdir -p "$out"
learning=(--data fashion-mnist --dropout 0 --weight-decay 1e-5 --epochs 20 --batch 128 --lr 0.05 --threads 1 --force)

teachers=()
for seed in 1 2 3 4 5 6 7 8 9 10; do
  [ -f "$out/$seed.json" ] || "$netsuke" train lenet-300-100 --seed "$seed" "${learning[@]}" -o "$out/$seed.nsk" \
    --json-file "$out/$seed.json" > "$out/$seed.log"
  teachers+=(--teacher "$out/$seed.nsk")
done
for temperature in 2 4; do
  for alpha in 0.7 0.95; do
    student=$out/student-T$temperature-alpha$alpha
    [ -f "$student.json" ] || "$netsuke" distill "${teachers[@]}" --student lenet-300-100 --seed 11 "${learning[@]}" --temperature "$temperature" \
      --alpha "$alpha" --teacher-answers "$out/answers-T$temperature.bin" -o "$student.nsk" --json-file "$student.json" > "$student.log"
  done
done
python3 "$here/summarise_ensemble.py"
