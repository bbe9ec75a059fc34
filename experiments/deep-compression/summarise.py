#!/usr/bin/env python3
"""Turns the runs in out/deep-compression/ into the small JSON files that are committed here (see run.sh)."""
import json
import pathlib
import shutil
import statistics
import sys

HERE = pathlib.Path(__file__).resolve().parent
OUT = HERE.parent.parent / "out" / "deep-compression"
LAYER_KEYS = ("name", "op", "params", "density", "bits", "bytes")


def load(name):
    return json.loads((OUT / f"{name}.json").read_text())


def seconds(dense, small):
    return sum(e["seconds"] for e in dense["epochs"]) + sum(s["seconds"] for s in small["steps"])


def run_of(net, seed):
    dense, small = load(f"{net}-seed{seed}-dense"), load(f"{net}-seed{seed}")
    return {
        "seed": seed,
        "bytes": small["bytes"],
        "ratio": small["ratio"],
        "error_dense": round(dense["error"], 4),
        "error": round(small["error"], 4),
        "validation_error": round(small["steps"][-1]["validation_error"], 4),
        "dense_epochs": len(dense["epochs"]),
        "seconds": round(seconds(dense, small)),
        "layers": [{k: layer[k] for k in LAYER_KEYS if k in layer} for layer in small["layers"] if layer.get("bytes")],
    }


def spread(values):
    stdev = round(statistics.stdev(values), 4) if len(values) > 1 else None
    return {"mean": round(statistics.mean(values), 4), "stdev": stdev, "min": min(values), "max": max(values)}


def network(net):
    runs = [run_of(net, seed) for seed in (1, 2, 3) if (OUT / f"{net}-seed{seed}.json").exists()]
    if not runs:
        sys.exit(f"summarise.py: {OUT} holds no finished run of {net}")
    # The seed is chosen on the validation images; the test split only reports.
    best = min(runs, key=lambda run: (run["validation_error"], run["bytes"]))
    shutil.copy(OUT / f"{net}-seed{best['seed']}.nsk", HERE / f"{net}.nsk")
    return {
        "data": "MNIST, 5,000 training images held out to choose epochs and seed; `error` is of the test split",
        "command": f"experiments/deep-compression/run.sh PATH-TO-MNIST {net}",
        "bytes_fp32": load(f"{net}-seed{best['seed']}")["bytes_fp32"],
        "seeds": len(runs),
        "committed_seed": best["seed"],
        "error": spread([run["error"] for run in runs]),
        "ratio": spread([run["ratio"] for run in runs]),
        "bytes": spread([run["bytes"] for run in runs]),
        "runs": runs,
    }


def init_study():
    rows = []
    for init in ("forgy", "density", "linear"):
        for bits in range(2, 9):
            result = load(f"init-study-{init}-{bits}")
            share, tuned = result["steps"][0], result["steps"][-1]
            rows.append({"init": init, "bits": bits,
                         "validation_error_shared": round(share["validation_error"], 4),
                         "validation_error_tuned": round(tuned["validation_error"], 4),
                         "top1": result["top1"], "bytes": result["bytes"]})
    return {
        "what": "Deep Compression's Figure 6 on LeNet-5, MNIST, seed 1: all layers shared with `bits` bits; errors in per cent on "
                "5,000 validation images right after sharing and after one epoch of centroid fine-tuning, then test top-1",
        "command": "experiments/deep-compression/run.sh PATH-TO-MNIST init-study",
        "rows": rows,
    }


def main():
    for name in sys.argv[1:]:
        result = init_study() if name == "init-study" else network(name)
        text = json.dumps(result, indent=1)
        (HERE / f"{name}.json").write_text(text + "\n")
        if name != "init-study":
            print(f"{name}: error {result['error']}, ratio {result['ratio']}, bytes {result['bytes']}")


if __name__ == "__main__":
    main()
