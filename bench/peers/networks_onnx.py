"""Networks of kinds that no zoo here has, as ONNX files with random weights: a U-Net, and one of 1-D convolutions."""

import math
import random

from layers_onnx import node, normal, tensor, write_model


class Network:
    """Fields of the file's graph, layer by layer; `last` is what the latest one makes."""

    def __init__(self, name):
        self.fields = [(2, name)]
        self.random = random.Random(1)
        self.last = "data"

    def add(self, op, output, *inputs, **attributes):
        self.fields.append((1, node(op, list(inputs) or [self.last], output, **attributes)))
        self.last = output
        return output

    def layer(self, op, name, shape, outputs, **attributes):
        """A layer with random weights of this shape and as many biases as outputs."""
        count = math.prod(shape)
        fan = count // outputs
        for role, sizes, deviation in (("weight", shape, (2 / fan) ** 0.5), ("bias", [outputs], 0.1)):
            values = normal(self.random, count if role == "weight" else outputs, deviation)
            self.fields.append((5, tensor(f"{name}.{role}", sizes, values)))
        return self.add(op, name, self.last, f"{name}.weight", f"{name}.bias", **attributes)

    def conv(self, name, inputs, outputs, *kernel, group=1, **attributes):
        self.layer("Conv", name, [outputs, inputs // group, *kernel], outputs, group=group, **attributes)

    def conv_relu(self, name, *sizes, **attributes):
        self.conv(name, *sizes, **attributes)
        self.add("Relu", f"{name}.relu")


def unet(path):
    """Ronneberger 2015, arXiv 1505.04597, figure 1, with padding, a level less and a quarter of the channels: 16 to 128."""
    net, channels, skips = Network("unet"), 3, []

    def level(name, outputs):
        nonlocal channels
        for number in (1, 2):
            net.conv_relu(f"{name}.{number}", channels, outputs, 3, 3, pads=[1, 1, 1, 1])
            channels = outputs

    for depth, outputs in enumerate((16, 32, 64)):
        level(f"down{depth}", outputs)
        skips.append((depth, net.last, outputs))
        net.add("MaxPool", f"pool{depth}", kernel_shape=[2, 2], strides=[2, 2])
    level("bottom", 128)
    for depth, skip, outputs in reversed(skips):
        net.layer("ConvTranspose", f"larger{depth}", [channels, outputs, 2, 2], outputs, strides=[2, 2])
        net.add("Concat", f"joined{depth}", skip, net.last, axis=1)
        channels = 2 * outputs
        level(f"up{depth}", outputs)
    net.conv("scores", channels, 2, 1, 1)
    write_model(path, net.fields, net.last, ([3, 128, 128], [2, 128, 128]))


def temporal(path):
    """A second of sound at 16 kHz: a wide first filter, then six blocks with shortcuts, whose dilated depthwise
    convolutions see ever more of it."""
    net, channels = Network("temporal"), 64
    net.conv_relu("first", 1, channels, 80, strides=[16], pads=[32, 32])
    for block in range(6):
        before, reach = net.last, 4 * 2**block
        net.conv_relu(f"deep{block}", channels, channels, 9, group=channels, dilations=[2**block], pads=[reach, reach])
        net.conv(f"mixed{block}", channels, channels, 1)
        net.add("Add", f"sum{block}", before, net.last)
        net.add("Relu", f"out{block}")
    net.add("GlobalAveragePool", "mean")
    net.add("Flatten", "flat")
    net.layer("Gemm", "scores", [12, channels], 12, transB=1)
    write_model(path, net.fields, net.last, ([1, 16000], [12]))


WRITERS = {"unet": unet, "temporal": temporal}
