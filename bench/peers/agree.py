#!/usr/bin/python3
"""Compares netsuke with ONNX Runtime: every architecture of the zoo and torchvision's, value by value.

    /usr/bin/python3 agree.py [--netsuke PROGRAM] [--work FOLDER] [--fresh] [NAME ...]

Prints one line a model and exits with 1 if any disagrees. What agreed is remembered in FOLDER/agreed.json for
the very program and scripts; it is not judged again unless --fresh is given. README.md says what is
compared.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys

import numpy

import export_torchvision as torchvision

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))

# Relative to the largest score.
TOLERANCE = 1e-4
# Two random images must differ by more than this, or the network did not hear its input and says nothing.
LEAST_RESPONSE = 1e-2

# Beside the default opset: two architectures at the oldest that PyTorch users still meet and at the newest.
OTHER_OPSETS = [(name, opset) for name in ("mobilenet_v3_small", "shufflenet_v2_x1_0")
                for opset in (9, torchvision.HIGHEST_OPSET)]
# Layer norms are spelled out before opset 17.
OTHER_OPSETS += [("convnext_tiny", torchvision.HIGHEST_OPSET)]
# PyTorch merges most batch norms itself; here it must not, so that we do.
UNMERGED = ["resnet18", "googlenet", "mobilenet_v2", "densenet121"]

# Signs turn a difference in a float's last bit into 2 where the float is next to 0: small networks, of few such floats.
BINARY = [(name, method, block) for name in ("lenet_5", "vgg_small", "squeezenet_small")
          for method, block in (("bwn", "residual"), ("xnor", "residual"), ("xnor", "paper"))]
BINARY += [(name, "xnor", "conventional") for name in ("lenet_5", "vgg_small")]


class Disagreement(Exception):
    """Says in a few words what went wrong."""


class Judge:
    def __init__(self, program, work):
        self.program = program
        self.work = work

    def path(self, name):
        return os.path.join(self.work, name)

    def call(self, *command):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            lines = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()
            raise Disagreement(f"{os.path.basename(command[0])} {command[1]}: " + " ".join(lines)[:300])

    def images(self, shape, strength):
        """Two random inputs; the paths of their files."""
        paths = []
        for number in (1, 2):
            path = self.path(f"input{number}.bin")
            image = strength * torchvision.random_image(numpy.random.default_rng(number), shape)
            image.astype(numpy.float32).tofile(path)
            paths.append(path)
        return paths

    def images_and_answers(self, exported, shape, soft):
        """Two inputs and what ONNX Runtime makes of them. The scores of an untrained network may lie so far
        apart that softmax makes zeros of them, which would hide them: then fainter images are taken."""
        for strength in (1, 0.1, 0.01, 0.001):
            images = self.images(shape, strength)
            answers = [self.theirs(exported, image) for image in images]
            if not soft or all(numpy.abs(answer).min() > 1e-30 for answer in answers):
                break
        return images, answers

    def theirs(self, model, image):
        output = self.path("theirs.bin")
        self.call("node", os.path.join(HERE, "onnxruntime.mjs"), model, image, output)
        return numpy.fromfile(output, dtype=numpy.float32)

    def ours(self, model, image, *flags):
        output = self.path("ours.bin")
        self.call(self.program, "run", model, "--input-raw", image, "--raw", output, "--force", *flags)
        return numpy.fromfile(output, dtype=numpy.float32)

    def graph_text(self, model, *flags):
        path = self.path("graph.txt")
        self.call(self.program, "convert", model, path, "--force", *flags)
        with open(path) as file:
            return file.read()

    def compare(self, runs, exported, shape, exact=None):
        """The largest relative difference between ONNX Runtime on `exported` and all of our `runs`. If it is
        above the limit and `exact` answers an image in float64: how far we and they are from that as well."""
        soft = "= softmax(" in self.graph_text(exported)
        images, answers = self.images_and_answers(exported, shape, soft)
        expected = [scores_of(answer, soft) for answer in answers]
        if difference(expected[0], expected[1]) < LEAST_RESPONSE:
            raise Disagreement("two images get the same scores: nothing is proved")
        ours = [[scores_of(self.ours(model, image, *flags), soft) for image in images] for model, flags in runs]
        worst = largest_difference(expected, ours)
        if worst <= TOLERANCE or exact is None:
            return worst, None
        truth = [scores_of(exact(image), soft) for image in images]
        return worst, (largest_difference(truth, ours), largest_difference(truth, [expected]))


def scores_of(output, soft):
    """What the last softmax was given, up to a constant that it does not see; else the output itself."""
    if not soft:
        return output
    logarithms = numpy.log(numpy.maximum(output.astype(numpy.float64), 1e-30))
    return logarithms - logarithms.mean()


def difference(expected, found):
    if expected.shape != found.shape:
        raise Disagreement(f"{found.size} values, ONNX Runtime gives {expected.size}")
    if not (numpy.isfinite(expected).all() and numpy.isfinite(found).all()):
        raise Disagreement("values that are not finite")
    return float(numpy.abs(expected - found).max() / numpy.abs(expected).max())


def largest_difference(expected, runs):
    """Of all runs, each with an answer for every image, to what is expected."""
    return max(difference(scores, found) for run in runs for scores, found in zip(expected, run))


def input_shape(text):
    """Of the graph's text: the line `input data 1x3x224x224`."""
    line = next(line for line in text.splitlines() if line.startswith("input "))
    return [int(size) for size in line.split()[-1].split("x")]


def node_count(text):
    lines = text.splitlines()
    return sum(" = " in line and not line.startswith("weight ") for line in lines)


def judge_zoo(judge, name):
    """Our export: run by us as built, run by us as imported again, run by ONNX Runtime."""
    exported, again = judge.path(f"{name}.onnx"), judge.path(f"{name}.again.onnx")
    judge.call(judge.program, "zoo", name, "-o", exported, "--force")
    built = judge.graph_text(name)
    if judge.graph_text(exported, "--keep-batch-norm") != built:
        raise Disagreement("the graph imported is not the graph exported")
    judge.call(judge.program, "convert", exported, again, "--keep-batch-norm", "--force")
    if not same_bytes(exported, again):
        raise Disagreement("exported again after import, the file is another")
    runs = [(name, []), (exported, []), (exported, ["--keep-batch-norm"])]
    compared = judge.compare(runs, exported, input_shape(built))
    os.remove(exported), os.remove(again)
    return node_count(built), *compared


def judge_binary(judge, name, method, block):
    """A binary network: the file run by us, its ONNX export, where weights are floats, by ONNX Runtime. Trained a
    little: as they are made, batch norms shift nothing, and sums of as many scales added as subtracted are exactly 0 in
    one order and next to it in another."""
    binary, exported = judge.path("binary.nsk"), judge.path("binary.onnx")
    judge.call(judge.program, "train", name, "--binarize", method, "--binary-block", block, "--data", "synthetic",
               "--epochs", "1", "--lr", "0.01", "--threads", "1", "-o", binary, "--force")
    judge.call(judge.program, "convert", binary, exported, "--force")
    text = judge.graph_text(binary)
    return node_count(text), *judge.compare([(binary, [])], exported, input_shape(text))


def same_bytes(one, other):
    with open(one, "rb") as a, open(other, "rb") as b:
        return a.read() == b.read()


def judge_torchvision(judge, name, opset, unmerged):
    """PyTorch's export: run by us with batch norms merged and as they are, run by ONNX Runtime."""
    stem = f"torchvision_{name}_{opset}" + ("_unmerged" if unmerged else "")
    exported = judge.path(stem + ".onnx")
    exporter = os.path.join(HERE, "export_torchvision.py")
    if not os.path.exists(exported) or os.path.getmtime(exported) < os.path.getmtime(exporter):
        flags = ["--keep-batch-norm"] if unmerged else []
        judge.call(sys.executable, exporter, name, exported + ".part", "--opset", str(opset), *flags)
        os.rename(exported + ".part.pt", exported + ".pt")
        os.rename(exported + ".part", exported)
    text = judge.graph_text(exported)
    runs = [(exported, []), (exported, ["--keep-batch-norm"])]

    def exact(image):
        answer = judge.path("exact.bin")
        judge.call(sys.executable, exporter, name, exported, "--exact", image, answer)
        return numpy.fromfile(answer, dtype=numpy.float64)

    return node_count(text), *judge.compare(runs, exported, input_shape(text), exact)


def verdict_on(worst, from_exact):
    """A network that amplifies rounding is judged by who is nearer to what float64 gives."""
    if worst <= TOLERANCE:
        return "agrees"
    if from_exact is None:
        return "DIFFERS"
    ours, theirs = from_exact
    verdict = "agrees" if ours <= theirs else "DIFFERS"
    return f"{verdict}: from float64 we are {ours:.1e}, they {theirs:.1e}"


def cases(judge):
    """Name and judgement of each model, in the order of the table."""
    listed = subprocess.run([judge.program, "zoo", "--json"], capture_output=True, text=True, check=True)
    rows = []
    for entry in json.loads(listed.stdout)["models"]:
        name = entry["model"]
        rows.append((f"zoo {name}", lambda name=name: judge_zoo(judge, name)))
    for name, method, block in BINARY:
        label = f"{method} {name}" + (f", {block}" if method == "xnor" else "")
        rows.append((label, lambda b=(name, method, block): judge_binary(judge, *b)))
    exports = [(name, torchvision.DEFAULT_OPSET, False) for name in torchvision.ARCHITECTURES]
    exports += [(name, opset, False) for name, opset in OTHER_OPSETS]
    exports += [(name, torchvision.DEFAULT_OPSET, True) for name in UNMERGED]
    for name, opset, unmerged in exports:
        label = f"torchvision {name}, opset {opset}" + (", unmerged" if unmerged else "")
        rows.append((label, lambda e=(name, opset, unmerged): judge_torchvision(judge, *e)))
    return rows


def digest(*paths):
    together = hashlib.sha256()
    for path in paths:
        with open(path, "rb") as file:
            together.update(file.read())
    return together.hexdigest()


def load_agreed(path, program):
    """What agreed before, if it was this program that was judged."""
    if not os.path.exists(path):
        return {}
    with open(path) as file:
        saved = json.load(file)
    return saved["rows"] if saved["program"] == program else {}


def save_agreed(path, program, rows):
    with open(path, "w") as file:
        json.dump({"program": program, "rows": rows}, file, indent=2)


def main():
    parser = argparse.ArgumentParser(description="compare netsuke with ONNX Runtime")
    parser.add_argument("names", nargs="*", help="only models whose line contains one of these")
    parser.add_argument("--netsuke", default=os.path.join(ROOT, "build", "release", "netsuke"))
    parser.add_argument("--work", default=os.path.join(ROOT, "out", "peers"), help="folder of models and answers")
    parser.add_argument("--fresh", action="store_true", help="judge again what agreed before")
    arguments = parser.parse_args()
    os.makedirs(arguments.work, exist_ok=True)
    judge = Judge(os.path.abspath(arguments.netsuke), os.path.abspath(arguments.work))
    agreed_path = judge.path("agreed.json")
    scripts = [os.path.join(HERE, name) for name in ("agree.py", "export_torchvision.py", "onnxruntime.mjs")]
    program = digest(judge.program, *scripts)
    agreed = {} if arguments.fresh else load_agreed(agreed_path, program)

    failures = 0
    print(f"{'model':<52}{'nodes':>6}  {'difference':>10}  verdict")
    for label, judgement in cases(judge):
        if arguments.names and not any(name in label for name in arguments.names):
            continue
        nodes, worst = "", ""
        try:
            if label not in agreed:
                agreed[label] = judgement()
            nodes, worst, from_exact = agreed[label]
            verdict = verdict_on(worst, from_exact)
        except Disagreement as disagreement:
            verdict = f"FAILS: {disagreement}"
        if not verdict.startswith("agrees"):
            failures += 1
            agreed.pop(label, None)
        save_agreed(agreed_path, program, agreed)
        shown = f"{worst:.1e}" if worst != "" else ""
        print(f"{label:<52}{nodes:>6}  {shown:>10}  {verdict}", flush=True)
    print(f"{failures} of the models above disagree" if failures else "all agree")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
