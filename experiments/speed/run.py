#!/usr/bin/env python3
"""ShuffleNet's table of actual speed (Zhang et al. 2017, table 8; the survey's table 9) on this CPU.

    experiments/speed/run.py [--threads 1] [--repeat 30]

Times AlexNet, MobileNet and ShuffleNet 0.5x, 1x and 2x (3 groups) at three sizes of image, one thread, batch 1, netsuke and ONNX
Runtime in turn as `./dev bench peers` does; writes speed.json, speed.svg and the tables of README.md beside this script. Needs what
bench/peers/README.md says. Models are made in out/peers.
"""

import argparse
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "bench", "peers"))
import speed

SIZES = ["224x224", "480x640", "720x1280"]
# Milliseconds on a Snapdragon 820, one thread, by the paper.
NETWORKS = {
    "AlexNet": ("alexnet", [], [184.0, 1156.7, 3633.9]),
    "MobileNet 1.0": ("mobilenet_v1", [], [110.0, 612.0, 1879.2]),
    "ShuffleNet 2x": ("shufflenet_v1", ["--set", "scale=2"], [108.8, 617.0, 1857.6]),
    "ShuffleNet 1x": ("shufflenet_v1", [], [37.8, 222.2, 684.5]),
    "ShuffleNet 0.5x": ("shufflenet_v1", ["--set", "scale=0.5"], [15.2, 87.4, 260.1]),
}


def measure(models, threads, repeat):
    rows = []
    for name, (model, flags, paper) in NETWORKS.items():
        for size, paper_ms in zip(SIZES, paper):
            row = speed.Row(f"{name}, {size}", model, *flags, "--input", f"3x{size}")
            found = speed.measure(row, models, threads, repeat)
            macs = json.loads(models.call("inspect", models.dense(row), "--json"))["macs"]
            rows.append({"network": name, "size": size, "macs": macs, "ms": found["ours"]["median_ms"],
                         "ms_onnxruntime": found["onnxruntime"]["median_ms"], "ms_paper": paper_ms})
            print(f"{row.name:<28}{macs / 1e6:>9.0f} M {found['ours']['median_ms']:>9.2f} ms {found['ratio']:>6.2f}", flush=True)
    return rows


def relative(rows):
    """Adds how many times faster than AlexNet each is, in theory, here, and in the paper."""
    alexnet = {row["size"]: row for row in rows if row["network"] == "AlexNet"}
    for row in rows:
        base = alexnet[row["size"]]
        row["theory"] = base["macs"] / row["macs"]
        for key in ("ms", "ms_onnxruntime", "ms_paper"):
            row["faster" + key[2:]] = base[key] / row[key]
    return rows


def table(rows):
    lines = ["| network | " + " | ".join(f"{size}, M mult-adds | netsuke, ms | ONNX Runtime, ms" for size in SIZES) + " |",
             "|---" * (1 + 3 * len(SIZES)) + "|"]
    for name in NETWORKS:
        mine = [row for row in rows if row["network"] == name]
        lines.append(f"| {name} | " + " | ".join(f"{r['macs'] / 1e6:,.0f} | {r['ms']:.2f} | {r['ms_onnxruntime']:.2f}" for r in mine) + " |")
    return lines


def speed_up_table(rows):
    lines = ["| times faster than AlexNet | " + " | ".join(f"{size}: by mult-adds | netsuke | ONNX Runtime | paper" for size in SIZES) + " |",
             "|---" * (1 + 4 * len(SIZES)) + "|"]
    for name in list(NETWORKS)[1:]:
        mine = [row for row in rows if row["network"] == name]
        lines.append(f"| {name} | " + " | ".join(
            f"{r['theory']:.1f} | {r['faster']:.1f} | {r['faster_onnxruntime']:.1f} | {r['faster_paper']:.1f}" for r in mine) + " |")
    return lines


def plot(rows):
    """Bars at 224x224: how many times faster than AlexNet, by mult-adds and as measured."""
    kinds = [("theory", "#bbbbbb", "by mult-adds"), ("faster", "#c0392b", "netsuke"),
             ("faster_onnxruntime", "#2c3e50", "ONNX Runtime"), ("faster_paper", "#d8b26e", "paper (Snapdragon 820)")]
    shown = [row for row in rows if row["size"] == SIZES[0] and row["network"] != "AlexNet"]
    scale = 300 / max(row[key] for row in shown for key, _, _ in kinds)
    parts = ['<svg xmlns="http://www.w3.org/2000/svg" width="760" height="262" font-family="sans-serif" font-size="12">',
             '<rect width="760" height="262" fill="white"/>',
             '<text x="10" y="18" font-size="14">Times faster than AlexNet, 224x224, one thread</text>']
    y = 34
    for row in shown:
        parts.append(f'<text x="10" y="{y + 26}">{row["network"]}</text>')
        for key, colour, label in kinds:
            width = row[key] * scale
            parts.append(f'<rect x="130" y="{y}" width="{width:.1f}" height="11" fill="{colour}"/>')
            parts.append(f'<text x="{135 + width:.1f}" y="{y + 10}" font-size="10">{row[key]:.1f} {label}</text>')
            y += 12
        y += 8
    return "\n".join(parts + ["</svg>"]) + "\n"


def write(path, text):
    with open(path + ".part", "w") as file:
        file.write(text)
    os.rename(path + ".part", path)


def put_into_readme(lines):
    """Between the marks that README.md has for it."""
    path = os.path.join(HERE, "README.md")
    with open(path) as file:
        text = file.read()
    begin, end = "<!-- run.py writes from here -->\n", "<!-- to here -->\n"
    before, rest = text.split(begin)
    write(path, before + begin + "\n".join(lines) + "\n" + end + rest.split(end)[1])


def main():
    parser = argparse.ArgumentParser(description="the survey's table of actual speed on this CPU")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeat", type=int, default=30)
    parser.add_argument("--netsuke", default=os.path.join(ROOT, "build", "release", "netsuke"))
    parser.add_argument("--work", default=os.path.join(ROOT, "out", "peers"))
    arguments = parser.parse_args()
    os.makedirs(arguments.work, exist_ok=True)
    models = speed.Models(os.path.abspath(arguments.netsuke), os.path.abspath(arguments.work))
    rows = relative(measure(models, arguments.threads, arguments.repeat))
    about = {"machine": speed.cpu_model(), "threads": arguments.threads, "repeat": arguments.repeat, "rows": speed.rounded(rows)}
    write(os.path.join(HERE, "speed.json"), json.dumps(about, indent=1) + "\n")
    write(os.path.join(HERE, "speed.svg"), plot(rows))
    where = f"{about['machine']}, {arguments.threads} thread{'s' if arguments.threads > 1 else ''}, batch 1, medians of {arguments.repeat} runs or more:"
    put_into_readme(["", where, "", *table(rows), "", *speed_up_table(rows), ""])


if __name__ == "__main__":
    main()
