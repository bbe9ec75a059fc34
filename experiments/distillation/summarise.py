#!/usr/bin/env python3
"""Gathers the runs of run.sh into mnist.json: errors of 10,000, beside the paper's."""
import json
import os

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, "..", "..", "out", "distillation")

# Name, what it is, errors in the paper.
RUNS = [("teacher", "2 x 1200, dropout, images moved by up to 2 pixels", 67),
        ("hard-800", "2 x 800, labels only", 146),
        ("soft-800", "2 x 800, T = 20", 74),
        ("soft-800-moved", "the same, on images moved by up to 2 pixels", None),
        ("without-3", "2 x 800, T = 20, never shown a 3", 206),
        ("without-3-bias", "the same, bias of the 3 raised", 109),
        ("without-3-moved", "never shown a 3, on images moved by up to 2 pixels", None),
        ("without-3-moved-bias", "the same, bias of the 3 raised", None)]
RUNS += [(f"soft-30-T{t}", f"2 x 30, T = {t}", None) for t in ("1", "2.5", "4", "8", "20")]


def main():
    rows = []
    for name, what, paper in RUNS:
        path = os.path.join(OUT, name + ".json")
        if not os.path.exists(path):
            continue
        with open(path) as file:
            run = json.load(file)
        row = {"run": name, "what": what, "params": run["params"], "errors": round(run["images"] * run["error"] / 100),
               "paper": paper, "seed": run["seed"], "epochs": len(run["epochs"]), "best_epoch": run["best_epoch"] + 1,
               "validation_error": run["epochs"][run["best_epoch"]]["validation_error"],
               "minutes": round(sum(e["seconds"] for e in run["epochs"]) / 60, 1)}
        if "bias_raised" in run:
            row["bias_raised"] = run["bias_raised"]
        rows.append(row)
        print(f"{name:<20} {row['errors']:>5} errors  paper {paper or '-':>4}  {row['minutes']} minutes  {what}")
    with open(os.path.join(HERE, "mnist.json"), "w") as file:
        json.dump({"data": "MNIST, 55,000 images to learn from, 5,000 to choose on, 10,000 to test", "runs": rows}, file,
                  indent=2)
        file.write("\n")


if __name__ == "__main__":
    main()
