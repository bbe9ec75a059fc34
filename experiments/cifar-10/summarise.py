#!/usr/bin/env python3
"""Gathers the runs of run.sh: measures each net's latency, writes small-nets.json and small-nets.svg here, prints a table.

A run of an earlier sitting, whose files are gone, keeps the row it has in small-nets.json.
"""
import glob
import json
import math
import os
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..")
OUT = os.path.join(ROOT, "out", "cifar-10")
NETSUKE = os.environ.get("NETSUKE", os.path.join(ROOT, "build", "release", "netsuke"))
COLOURS = {"squeezenet": "#c0392b", "mobilenet": "#2471a3", "shufflenet": "#1e8449"}


def milliseconds(model):
    """The median of 200 inferences, batch 1, one thread."""
    command = [NETSUKE, "bench", model, "--threads", "1", "--repeat", "200", "--json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["ms_median"]


def row(path):
    with open(path) as file:
        run = json.load(file)
    best = run["epochs"][run["best_epoch"]]
    name = path[:-len(".json")]
    return {"run": os.path.basename(name), "params": run["params"], "macs": run["macs"], "bytes": run["bytes"],
            "ms": round(milliseconds(name + ".nsk"), 3), "accuracy": round(100 - run["error"], 2), "seed": run["seed"],
            "epochs": len(run["epochs"]), "best_epoch": run["best_epoch"] + 1,
            "validation_accuracy": round(100 - best["validation_error"], 2),
            "minutes": round(sum(epoch["seconds"] for epoch in run["epochs"]) / 60, 1)}


def short(value):
    for limit, unit in ((1e6, "M"), (1e3, "k")):
        if value >= limit:
            return f"{value / limit:g}{unit}"
    return f"{value:g}"


def panel(rows, key, title, left):
    """Accuracy against `key` on a logarithmic axis, 380 pixels wide."""
    logs = [math.log10(r[key]) for r in rows]
    low, high = min(logs) - 0.1, max(logs) + 0.45
    floor, roof = min(r["accuracy"] for r in rows) - 2, 95
    parts = [f'<rect x="{left}" y="20" width="380" height="300" fill="none" stroke="#999"/>',
             f'<text x="{left + 190}" y="354" text-anchor="middle">{title}</text>']
    for tick in range(math.ceil(floor / 5) * 5, roof + 1, 5):
        y = 320 - 300 * (tick - floor) / (roof - floor)
        parts.append(f'<text x="{left - 4}" y="{y + 4:.0f}" text-anchor="end">{tick} %</text>'
                     f'<line x1="{left}" x2="{left + 380}" y1="{y:.1f}" y2="{y:.1f}" stroke="#eee"/>')
    for value in [digit * 10.0 ** power for power in range(-3, 9) for digit in (1, 2, 5)]:
        if low < math.log10(value) < high:
            x = left + 380 * (math.log10(value) - low) / (high - low)
            parts.append(f'<text x="{x:.1f}" y="334" text-anchor="middle" font-size="10">{short(value)}</text>')
    for r, log in zip(rows, logs):
        x, y = left + 380 * (log - low) / (high - low), 320 - 300 * (r["accuracy"] - floor) / (roof - floor)
        side, anchor = (6, "start") if x + 6 + 5.6 * len(r["run"]) < left + 380 else (-6, "end")
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{COLOURS[r["run"].split("-")[0]]}"/>'
                     f'<text x="{x + side:.1f}" y="{y + 4:.1f}" font-size="10" text-anchor="{anchor}">{r["run"]}</text>')
    return parts


def plot(rows):
    parts = ['<svg xmlns="http://www.w3.org/2000/svg" width="880" height="365" font-family="sans-serif" font-size="12">',
             '<rect width="880" height="365" fill="white"/>']
    parts += panel(rows, "bytes", "bytes of the file (logarithmic)", 45)
    parts += panel(rows, "ms", "milliseconds an image, one thread (logarithmic)", 485)
    return "\n".join(parts + ["</svg>"]) + "\n"


def write(name, text):
    path = os.path.join(HERE, name)
    with open(path + ".part", "w") as file:
        file.write(text)
    os.rename(path + ".part", path)


def main():
    kept = os.path.join(HERE, "small-nets.json")
    rows = {}
    if os.path.exists(kept):
        with open(kept) as file:
            rows = {r["run"]: r for r in json.load(file)["runs"]}
    for path in glob.glob(os.path.join(OUT, "*.json")):
        found = row(path)
        rows[found["run"]] = found
    rows = [rows[name] for name in sorted(rows)]
    for r in rows:
        print(f"{r['run']:<28} {r['accuracy']:6.2f} %  {r['params']:>9} parameters  {r['macs'] / 1e6:6.1f}M MACs  {r['bytes']:>9} bytes  "
              f"{r['ms']:6.3f} ms  {r['epochs']:>3} epochs in {r['minutes']:5.1f} minutes")
    write("small-nets.json", json.dumps({"runs": rows}, indent=2) + "\n")
    write("small-nets.svg", plot(rows))


if __name__ == "__main__":
    main()
