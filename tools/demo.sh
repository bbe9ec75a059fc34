#!/usr/bin/env bash
# The whole path on real data: train LeNet-5 on Fashion-MNIST, deep-compress it, run the file that was written.
set -euo pipefail
cd "$(dirname "$0")/.."
out=out/demo
rm -rf "$out"
mkdir -p "$out"
say() { printf '\n== %s\n' "$*"; }

say "1. train LeNet-5 (20-50-500-10) on Fashion-MNIST"
./netsuke train lenet_5 --data fashion-mnist --epochs 12 --batch 128 --lr 0.02 --warmup 0.5 --dropout 0.3 --flip --seed 1 -o "$out/lenet5-dense.nsk"

say "2. compress it: prune, share, code (recipes/deep-compression.toml)"
./netsuke compress "$out/lenet5-dense.nsk" --data fashion-mnist --recipe recipes/deep-compression.toml --seed 1 \
  -o "$out/lenet5.nsk" --json-file "$out/result.json"

say "3. run the file: three pictures of the test set"
./netsuke run "$out/lenet5.nsk" --data fashion-mnist --index 0 --index 1 --index 2 --top 2

say "4. measure the file once more, as anyone can"
./netsuke eval "$out/lenet5.nsk" --data fashion-mnist
ls -l "$out"
