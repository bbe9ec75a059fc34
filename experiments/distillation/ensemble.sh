#!/usr/bin/env bash
# Ten networks, and one of their kind that learns from all of them together (Hinton 2015, arXiv 1503.02531, sections 4 and 5), on
# Fashion-MNIST.
#   experiments/distillation/ensemble.sh
# The student sees images moved and mirrored as its teachers did, and they answer each as it sees it (a "patient and consistent"
# teacher, Beyer 2021, arXiv 2106.05237). It learns for longer than they did; so does a network of labels only, for comparison.
# Leaves every run in out/distillation/ensemble/ and the figures in ensemble.json here. A run that is there already is not done again.
# The best epochs, and the better student, are chosen on validation images (5,000 of the training split, which no network learns from).
set -euo pipefail
cd "$(dirname "$0")/../.."
netsuke=${NETSUKE:-./netsuke}
here=experiments/distillation
out=out/distillation/ensemble
mkdir -p "$out"
learning=(--data fashion-mnist --batch 128 --lr 0.05 --flip --shift 1 --threads 1 --force --resume)

teachers=()
for seed in 1 2 3 4 5 6 7 8 9 10; do
  [ -f "$out/$seed.json" ] || "$netsuke" train lenet_5 --seed "$seed" "${learning[@]}" --epochs "${EPOCHS:-12}" -o "$out/$seed.nsk" \
    --json-file "$out/$seed.json" > "$out/$seed.log"
  teachers+=(--teacher "$out/$seed.nsk")
done
longer=${STUDENT_EPOCHS:-30}
[ -f "$out/labels.json" ] || "$netsuke" train lenet_5 --seed 11 "${learning[@]}" --epochs "$longer" -o "$out/labels.nsk" --json-file \
  "$out/labels.json" > "$out/labels.log"
for temperature in ${TEMPERATURES:-3}; do
  student=$out/student-T$temperature
  [ -f "$student.json" ] || "$netsuke" distill "${teachers[@]}" --student lenet_5 --seed 11 --dropout 0 "${learning[@]}" --epochs "$longer" \
    --temperature "$temperature" --alpha 0.95 --weight-decay 1e-5 -o "$student.nsk" --json-file "$student.json" > "$student.log"
done
python3 "$here/summarise_ensemble.py"
