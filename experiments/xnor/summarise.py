#!/usr/bin/env python3
"""Gathers the runs of run.sh into binary.json: errors on the test images, and by how much they exceed the real net's.

A run of an earlier sitting, whose files are gone, keeps the row it has there.
"""
import json
import os
import re

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, "..", "..", "out", "xnor")
TABLE = os.path.join(HERE, "binary.json")

# Name, what it is, which run its error is compared with.
RUNS = [("lenet-5-xnor", "LeNet-5, MNIST, our block", None),
        ("real", "vgg_small, CIFAR-10, real weights", "real"),
        ("bwn", "binary weights", "real"),
        ("xnor-signs", "binary weights and inputs, our block, linear layers' inputs too", "real"),
        ("xnor-paper", "the paper's block (B-A-C-P) with K", "real"),
        ("xnor-paper-no-scale", "the same without K", "real"),
        ("xnor-conventional", "C-B-A-P, without K", "real"),
        ("real-long", "vgg_small, CIFAR-10, real weights, three times the epochs", "real-long"),
        ("taught-bwn", "binary weights, from that net and taught by it", "real-long"),
        ("taught-xnor-signs", "binary weights and inputs, linear layers' too, from that net and taught by it", "real-long"),
        ("taught-xnor-paper", "the paper's block with K, the same way", "real-long"),
        ("taught-xnor-paper-no-scale", "the same without K", "real-long"),
        ("wide-real", "vgg_small of twice the width, real weights, twice the epochs", "wide-real"),
        ("wide-taught-xnor-signs", "binary weights and inputs, linear layers' too, from that net and taught by it", "wide-real"),
        ("wide-taught-xnor", "binary weights and inputs, our block, from that net and taught by it", "wide-real"),
        ("wide-taught-xnor-paper", "the paper's block with K, the same way", "wide-real"),
        ("wide-taught-xnor-paper-real-linear", "the same with real inputs of linear layers", "wide-real")]


def trained(run):
    best = run["epochs"][run["best_epoch"]]
    return {"seed": run["seed"], "epochs": len(run["epochs"]), "best_epoch": run["best_epoch"] + 1,
            "validation_error": round(best["validation_error"], 2),
            "minutes": round(sum(e["seconds"] for e in run["epochs"]) / 60, 1)}


def compressed(run, name):
    with open(os.path.join(OUT, name + ".toml")) as file:
        epochs = int(re.search(r"epochs = (\d+)", file.read()).group(1))
    step = run["steps"][0]
    return {"seed": run["seed"], "epochs": epochs, "validation_error": round(step["validation_error"], 2),
            "minutes": round(step["seconds"] / 60, 1)}


def row(name, what):
    with open(os.path.join(OUT, name + ".json")) as file:
        run = json.load(file)
    about = compressed(run, name) if run.get("steps") else trained(run)
    return {"run": name, "what": what, "params": run["params"], "bytes": run["bytes"], "error": round(run["error"], 2),
            "over_real": None, **about}


def main():
    earlier = {}
    if os.path.exists(TABLE):
        with open(TABLE) as file:
            earlier = {r["run"]: r for r in json.load(file)["runs"]}
    rows = {}
    for name, what, real in RUNS:
        if os.path.exists(os.path.join(OUT, name + ".json")):
            rows[name] = row(name, what)
        elif name in earlier:
            rows[name] = earlier[name]
        else:
            continue
        if real in rows:
            rows[name]["over_real"] = round(rows[name]["error"] - rows[real]["error"], 2)
        r = rows[name]
        over = "" if r["over_real"] is None else f"{r['over_real']:+6.2f}"
        print(f"{name:<34} {r['error']:6.2f} % {over:>6}  {r['bytes']:>9} bytes  {r['minutes']:5.1f} minutes  {what}")
    with open(TABLE + ".part", "w") as file:
        json.dump({"runs": list(rows.values())}, file, indent=2)
        file.write("\n")
    os.rename(TABLE + ".part", TABLE)


if __name__ == "__main__":
    main()
