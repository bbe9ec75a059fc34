#!/usr/bin/env python3
"""Writes conv.txt and linear.txt: every layer shape of the networks that `./dev bench peers` compares, once each.

    bench/shapes/generate.py [--netsuke PROGRAM]

A line is a problem, followed by the networks that have it:

    conv CHANNELS HEIGHT WIDTH -> CHANNELS KERNEL STRIDE PAD GROUPS  # NETWORK, ...
    linear INPUTS -> OUTPUTS  # NETWORK, ...

Kernel, stride and pad are height x width; the pad is the same on both sides.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "bench", "peers"))
import speed

NETWORKS = [row for row in speed.ROWS if row.dense()] + [speed.Row("alexnet_caffe", "alexnet_caffe")]

NODE = re.compile(r"(?P<name>\S+) = (?P<op>conv2d|linear)\((?P<input>[^,]+), (?P<weight>[^,)]+)[^)]*\)(?P<rest>.*)")
WEIGHT = re.compile(r"weight (\S+) ([\dx]+)")


def call(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def shape_of(text):
    return [int(size) for size in text.split("x")]


def conv_line(shape, weight, settings):
    top, left, bottom, right = (int(size) for size in settings.get("pad", "0,0,0,0").split(","))
    if (top, left) != (bottom, right) or "dilation" in settings:
        raise ValueError(f"the format has no place for {settings}")
    channels, height, width = shape[1:]
    outputs, _, kernel_h, kernel_w = weight
    return (f"conv {channels} {height} {width} -> {outputs} {kernel_h}x{kernel_w} {settings.get('stride', '1x1')} "
            f"{top}x{left} {settings.get('groups', '1')}")


def lines_of(program, network, folder):
    """One for each layer, in order."""
    described = json.loads(call(program, "inspect", network.model, *network.flags, "--json"))
    shapes = {layer["name"]: layer["output"] for layer in described["layers"]}
    path = os.path.join(folder, "graph.txt")
    call(program, "convert", network.model, path, *network.flags, "--force")
    with open(path) as file:
        graph = file.read()
    weights = {name: shape_of(size) for name, size in WEIGHT.findall(graph)}
    for node in NODE.finditer(graph):
        weight = weights[node["weight"]]
        settings = dict(setting.split("=") for setting in node["rest"].split())
        if node["op"] == "linear":
            yield f"linear {weight[1]} -> {weight[0]}"
        else:  # what is no node's output is the network's input
            yield conv_line(shapes.get(node["input"], described["input"]), weight, settings)


def main():
    parser = argparse.ArgumentParser(description="write the layer shapes of the networks that are compared")
    parser.add_argument("--netsuke", default=os.path.join(ROOT, "build", "release", "netsuke"))
    program = os.path.abspath(parser.parse_args().netsuke)
    networks_of = {}
    with tempfile.TemporaryDirectory() as folder:
        for network in NETWORKS:
            for line in lines_of(program, network, folder):
                networks = networks_of.setdefault(line, [])
                if network.name not in networks:
                    networks.append(network.name)
    for kind in ("conv", "linear"):
        with open(os.path.join(HERE, kind + ".txt"), "w") as file:
            file.write("# Made by generate.py, which says what a line means.\n")
            for line, networks in networks_of.items():
                if line.startswith(kind + " "):
                    file.write(f"{line}  # {', '.join(networks)}\n")


if __name__ == "__main__":
    main()
