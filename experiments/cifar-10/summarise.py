#!/usr/bin/env python3
"""Gathers the runs of run.sh: measures each net's latency, writes small-nets.json and small-nets.svg here, prints a table.

A run of an earlier sitting, whose files are gone, keeps the row it has in small-nets.json, but for its milliseconds. What
compress.sh made of some of them (small-nets-compressed.json) is in the plot too.
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
    return {"run": os.path.basename(path)[:-len(".json")], "params": run["params"], "macs": run["macs"], "bytes": run["bytes"],
            "accuracy": round(100 - run["error"], 2), "seed": run["seed"],
            "epochs": len(run["epochs"]), "best_epoch": run["best_epoch"] + 1,
            "validation_accuracy": round(100 - best["validation_error"], 2),
            "minutes": round(sum(epoch["seconds"] for epoch in run["epochs"]) / 60, 1)}


def short(value):
    for limit, unit in ((1e6, "M"), (1e3, "k")):
        if value >= limit:
            return f"{value / limit:g}{unit}"
    return f"{value:g}"


def labels(points, right):
    """Texts beside points (x, y, text), each moved down until it covers none before it."""
    taken, parts = [], []
    for x, y, text in sorted(points, key=lambda point: point[1]):
        width = 5.4 * len(text)
        start = x + 7 if x + 7 + width < right else x - 7 - width
        while any(abs(y - other) < 10.5 and start < end and begin < start + width for other, begin, end in taken):
            y += 1
        taken.append((y, start, start + width))
        parts.append(f'<text x="{start:.1f}" y="{y + 3.5:.1f}" font-size="10">{text}</text>')
    return parts


def panel(rows, smaller, key, title, left):
    """Accuracy against `key` on a logarithmic axis, 380 pixels wide; hollow points are rows of `smaller`, compressed."""
    smaller = [r for r in smaller if key in r]
    logs = [math.log10(r[key]) for r in rows + smaller]
    low, high = min(logs) - 0.1, max(logs) + 0.45
    floor, roof = min(r["accuracy"] for r in rows) - 2, 95
    place = lambda r: (left + 380 * (math.log10(r[key]) - low) / (high - low), 320 - 300 * (r["accuracy"] - floor) / (roof - floor))
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
    by_name = {r["name"]: r for r in rows}
    for r in smaller:
        (x, y), (from_x, from_y) = place(r), place(by_name[r["name"]])
        parts.append(f'<line x1="{from_x:.1f}" y1="{from_y:.1f}" x2="{x:.1f}" y2="{y:.1f}" stroke="#999" stroke-dasharray="2 3"/>'
                     f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="white" stroke="{colour(r)}" stroke-width="2"/>')
    for r in rows:
        x, y = place(r)
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour(r)}"/>')
    return parts + labels([(*place(r), r["name"]) for r in rows], left + 380)


def colour(r):
    return COLOURS[r["name"].split("-")[0]]


def architecture(r):
    """The run's name without its seed."""
    return r["run"].rsplit("-", 1)[0]


def by_architecture(rows):
    """One row for all seeds of an architecture: their means, named without the seed."""
    nets = {}
    for r in rows:
        nets.setdefault(architecture(r), []).append(r)
    return [{"name": name} | {key: sum(r[key] for r in runs) / len(runs) for key in ("accuracy", "bytes", "ms")} for name, runs in nets.items()]


def compressed():
    """What our recipes made of some: the paper's form is a comparison of its own."""
    with open(os.path.join(HERE, "small-nets-compressed.json")) as file:
        runs = [r for r in json.load(file)["runs"] if not r["run"].endswith("-paper")]
    return [{"name": r["run"].split("-by-")[0].rsplit("-", 1)[0], "accuracy": r["accuracy"], "bytes": r["bytes"]} for r in runs]


def plot(rows):
    nets, smaller = by_architecture(rows), compressed()
    parts = ['<svg xmlns="http://www.w3.org/2000/svg" width="880" height="365" font-family="sans-serif" font-size="12">',
             '<rect width="880" height="365" fill="white"/>']
    parts += panel(nets, smaller, "bytes", "bytes of the file (logarithmic); hollow: compressed", 45)
    parts += panel(nets, smaller, "ms", "milliseconds an image, one thread (logarithmic)", 485)
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
    ms = {name: round(milliseconds(os.path.join(OUT, name + ".untrained.nsk")), 3) for name in sorted({architecture(r) for r in rows})}
    for r in rows:
        r["ms"] = ms[architecture(r)]
    for r in rows:
        print(f"{r['run']:<28} {r['accuracy']:6.2f} %  {r['params']:>9} parameters  {r['macs'] / 1e6:6.1f}M MACs  {r['bytes']:>9} bytes  "
              f"{r['ms']:6.3f} ms  {r['epochs']:>3} epochs in {r['minutes']:5.1f} minutes")
    write("small-nets.json", json.dumps({"runs": rows}, indent=2) + "\n")
    write("small-nets.svg", plot(rows))


if __name__ == "__main__":
    main()
