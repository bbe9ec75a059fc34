#!/usr/bin/env python3
"""Turns the runs of one kind in out/smallest/ into the small JSON file that is committed here, and takes the file of the best seed (see
run.sh). A seed of an earlier sitting, whose run is gone, keeps the row that it has there."""
import json
import pathlib
import re
import shutil
import statistics
import sys

HERE = pathlib.Path(__file__).resolve().parent
OUT = HERE.parent.parent / "out" / "smallest"


def run_of(kind, seed):
    small = json.loads((OUT / f"{kind}-seed{seed}.json").read_text())
    attempts = [s for s in small["steps"] if s["step"].startswith("attempt")]
    kept = small["steps"][-1]
    return {
        "seed": seed,
        "bytes": small["bytes"],
        "ratio": small["ratio"],
        "error_dense": round(small["error_dense"], 4),
        "error": round(small["error"], 4),
        "validation_error": round(kept["validation_error"], 4),
        "density": round(kept["density"], 5),
        "attempts": [[a["bytes"], round(a["validation_error"], 2), round(a["seconds"])] for a in attempts],
        "seconds": round(sum(a["seconds"] for a in attempts)),
    }


def main():
    kind = sys.argv[1]
    here = [seed for seed in (1, 2, 3) if (OUT / f"{kind}-seed{seed}.json").exists()]
    if not here:
        sys.exit(f"summarise.py: {OUT} holds no finished run of {kind}")
    committed = HERE / f"{kind}-smallest.json"
    earlier = json.loads(committed.read_text())["runs"] if committed.exists() else []
    runs = [run_of(kind, seed) for seed in here] + [run for run in earlier if run["seed"] not in here]
    runs.sort(key=lambda run: run["seed"])
    # The seed is chosen on the validation images; the test split only reports.
    best = min(runs, key=lambda run: (run["validation_error"], run["bytes"]))
    held = json.loads(committed.read_text())["committed_seed"] if committed.exists() else None
    if best["seed"] not in here + [held]:
        sys.exit(f"summarise.py: seed {best['seed']} is now the best and its file is gone: run it again")
    if best["seed"] in here:
        shutil.copy(OUT / f"{kind}-seed{best['seed']}.nsk", HERE / f"{kind}-smallest.nsk")
    result = {
        "data": "MNIST, 5,000 training images held out to choose everything; `error` is of the test split, per cent",
        "command": f"experiments/smallest/run.sh PATH-TO-MNIST {kind}",
        "seeds": len(runs),
        "committed_seed": best["seed"],
        "bytes_median": statistics.median(run["bytes"] for run in runs),
        "error_median": statistics.median(run["error"] for run in runs),
        "runs": runs,
    }
    # An attempt (bytes, validation error, seconds) a line.
    lists = re.sub(r"\[\s+([\d.]+),\s+([\d.]+),\s+([\d.]+)\s+\]", r"[\1, \2, \3]", json.dumps(result, indent=1))
    committed.write_text(lists + "\n")
    print(f"{kind}: {result['bytes_median']:,.0f} bytes, {result['error_median']:.2f} % error (medians of {len(runs)} seeds)")


main()
