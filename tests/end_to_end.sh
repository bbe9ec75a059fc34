#!/usr/bin/env bash
# The command line as a user meets it, on real Fashion-MNIST: train briefly, compress, evaluate the file; then bad input.
#   tests/end_to_end.sh NETSUKE EMPTY-FOLDER
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$(dirname "$0")/as_a_user.sh"

cat > quick.toml <<'TOML'
name = "quick"
[[stage]]
do = "prune"
density = { conv = 0.5, ip1 = 0.1, ip2 = 0.4 }
retrain = { epochs = 1, rate = 0.5, batch = 128 }
[[stage]]
do = "share"
bits = { conv = 6, linear = 5 }
[[stage]]
do = "code"
TOML

"$netsuke" train lenet_5 --data fashion-mnist --epochs 1 --batch 128 --lr 0.02 --warmup 0.5 -o dense.nsk --json > dense.json
at_least "top-1 after one epoch" "$(value dense.json top1)" 80
"$netsuke" compress dense.nsk --data fashion-mnist --recipe quick.toml -o small.nsk --json > small.json
at_least "ratio" "$(value small.json ratio)" 20
at_least "top-1 of the small file" "$(value small.json top1)" 80
[ "$(value small.json bytes)" = "$(stat -c %s small.nsk)" ] || fail "the JSON's bytes are not the file's"
[ ! -e small.nsk.work ] && [ ! -e dense.nsk.checkpoint ] || fail "working files were left behind"

# What was printed is what the file gives, to anyone, with all keys that programs rely on.
"$netsuke" eval small.nsk --data fashion-mnist --json > eval.json
[ "$(value eval.json top1)" = "$(value small.json top1)" ] || fail "eval and compress disagree about the same file"
has eval.json model bytes bytes_fp32 ratio params macs images top1 top5 error ms_median ms_p90 threads layers
"$netsuke" inspect small.nsk --ledger > /dev/null
"$netsuke" compress --explain small.nsk | grep -q '^codes and indices take' || fail "compress --explain does not explain"
refused 2 'output: is missing' "$netsuke" compress dense.nsk --data-free
"$netsuke" compress dense.nsk --data-free -o free.nsk --json > free.json
at_least "ratio without data" "$(value free.json ratio)" 5
[ "$(value free.json images_are)" = drawn ] || fail "--data-free does not say on what pictures it agrees with the original"
at_least "agreement on drawn pictures" "$(value free.json agreement)" 90
"$netsuke" eval free.nsk --data fashion-mnist --json > free.json
at_least "top-1 without data" "$(value free.json top1)" "$(python3 -c 'import sys; print(float(sys.argv[1]) - 1)' "$(value dense.json top1)")"
# What takes rows of numbers takes no pictures to measure it on.
PYTHONPATH=$here/../bench/peers python3 -c 'import layers_onnx as l; l.NETWORKS["rows"] = [64, 32, 10]; l.write("rows", "rows.onnx")'
sed '/retrain/d; s/density = .*/density = 0.5/' quick.toml > rows.toml
"$netsuke" compress rows.onnx --recipe rows.toml -o rows.nsk | grep -q 'x smaller$' || fail "a network of rows is not compressed"
"$netsuke" run small.nsk --data fashion-mnist --index 0 | grep -q 'in truth Ankle boot' || fail "run does not name the picture"

"$netsuke" compress dense.nsk --pre-flight --recipe quick.toml --json > flight.json
at_least "bytes told before against those that came" "$(value flight.json bytes)" "$(($(stat -c %s small.nsk) * 9 / 10))"
# The recipes that come with the program fit networks of all kinds.
for recipe in deep-compression deep-compression-paper; do
  for net in lenet_300_100 squeezenet_small mobilenet_v1_small; do
    "$netsuke" compress $net --pre-flight --recipe $recipe --json > flight.json || fail "recipe $recipe does not fit $net"
    at_least "$net by $recipe" "$(value flight.json ratio)" 5
  done
done
"$netsuke" sensitivity dense.nsk --data fashion-mnist --images 200 -o readings.json --draw curves.svg | grep -q '^conv2 ' || fail "sensitivity does not name a layer"
[ -s curves-density.svg ] && [ -s curves-bits.svg ] || fail "sensitivity drew nothing"
"$netsuke" compress --explain small.nsk --original dense.nsk --data fashion-mnist --validation 500 | grep -q '^points of top-1 error above the original' ||
  fail "compress --explain does not say where the accuracy went"

# Another question for a trained network: a new last layer, the rest kept as it is.
refused 2 'has 4 outputs' "$netsuke" train dense.nsk --classes 4 --data synthetic --epochs 1 -o other.nsk
"$netsuke" train dense.nsk --classes 10 --freeze conv2 --data synthetic --epochs 2 --lr 0.01 -o other.nsk --json > other.json
at_least "top-1 with a new last layer" "$(value other.json top1)" 80

# The benchmark, and as it takes turns with another program.
"$netsuke" bench small.nsk --threads 1 --repeat 5 --explain --json > bench.json
has bench.json model bytes macs ms_min ms_median ms_p90 ms_p99 ms_load ms_first bytes_peak threads layers limits steps
[ "$(value bench.json runs)" = 5 ] || fail "bench --repeat 5 ran $(value bench.json runs) times"
"$netsuke" bench small.nsk --threads 1 --repeat 5 --explain | grep -q '^conv1 .* % *\(fma\|memory\)' || fail "bench --explain does not show conv1"
[ "$(printf '2\n3\n' | "$netsuke" bench small.nsk --serve | wc -l)" = 3 ] || fail "bench --serve does not answer line by line"

# Measured times of kernels are kept, used, and not measured twice.
export NETSUKE_TIMINGS=$PWD/timings.txt
"$netsuke" tune small.nsk --json > tune.json
[ "$(value tune.json new)" = 4 ] || fail "tune knows $(value tune.json new) shapes of LeNet-5, expected 4"
"$netsuke" tune small.nsk | grep -q ' 0 of them new' || fail "tune measures again what it knows"
"$netsuke" bench small.nsk --threads 1 --repeat 5 > /dev/null
echo nonsense > timings.txt
refused 2 "timings.txt, line 1: found 'nonsense'" "$netsuke" bench small.nsk --repeat 5
unset NETSUKE_TIMINGS

# The same bytes for any number of threads that code them.
for threads in 1 2 3; do "$netsuke" convert small.nsk "again-$threads.nsk" --threads $threads > /dev/null; done
cmp again-1.nsk again-2.nsk && cmp again-1.nsk again-3.nsk || fail "the number of threads changes the file"

# Through ONNX and back: the same answers, and small there too.
"$netsuke" convert small.nsk small.onnx --quantized > /dev/null
"$netsuke" eval small.onnx --data fashion-mnist --json > onnx.json
[ "$(value onnx.json top1)" = "$(value small.json top1)" ] || fail "the ONNX file answers otherwise"
"$netsuke" convert small.onnx back.nsk > /dev/null
cmp back.nsk small.nsk || fail "convert does not see that the ONNX file's weights are pruned and shared"

# Binary weights and inputs: learned, a bit each in the file, the same answers folded and as an ONNX file of floats.
"$netsuke" train lenet-5 --binarize xnor --data fashion-mnist --epochs 1 --batch 128 --optimizer adam --lr 0.004 --weight-decay 0 \
  -o binary.nsk --json > binary.json
at_least "top-1 of a binary network after one epoch" "$(value binary.json top1)" 80
at_least "100,000 bytes less a binary network" "$((100000 - $(value binary.json bytes)))" 0
"$netsuke" convert binary.nsk folded.nsk --fold > /dev/null
"$netsuke" convert binary.nsk binary.onnx > /dev/null
for other in folded.nsk binary.onnx; do
  "$netsuke" eval $other --data fashion-mnist --json > other.json
  at_least "top-1 of $other" "$(value other.json top1)" "$(python3 -c 'import sys; print(float(sys.argv[1]) - 0.05)' "$(value binary.json top1)")"
done
[ "$(stat -c %s folded.nsk)" -lt "$(stat -c %s binary.nsk)" ] || fail "folded batch norms take as many bytes as before"
refused 2 "no binary block is named 'papr' (did you mean 'paper'?)" "$netsuke" train lenet-5 --binarize xnor --binary-block papr --data synthetic -o x.nsk

# Verbs that do not train never load libtorch.
LD_DEBUG=libs "$netsuke" eval small.nsk --data synthetic 2>&1 >/dev/null | grep -q libtorch && fail "eval loads libtorch"

refused 2 'no such file' "$netsuke" eval missing.nsk --data fashion-mnist
refused 2 'did you mean' "$netsuke" zoo lenet5
refused 2 'exists already' "$netsuke" convert dense.nsk small.nsk
refused 2 'is no JSON' "$netsuke" inspect dense.nsk --json-file small.nsk
refused 2 "did you mean 'eval'" "$netsuke" evla small.nsk --data fashion-mnist
refused 2 "found 'inf'" "$netsuke" run small.nsk --data fashion-mnist --index 7 --scale inf
refused 2 'is for .onnx files' "$netsuke" convert dense.nsk x.nsk --quantized
refused 2 'take: is for ONNX files' "$netsuke" inspect dense.nsk --take scores
refused 2 'fashion-mnist' "$netsuke" eval small.nsk --data no-such-data
refused 2 'neither a file nor a known recipe' "$netsuke" compress dense.nsk --recipe no-such-recipe -o x.nsk
refused 1 'cannot be written' "$netsuke" convert dense.nsk no/such/folder/x.nsk
printf 'name = "x"\n[[stage]]\ndo = "code"\n' > code.toml
refused 2 'expected 1 or more' "$netsuke" bench small.nsk --serve <<<0
refused 3 'target-size allows' "$netsuke" compress small.nsk --recipe code.toml --target-size 10 -o budget.nsk
head -c 1000 small.nsk > cut.nsk
refused 2 'cut.nsk: is cut short' "$netsuke" inspect cut.nsk
refused 2 'compressed models are written as .nsk' "$netsuke" compress dense.nsk --data-free -o x.onnx
refused 2 'excludes' "$netsuke" compress dense.nsk --data-free --recipe quick.toml -o x.nsk
refused 2 'max-drop: is -1, expected 0 or more' "$netsuke" compress dense.nsk --data fashion-mnist --max-drop -1 -o x.nsk
refused 3 'target-size 50 is less than the file has without a single weight' "$netsuke" compress dense.nsk --data fashion-mnist --target-size 50 -o x.nsk
[ ! -e x.nsk.work ] || fail "a search that was refused at once leaves a folder"
refused 2 'minutes: bounds a search' "$netsuke" compress dense.nsk --data-free --minutes 3 -o x.nsk
refused 2 'excludes' "$netsuke" compress --explain small.nsk --max-drop 1
mkdir stopped.nsk.work
refused 2 'from a run that was stopped' "$netsuke" compress dense.nsk --data-free -o stopped.nsk
cp small.nsk $'caf\xe9.nsk'
"$netsuke" inspect $'caf\xe9.nsk' --json | grep -q '"model"' || fail "a file's name in another encoding is no JSON"
refused 2 'original: is compared on images' "$netsuke" compress --explain small.nsk --original dense.nsk
refused 2 'requires --binarize' "$netsuke" train lenet-5 --binary-block paper --data synthetic -o x.nsk
refused 2 'is binary already' "$netsuke" train binary.nsk --binarize xnor --data synthetic -o x.nsk
printf 'name = "x"\n[[stage]]\ndo = "code"\n[[stage]]\ndo = "share"\n' > order.toml
refused 2 'must be the last' "$netsuke" compress dense.nsk --recipe order.toml -o x.nsk
[ ! -e x.nsk ] || fail "a refused command left a file"
echo "$name: all as a user expects"
