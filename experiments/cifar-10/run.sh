#!/usr/bin/env bash
# Small architectures on CIFAR-10, one recipe for all but for what a run's line says.
#   experiments/cifar-10/run.sh PATH-TO-CIFAR-10 [NAME-PATTERN]
# Leaves every run in out/cifar-10/, and the figures and their plot in small-nets.json and .svg here. A run that is there already is not done
# again; one that was stopped goes on, so that many sittings make one table. SEEDS (1) and EPOCHS (20) say how many
# and how long, THREADS (1) and PRECISION (bf16) how. The best epoch is chosen on 5,000 of the training images, which no network learns from.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ $# -ge 1 ] || { sed -n '2,6s/^# \?//p' "$0" >&2; exit 2; }
cifar=$1 pattern=${2:-*}
netsuke=${NETSUKE:-./netsuke}
out=out/cifar-10
mkdir -p "$out"

# once NAME ARCHITECTURE ARGUMENT...
once() {
  local file=$out/$1 untrained=$out/${1%-*}.untrained.nsk previous= flags=()
  # Untrained it takes as long for an image as trained, whatever its seed: all are timed in one sitting.
  for word in "${@:3}"; do
    [ "$previous" != --set ] || flags+=(--set "$word")
    previous=$word
  done
  [ -f "$untrained" ] || "$netsuke" zoo "$2" "${flags[@]}" -o "$untrained" > /dev/null
  # shellcheck disable=SC2254
  case $1 in $pattern) ;; *) return 0 ;; esac
  [ -f "$file.json" ] || "$netsuke" train "${@:2}" --data "$cifar" --threads "${THREADS:-1}" --precision "${PRECISION:-bf16}" \
    --epochs "${EPOCHS:-20}" --batch 128 --warmup 1 --no-depthwise-decay --flip --shift 4 -o "$file.nsk" --force --resume --run "$file.run" \
    --json-file "$file.json" > "$file.log"
}

for seed in $(seq "${SEEDS:-1}"); do
  for alpha in 0.25 0.5 1; do
    once "mobilenet-$alpha-$seed" mobilenet_v1_small --seed "$seed" --lr 0.1 --set "alpha=$alpha"
    once "mobilenet-$alpha-keep-$seed" mobilenet_v1_small --seed "$seed" --lr 0.1 --set "alpha=$alpha" \
      --set keep-resolution=yes
  done
  for bypass in none simple complex; do
    once "squeezenet-$bypass-$seed" squeezenet_small --seed "$seed" --dropout 0.2 --lr 0.04 --clip 5 --set "bypass=$bypass"
    once "squeezenet-bn-$bypass-$seed" squeezenet_small --seed "$seed" --dropout 0.2 --lr 0.1 --set "bypass=$bypass" --set batch-norm=yes
  done
  once "squeezenet-bn-complex-keep-$seed" squeezenet_small --seed "$seed" --dropout 0.2 --lr 0.1 --set bypass=complex \
    --set batch-norm=yes --set pools=3,5
  # Squeeze layers of half the expand filters: the paper's section 5.2 (figure 3a) finds the narrow ones what holds accuracy back.
  once "squeezenet-squeeze-half-keep-$seed" squeezenet_small --seed "$seed" --dropout 0.2 --lr 0.1 --set bypass=complex \
    --set batch-norm=yes --set pools=3,5 --set squeeze-ratio=0.5 --set base=64 --set increment=64 --set percent-3x3=75 \
    --label-smoothing 0.1 --cutout 8
  # The same, with ReLU behind the sums: its modules may lower what passes by.
  once "squeezenet-sum-first-keep-$seed" squeezenet_small --seed "$seed" --dropout 0.2 --lr 0.1 --set bypass=complex \
    --set batch-norm=yes --set pools=3,5 --set squeeze-ratio=0.5 --set base=64 --set increment=64 --set percent-3x3=75 \
    --set sum-first=yes --label-smoothing 0.1 --cutout 8
  # Pools where SqueezeNet v1.0 has them, behind conv1, fire4 and fire8: three fifths of the work.
  once "squeezenet-sum-first-$seed" squeezenet_small --seed "$seed" --dropout 0 --lr 0.1 --set bypass=complex \
    --set batch-norm=yes --set pools=1,4,8 --set squeeze-ratio=0.5 --set base=64 --set increment=64 --set percent-3x3=75 \
    --set sum-first=yes --label-smoothing 0.1
  # What the shuffle is worth (ShuffleNet, table 3), at a quarter of the channels.
  for groups in 3 8; do
    once "shufflenet-quarter-g$groups-$seed" shufflenet_v1_small --seed "$seed" --lr 0.1 --set scale=0.25 --set "groups=$groups"
    once "shufflenet-quarter-g$groups-unshuffled-$seed" shufflenet_v1_small --seed "$seed" --lr 0.1 --set scale=0.25 \
      --set "groups=$groups" --set shuffle=no
  done
  for groups in 1 3 8; do
    once "shufflenet-g$groups-$seed" shufflenet_v1_small --seed "$seed" --lr 0.1 --set "groups=$groups"
    [ "$groups" = 1 ] || once "shufflenet-g$groups-unshuffled-$seed" shufflenet_v1_small --seed "$seed" --lr 0.1 \
      --set "groups=$groups" --set shuffle=no
  done
done
python3 experiments/cifar-10/summarise.py
