#!/usr/bin/env python3
"""Gathers the runs of run.sh, in out/cifar-10, into small-nets.json, and prints them as a table."""
import glob
import json
import os

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, "..", "..", "out", "cifar-10")


def row(path):
    with open(path) as file:
        run = json.load(file)
    best = run["epochs"][run["best_epoch"]]
    return {"run": os.path.basename(path)[:-len(".json")], "params": run["params"], "macs": run["macs"], "bytes": run["bytes"],
            "accuracy": round(100 - run["error"], 2), "seed": run["seed"], "epochs": len(run["epochs"]),
            "best_epoch": run["best_epoch"] + 1, "validation_accuracy": round(100 - best["validation_error"], 2),
            "minutes": round(sum(epoch["seconds"] for epoch in run["epochs"]) / 60, 1)}


def main():
    rows = sorted(map(row, glob.glob(os.path.join(OUT, "*.json"))), key=lambda r: r["run"])
    for r in rows:
        print(f"{r['run']:<32} {r['accuracy']:6.2f} %  {r['params']:>9} parameters  {r['macs'] / 1e6:6.1f}M MACs  "
              f"{r['bytes']:>9} bytes  {r['epochs']:>3} epochs  {r['minutes']:5.1f} minutes")
    with open(os.path.join(HERE, "small-nets.json"), "w") as file:
        json.dump({"runs": rows}, file, indent=2)
        file.write("\n")


if __name__ == "__main__":
    main()
