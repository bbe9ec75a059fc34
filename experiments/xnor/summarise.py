#!/usr/bin/env python3
"""Gathers the runs of run.sh into binary.json: errors on the test images, and by how much they exceed the real net's."""
import json
import os

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, "..", "..", "out", "xnor")

RUNS = [("lenet-5-xnor", "LeNet-5, MNIST, our block"),
        ("real", "vgg_small, CIFAR-10, real weights"),
        ("bwn", "binary weights"),
        ("xnor", "binary weights and inputs, our block"),
        ("xnor-paper", "the paper's block (B-A-C-P) with K"),
        ("xnor-paper-no-scale", "the same without K"),
        ("xnor-conventional", "C-B-A-P, without K")]


def main():
    rows, real = [], None
    for name, what in RUNS:
        path = os.path.join(OUT, name + ".json")
        if not os.path.exists(path):
            continue
        with open(path) as file:
            run = json.load(file)
        if name == "real":
            real = run["error"]
        row = {"run": name, "what": what, "params": run["params"], "bytes": run["bytes"], "error": round(run["error"], 2),
               "over_real": round(run["error"] - real, 2) if real is not None else None, "seed": run["seed"],
               "epochs": len(run["epochs"]), "best_epoch": run["best_epoch"] + 1,
               "validation_error": round(run["epochs"][run["best_epoch"]]["validation_error"], 2),
               "minutes": round(sum(e["seconds"] for e in run["epochs"]) / 60, 1)}
        rows.append(row)
        over = "" if row["over_real"] is None else f"{row['over_real']:+6.2f}"
        print(f"{name:<20} {row['error']:6.2f} % {over:>6}  {row['bytes']:>9} bytes  {row['minutes']:5.1f} minutes  {what}")
    with open(os.path.join(HERE, "binary.json"), "w") as file:
        json.dump({"runs": rows}, file, indent=2)
        file.write("\n")


if __name__ == "__main__":
    main()
