#!/usr/bin/env bash
# Learning as a user meets it: a run that is killed and goes on, a search within a budget, students and teachers.
#   tests/learning.sh NETSUKE EMPTY-FOLDER
set -euo pipefail
source "$(dirname "$0")/as_a_user.sh"

# A run that is killed at any moment goes on from its last checkpoint and ends as one that was left alone.
# Becomes the program, so that a kill in the background hits it and not a shell.
train_digits() { exec "$netsuke" train lenet_5 --data synthetic --epochs 8 --batch 32 --lr 0.01 --threads 1 --checkpoint-minutes 0.001 "$@"; }
(train_digits -o alone.nsk --run alone > alone.txt 2>&1)
train_digits -o killed.nsk --run killed > killed.txt 2>&1 & running=$!
for pause in 0.05 0.2 0.11; do
  touch marker
  # It has gone on since, so the kill hits another moment of the run each time.
  until [ killed.nsk.checkpoint -nt marker ] || ! kill -0 $running 2>/dev/null; do sleep 0.02; done
  sleep $pause
  kill -9 $running 2>/dev/null || true
  wait $running 2>/dev/null || true
  [ ! -e killed.nsk ] || fail "the run to be killed was over before it was killed"
  train_digits -o killed.nsk --run killed --resume > killed.txt 2>&1 & running=$!
done
wait $running || fail "the run that was killed does not end: $(cat killed.txt)"
grep -q 'going on from' killed.txt || fail "the run that was killed began anew"
cmp alone.nsk killed.nsk || fail "a run that was killed and resumed gives another network"
[ "$(wc -l < killed/metrics.jsonl)" = 8 ] || fail "metrics.jsonl has $(wc -l < killed/metrics.jsonl) lines after 8 epochs"

# What a stopped run left is neither lost by mistake nor taken for what it is not.
touch left.nsk.checkpoint
refused 2 'resume goes on from it' "$netsuke" train lenet_5 --data synthetic -o left.nsk
refused 2 'leaves nothing of lenet_5 to train' "$netsuke" train lenet_5 --freeze ip2 --data synthetic -o x.nsk
"$netsuke" train lenet_5 --data synthetic --epochs 1 --lr 0.01 --resume -o anew.nsk >/dev/null 2> anew.txt
grep -q 'begins anew' anew.txt || fail "--resume without a checkpoint says nothing"
refused 2 'too high for this network' "$netsuke" train lenet_5 --data synthetic --epochs 1 --batch 900 --lr 1000 -o x.nsk
# A teacher that calls its outputs in another order.
printf 'blobs%s\n' 1 0 2 3 4 5 6 7 8 9 > names.txt
"$netsuke" convert alone.nsk named.nsk --labels names.txt > /dev/null
refused 2 "teacher named.nsk: its output 1 is blobs0, the data set has it as class 0" \
  "$netsuke" distill --teacher named.nsk --student lenet_300_100 --data synthetic --epochs 1 -o x.nsk
touch file
refused 2 'file: cannot be made' "$netsuke" train lenet_5 --data synthetic --epochs 1 --lr 0.01 --run file -o x.nsk
[ ! -e x.nsk ] || fail "a refused training left a file"

# A search keeps its budget, in a file that is there from its first good attempt on; pictures without labels will do.
cat > search.toml <<'TOML'
name = "search"
[[stage]]
do = "search"
retrain = { epochs = 2, rate = 0.5, batch = 32 }
fine_tune = { epochs = 1, batch = 32, optimizer = "adam", learning_rate = 0.0003 }
TOML
"$netsuke" compress alone.nsk --data synthetic --recipe search.toml --target-size 20k -o found.nsk --json > found.json
[ "$(stat -c %s found.nsk)" -le 20000 ] || fail "the search's file is larger than asked"
at_least "top-1 of the search's file" "$(value found.json top1)" 90

# A student that sees no label learns from a teacher, and one that never sees a class is told of it all the same.
"$netsuke" distill --teacher alone.nsk --student mlp --set hidden=40 --data synthetic --labelled 0 --alpha 1 --epochs 6 --threads 1 \
  --teacher-answers answers.bin -o student.nsk --json > student.json
at_least "top-1 of a student without labels" "$(value student.json top1)" 80
"$netsuke" convert student.nsk student.txt > /dev/null
grep -q '^meta labels' student.txt || fail "a student does not keep the names of its classes"
[ -s answers.bin ] || fail "the teacher's answers were not kept"
class=$("$netsuke" run alone.nsk --data synthetic --index 0 | sed -n 's/.*in truth //p')
"$netsuke" distill --teacher alone.nsk --student mlp --set hidden=40 --data synthetic --omit-class "$class" --fit-bias --epochs 6 --threads 1 \
  -o without.nsk --json > without.json
at_least "top-1 of a student that never saw a $class" "$(value without.json top1)" 75
"$netsuke" distill --teacher alone.nsk --teacher alone.nsk --student mlp --set hidden=40 --data synthetic --epochs 1 -o twice.nsk --json > twice.json
python3 -c 'import json; j = json.load(open("twice.json")); assert j["teachers_error"] == j["teachers"][0]["error"], j["teachers_error"]' ||
  fail "a teacher given twice does not answer as it does alone"
refused 2 'has no class' "$netsuke" distill --teacher alone.nsk --student mlp --data synthetic --omit-class seven -o x.nsk
echo "$name: all as a user expects"
