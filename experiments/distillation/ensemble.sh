#!/usr/bin/env bash
# Ten networks, and one of their size that learns from all of them together (Hinton 2015, arXiv 1503.02531, sections 4 and 5).
#   experiments/distillation/ensemble.sh                    LeNet-5 on Fashion-MNIST, images as they are
#   experiments/distillation/ensemble.sh PATH-TO-CIFAR-10   vgg_small, an eighth of its width and without hidden linear layers, images mirrored and moved
# STUDENT (90, 20) says how many epochs the student learns for, TEMPERATURES (2 4) which are tried. Leaves every run in
# out/distillation/ensemble/ or ensemble-cifar-10/ and the figures in a file of that name here. A run that is there already is not done
# again; one that was stopped goes on. Each network's best epoch, and the student's temperature, are chosen on validation images
# (5,000 of the training split, which no network learns from). Moved images have eight versions each, so that teachers answer every image
# that a student sees once.
set -euo pipefail
cd "$(dirname "$0")/../.."
netsuke=${NETSUKE:-./netsuke}
here=experiments/distillation
if [ $# -eq 0 ]; then
  name=ensemble network=lenet_5 teacher_epochs=12 student_epochs=${STUDENT:-90}
  rule=(--data fashion-mnist --dropout 0 --lr 0.02) taught=()
else
  name=ensemble-cifar-10 network=vgg_small teacher_epochs=20 student_epochs=${STUDENT:-20}
  rule=(--data "$1" --set width=0.125 --set hidden=0 --lr 0.1 --flip --shift 4 --precision "${PRECISION:-fp32}") taught=(--versions 8)
fi
out=out/distillation/$name
mkdir -p "$out"

# once NAME VERB ARGUMENT...: everybody learns by the same rule.
once() {
  local file=$out/$1
  [ -f "$file.json" ] || "$netsuke" "${@:2}" "${rule[@]}" --batch 128 --warmup 1 --threads 1 \
    -o "$file.nsk" --force --resume --json-file "$file.json" > "$file.log"
}

teachers=()
for seed in 1 2 3 4 5 6 7 8 9 10; do
  once "$seed" train "$network" --seed "$seed" --epochs "$teacher_epochs"
  teachers+=(--teacher "$out/$seed.nsk")
done
for temperature in ${TEMPERATURES:-2 4}; do
  once "student-T$temperature" distill "${teachers[@]}" --student "$network" --seed 11 --epochs "$student_epochs" --alpha 0.95 \
    --temperature "$temperature" --teacher-answers "$out/answers" "${taught[@]}"
done
# What the labels alone teach in that many epochs.
once labels-only train "$network" --seed 11 --epochs "$student_epochs"
python3 "$here/summarise_ensemble.py" "$name"
