#!/usr/bin/env bash
# Ten networks, and one of their size that learns from all of them together (Hinton 2015, arXiv 1503.02531, sections 4 and 5): LeNet-5 on
# Fashion-MNIST, images as they are.
#   experiments/distillation/ensemble.sh               everybody learns from the same 55,000 labelled images
#   experiments/distillation/ensemble.sh few-labels    the ten learn from 13,500 of them; their student sees 45,000 others too, without labels
# STUDENT (90, 30) says how many epochs the student learns for, TEMPERATURES (2 4) which are tried. Leaves every run in
# out/distillation/ensemble/ or ensemble-few-labels/ and the figures in a file of that name here. A run that is there already is not done
# again; one that was stopped goes on. Each network's best epoch, and the student's temperature, are chosen on validation images
# (5,000 of the training split, or 1,500 where labels are few, which no network learns from).
set -euo pipefail
cd "$(dirname "$0")/../.."
netsuke=${NETSUKE:-./netsuke}
here=experiments/distillation
case ${1:-} in
  '')
    name=ensemble teacher_epochs=12 student_epochs=${STUDENT:-90} labels_epochs=$student_epochs
    data=fashion-mnist transfer=()
    ;;
  few-labels)
    # The student's 30 epochs of 58,500 images are as many steps as 130 of the labelled ones.
    name=ensemble-few-labels teacher_epochs=20 student_epochs=${STUDENT:-30} labels_epochs=$((student_epochs * 11 / 2))
    data=out/distillation/$name/labelled transfer=(--unlabelled "out/distillation/$name/unlabelled")
    ;;
  *)
    sed -n '2,9s/^# \?//p' "$0" >&2
    exit 2
    ;;
esac
out=out/distillation/$name
mkdir -p "$out"
[ "$data" = fashion-mnist ] || python3 "$here/split_labels.py" 15000 "$data" "${transfer[1]}"

# once NAME VERB ARGUMENT...: everybody learns by the same rule.
once() {
  local file=$out/$1
  [ -f "$file.json" ] || "$netsuke" "${@:2}" --data "$data" --dropout 0 --lr 0.02 --batch 128 --warmup 1 --threads 1 \
    -o "$file.nsk" --force --resume --json-file "$file.json" > "$file.log"
}

# student NAME TEMPERATURE TEACHER...
student() {
  local teachers=() teacher
  for teacher in "${@:3}"; do teachers+=(--teacher "$out/$teacher.nsk"); done
  once "$1" distill "${teachers[@]}" --student lenet_5 --seed 11 --epochs "$student_epochs" --alpha 0.95 --temperature "$2" \
    --teacher-answers "$out/answers-$#" "${transfer[@]}"
}

for seed in 1 2 3 4 5 6 7 8 9 10; do once "$seed" train lenet_5 --seed "$seed" --epochs "$teacher_epochs"; done
for temperature in ${TEMPERATURES:-2 4}; do student "student-T$temperature" "$temperature" 1 2 3 4 5 6 7 8 9 10; done
# What the labels alone teach in no fewer steps, and what one teacher does.
once labels-only train lenet_5 --seed 11 --epochs "$labels_epochs"
[ "$name" = ensemble ] || student of-one 4 1
python3 "$here/summarise_ensemble.py" "$name"
