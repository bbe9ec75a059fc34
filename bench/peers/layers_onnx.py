"""Layers of networks alone, as ONNX files with random weights: fc6, fc7 and fc8 with a ReLU between, and a convolution.

What a layer costs cannot be told from a whole network's time, and no zoo has these; the few protocol buffers of such a
file are written here by hand.
"""

import array
import random
import sys

NETWORKS = {"alexnet_linear": [9216, 4096, 4096, 1000], "vgg16_linear": [25088, 4096, 4096, 1000]}

# The convolution of XNOR-Net's figure 4: 3x3, 256 to 256 channels, 14x14.
CONVOLUTION = "conv3x3_256"

FLOAT, INT, INTS = 1, 2, 7  # TensorProto.DataType and AttributeProto.AttributeType


def varint(number):
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def message(*fields):
    """Fields are (number, value): whole numbers, texts, or messages and data as bytes."""
    parts = []
    for number, value in fields:
        if isinstance(value, int):
            parts += [varint(number << 3), varint(value)]
        else:
            data = value.encode() if isinstance(value, str) else value
            parts += [varint(number << 3 | 2), varint(len(data)), data]
    return b"".join(parts)


def tensor(name, shape, values):
    if sys.byteorder != "little":
        values.byteswap()
    return message(*[(1, size) for size in shape], (2, FLOAT), (8, name), (9, values.tobytes()))


def flow(name, *sizes):
    """An input or output of the graph, 1 x sizes."""
    shape = message(*[(1, message((1, length))) for length in (1, *sizes)])
    return message((1, name), (2, message((1, message((1, FLOAT), (2, shape))))))


def attribute(name, value):
    """A whole number or a list of them."""
    if isinstance(value, list):
        return message((1, name), *[(8, number) for number in value], (20, INTS))
    return message((1, name), (3, value), (20, INT))


def node(op, inputs, output, **attributes):
    return message(*[(1, name) for name in inputs], (2, output), (3, output), (4, op),
                   *[(5, attribute(*pair)) for pair in attributes.items()])


def normal(source, count, deviation):
    """Normal variates, each drawn from a pool of 65536: a hundred million take seconds."""
    pool = [source.gauss(0, deviation) for _ in range(1 << 16)]
    return array.array("f", map(pool.__getitem__, array.array("H", source.randbytes(2 * count))))


def write_model(path, fields, last, sizes):
    """`sizes` of the input and of the output, after the batch."""
    graph = message(*fields, (11, flow("data", *sizes[0])), (12, flow(last, *sizes[1])))
    with open(path, "wb") as file:
        file.write(message((1, 7), (7, graph), (8, message((1, ""), (2, 13)))))


def write_convolution(path):
    weights = normal(random.Random(1), 256 * 256 * 9, (2 / (256 * 9)) ** 0.5)
    conv = node("Conv", ["data", "conv.weight"], "conv", pads=[1, 1, 1, 1])
    write_model(path, [(2, CONVOLUTION), (5, tensor("conv.weight", [256, 256, 3, 3], weights)), (1, conv)], "conv",
                ([256, 14, 14], [256, 14, 14]))


def write(name, path):
    """The network of this name in NETWORKS, or the convolution; the same bytes each time."""
    if name == CONVOLUTION:
        return write_convolution(path)
    sizes = NETWORKS[name]
    source = random.Random(1)
    fields, last = [(2, name)], "data"
    for number, (inputs, outputs) in enumerate(zip(sizes, sizes[1:]), 6):
        layer = f"fc{number}"
        weights = normal(source, inputs * outputs, (2 / inputs) ** 0.5)
        fields.append((5, tensor(f"{layer}.weight", [outputs, inputs], weights)))
        fields.append((5, tensor(f"{layer}.bias", [outputs], array.array("f", bytes(4 * outputs)))))
        fields.append((1, node("Gemm", [last, f"{layer}.weight", f"{layer}.bias"], layer, transB=1)))
        last = layer
        if outputs != sizes[-1]:
            last = f"relu{number}"
            fields.append((1, node("Relu", [layer], last)))
    write_model(path, fields, last, ([sizes[0]], [sizes[-1]]))
