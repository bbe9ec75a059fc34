#!/usr/bin/env bash
# Two processes that train one network over the loopback interface: the curve of one with twice the batch, and the end of
# one that is left alone.
#   tests/two_processes.sh NETSUKE EMPTY-FOLDER
set -euo pipefail
source "$(dirname "$0")/as_a_user.sh"

# Both become the program: who kills one in the background kills netsuke and not a shell that waits for it.
train() { exec "$netsuke" train lenet_5 --set dropout=0 --data synthetic --lr 0.01 --threads 1 "$@"; }
port=$((20000 + $$ % 20000))
# rank R ARGUMENT...
rank() { export MASTER_ADDR=127.0.0.1 MASTER_PORT=$port WORLD_SIZE=2 RANK=$1 && train "${@:2}"; }

(train --epochs 3 --batch 64 -o one.nsk --json > one.json)
rank 1 --epochs 3 --batch 32 -o one-of-two.nsk > rank1.txt 2>&1 & other=$!
(rank 0 --epochs 3 --batch 32 -o two.nsk --json > two.json)
wait $other || fail "rank 1: $(cat rank1.txt)"
[ ! -e one-of-two.nsk ] || fail "rank 1 wrote a file"
python3 - <<'PYTHON' || fail "two processes do not learn as one with twice the batch"
import json, sys
one, two = (json.load(open(name))["epochs"] for name in ("one.json", "two.json"))
for a, b in zip(one, two, strict=True):
    print(a["loss"], b["loss"])
    assert abs(a["loss"] - b["loss"]) <= 1e-3 * max(a["loss"], 0.01), "loss"
    assert a["train_error"] == b["train_error"], "train error"
PYTHON

# Ranks that were given different settings would each walk their own way.
port=$((port + 1))
rank 1 --epochs 1 --batch 32 --momentum 0.5 -o other.nsk > rank1.txt 2>&1 & other=$!
refused 2 'were not given the same network, images and settings' rank 0 --epochs 1 --batch 32 -o two.nsk --force
wait $other && fail "rank 1 went on with another momentum" || true

port=$((port + 1))
rank 1 --epochs 500 --batch 32 -o lost.nsk > rank1.txt 2>&1 & other=$!
rank 0 --epochs 500 --batch 32 -o left.nsk > rank0.txt 2>&1 & left=$!
until [ -e left.nsk.checkpoint ]; do
  kill -0 $left 2>/dev/null || fail "rank 0 ended: $(cat rank0.txt)"
  sleep 0.05
done
kill -9 $other
start=$SECONDS status=0
wait $left || status=$?
[ $status = 1 ] || fail "exit status $status of the process that was left alone"
[ $((SECONDS - start)) -le 30 ] || fail "it took $((SECONDS - start)) s to notice that a process is lost"
grep -q 'one of the 2 processes that train together is lost' rank0.txt || fail "does not say what happened: $(tail -1 rank0.txt)"
rm -f left.nsk
train --epochs 500 --batch 64 -o left.nsk --resume > resumed.txt 2>&1 & left=$!
until grep -q 'going on from left.nsk.checkpoint' resumed.txt; do
  kill -0 $left 2>/dev/null || fail "the checkpoint is not usable: $(cat resumed.txt)"
  sleep 0.05
done
kill $left
wait $left 2>/dev/null || true
echo "two_processes: as one"
