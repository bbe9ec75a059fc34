#!/usr/bin/env python3
"""How fast netsuke is beside ONNX Runtime: both run the same networks in turn, a few inferences each.

    bench/peers/speed.py [--threads 1,2] [--repeat N] [NAME ...]

Prints a table for each number of threads and keeps it in results/. README.md says what is measured.
"""

import argparse
import array
import datetime
import json
import math
import os
import random
import statistics
import subprocess
import sys
import time

import layers_onnx
import networks_onnx

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))

# A turn is as long as this, so that what the other left in the caches counts for little: its first inference
# does not count at all.
TURN_MS = 40
# Between turns: threads that still wait for work of the last run have gone to sleep by then.
PAUSE_SECONDS = 0.01


class Row:
    """A network and how it is made. With a recipe ours is the compressed file, ONNX Runtime's the dense one. The means
    are of those that are listed."""

    def __init__(self, name, model, *flags, recipe=None, listed=True):
        self.name, self.model, self.flags, self.recipe = name, model, list(flags), recipe
        self.listed = listed

    def dense(self):
        return self.recipe is None


ROWS = [
    Row("alexnet", "alexnet"),
    Row("vgg16", "vgg16"),
    Row("googlenet", "googlenet"),
    Row("inception_v3", "inception_v3"),
    Row("resnet18", "resnet18"),
    Row("squeezenet1_0", "squeezenet1_0"),
    Row("squeezenet1_1", "squeezenet1_1"),
    Row("mobilenet_v1 1.0-224", "mobilenet_v1"),
    Row("mobilenet_v1 0.5-160", "mobilenet_v1", "--set", "alpha=0.5", "--input", "3x160x160"),
    Row("shufflenet_v1 1x g3", "shufflenet_v1"),
    Row("u-net, 128x128", "unet", listed=False),
    Row("1-D convolutions, 1x16000", "temporal", listed=False),
    Row("deep-compressed alexnet", "alexnet", recipe="deep-compressed-alexnet"),
    Row("deep-compressed vgg16", "vgg16", recipe="deep-compressed-vgg16"),
    Row("deep-compressed alexnet, linear layers", "alexnet_linear", recipe="deep-compressed-alexnet-linear"),
    Row("deep-compressed vgg16, linear layers", "vgg16_linear", recipe="deep-compressed-vgg16-linear"),
    Row("mobilenet_v1 1.0-224, 1x1 at 10 % density", "mobilenet_v1", recipe="sparse-mobilenet-v1"),
    Row("squeezenet1_0 at 33 % density", "squeezenet1_0", recipe="sparse-squeezenet1-0"),
    Row("binary convolution 3x3, 256 to 256, 14x14", "conv3x3_256", recipe="binary-layer"),
    Row("xnor resnet18", "resnet18", recipe="xnor-resnet18"),
    Row("xnor resnet18, the paper's block", "resnet18", recipe="xnor-paper-resnet18"),
]


class Models:
    """The files that rows need, made once in the work folder."""

    def __init__(self, program, work):
        self.program, self.work = program, work

    def path(self, name):
        return os.path.join(self.work, name)

    def call(self, *command):
        done = subprocess.run([self.program, *command], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"speed.py: netsuke {' '.join(command)}\n{done.stderr}")
        return done.stdout

    def make(self, path, make):
        """A file that is there is whole, since it gets its name last."""
        if not os.path.exists(path):
            stem, ending = os.path.splitext(path)
            part = stem + ".part" + ending
            make(part)
            os.rename(part, path)
        return path

    def dense(self, row):
        stem = "-".join([row.model] + [flag for flag in row.flags if not flag.startswith("--")])
        path = self.path(stem + ".onnx")
        if row.model in [*layers_onnx.NETWORKS, layers_onnx.CONVOLUTION]:
            return self.make(path, lambda part: layers_onnx.write(row.model, part))
        if row.model in networks_onnx.WRITERS:
            return self.make(path, networks_onnx.WRITERS[row.model])
        return self.make(path, lambda part: self.call("zoo", row.model, *row.flags, "-o", part, "--force"))

    def ours(self, row):
        dense = self.dense(row)
        if row.dense():
            return dense
        recipe = os.path.join(ROOT, "bench", "recipes", row.recipe + ".toml")
        return self.make(self.path(row.recipe + ".nsk"), lambda part: self.call(
            "compress", dense, "--recipe", recipe, "-o", part, "--force"))

    def input(self, row):
        """Noise, the same for both."""
        described = json.loads(self.call("inspect", self.dense(row), "--json"))
        count = math.prod(described["input"])
        path = self.path(f"noise-{count}.bin")

        def write(part):
            noise = random.Random(1)
            values = array.array("f", (noise.uniform(-1, 1) for _ in range(count)))
            if sys.byteorder != "little":
                values.byteswap()
            with open(part, "wb") as file:
                values.tofile(file)

        return self.make(path, write)


class Runner:
    """A process that runs a network as often as it is told to, and stays alive in between."""

    def __init__(self, *command):
        self.command = command
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.about = self.read()
        self.times, self.cpu_times = [], []

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"speed.py: {' '.join(self.command)}: ended with status {self.process.wait()}")
        return json.loads(line)

    def run(self, count):
        self.process.stdin.write(f"{count}\n")
        self.process.stdin.flush()
        return self.read()

    def turn(self, count):
        answer = self.run(1 + count)
        self.times += answer["ms"][1:]
        self.cpu_times += answer["cpu_ms"][1:]
        time.sleep(PAUSE_SECONDS)

    def summary(self):
        return {"median_ms": statistics.median(self.times), "min_ms": min(self.times),
                "cpu_median_ms": statistics.median(self.cpu_times), "runs": len(self.times),
                "load_ms": self.about["ms_load"], "first_ms": self.about["ms_first"]}

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def measure(row, models, threads, repeat):
    source = models.input(row)
    ours = Runner(models.program, "bench", models.ours(row), "--serve", "--threads", str(threads),
                  "--input-raw", source)
    theirs = Runner("node", os.path.join(HERE, "speed.mjs"), models.dense(row), source, str(threads))
    try:
        slower = max(min(ours.run(3)["ms"]), min(theirs.run(3)["ms"]))
        count = min(repeat, max(2, math.ceil(TURN_MS / slower)))
        for _ in range(math.ceil(repeat / count)):
            theirs.turn(count)
            ours.turn(count)
    finally:
        ours.close(), theirs.close()
    mine, peer = ours.summary(), theirs.summary()
    return {"dense": row.dense(), "listed": row.listed, "ours": mine, "onnxruntime": peer, "ratio": peer["median_ms"] / mine["median_ms"],
            "ratio_of_min": peer["min_ms"] / mine["min_ms"],
            "ratio_of_cpu": peer["cpu_median_ms"] / mine["cpu_median_ms"], "date": datetime.date.today().isoformat(),
            "cpu_level": ours.about["cpu"], "onnxruntime_version": theirs.about["version"]}


def cpu_model():
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return "unknown"


def geometric_mean(rows):
    """Over the dense networks that are listed."""
    ratios = [row["ratio"] for row in rows.values() if row["dense"] and row.get("listed", True)]
    return statistics.geometric_mean(ratios) if ratios else None


class Results:
    """What was measured on this machine, kept over runs of single rows: one file a machine, instruction set (machines
    of one name may differ in it) and number of threads."""

    def __init__(self, folder, threads):
        self.folder = folder
        self.data = {"machine": cpu_model(), "cores": os.cpu_count(), "threads": threads, "batch": 1}
        self.path = None

    def open(self, level):
        stem = "".join(c if c.isalnum() else "-" for c in self.data["machine"].lower()).strip("-")
        self.path = os.path.join(self.folder, f"{stem}-{level}-threads-{self.data['threads']}.json")
        self.rows = {}
        if os.path.exists(self.path):
            with open(self.path) as file:
                self.rows = json.load(file)["networks"]

    def add(self, name, row):
        if self.path is None:
            self.open(row["cpu_level"])
        self.rows[name] = row
        known = [row.name for row in ROWS if row.name in self.rows]
        self.rows = {name: self.rows[name] for name in known}
        self.data["geometric_mean_dense"] = geometric_mean(self.rows)
        self.data["networks"] = self.rows
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        with open(self.path, "w") as file:
            json.dump(rounded(self.data), file, indent=2)
            file.write("\n")


def rounded(value):
    if isinstance(value, dict):
        return {key: rounded(entry) for key, entry in value.items()}
    return float(f"{value:.4g}") if isinstance(value, float) else value


def print_table(rows, models, threads, repeat, folder):
    results = Results(folder, threads)
    print(f"\n{threads} thread{'s' if threads > 1 else ''}, batch 1, medians in ms")
    print(f"{'network':<44}{'ONNX Runtime':>13}{'netsuke':>10}{'ratio':>8}{'of minima':>11}{'of CPU time':>13}", flush=True)
    measured = {}
    for row in rows:
        found = measured[row.name] = measure(row, models, threads, repeat)
        results.add(row.name, found)
        print(f"{row.name:<44}{found['onnxruntime']['median_ms']:>13.2f}{found['ours']['median_ms']:>10.2f}"
              f"{found['ratio']:>8.2f}{found['ratio_of_min']:>11.2f}"
              f"{found['ratio_of_cpu']:>13.2f}", flush=True)
    mean = geometric_mean(measured)
    if mean:
        print(f"{'geometric mean of the dense networks above':<67}{mean:>8.2f}", flush=True)


def chosen(names):
    """Rows that bear one of the names, else those that contain it; all without names."""
    rows = []
    for name in names:
        found = [row for row in ROWS if row.name == name] or [row for row in ROWS if name in row.name]
        if not found:
            sys.exit(f"speed.py: no network is named '{name}'; there are: " + "; ".join(row.name for row in ROWS))
        rows += [row for row in found if row not in rows]
    return rows or ROWS


def main():
    parser = argparse.ArgumentParser(description="how fast netsuke is beside ONNX Runtime")
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these networks, or those that contain it")
    parser.add_argument("--threads", type=lambda text: [int(part) for part in text.split(",")], default=[1, 2],
                        help="numbers of threads, a table each (1,2)")
    parser.add_argument("--repeat", type=int, default=30, help="inferences of each that count, at least (30)")
    parser.add_argument("--netsuke", default=os.path.join(ROOT, "build", "release", "netsuke"))
    parser.add_argument("--work", default=os.path.join(ROOT, "out", "peers"), help="folder of models")
    parser.add_argument("--results", default=os.path.join(HERE, "results"), help="folder of the results")
    arguments = parser.parse_args()
    rows = chosen(arguments.names)
    os.makedirs(arguments.work, exist_ok=True)
    models = Models(os.path.abspath(arguments.netsuke), os.path.abspath(arguments.work))
    for threads in arguments.threads:
        print_table(rows, models, threads, arguments.repeat, arguments.results)


if __name__ == "__main__":
    main()
