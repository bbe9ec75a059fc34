#!/usr/bin/python3
"""Writes torchvision's architectures as ONNX files, as PyTorch's own exporter spells them.

    /usr/bin/python3 export_torchvision.py NAME FILE.onnx [--opset N] [--keep-batch-norm]
    /usr/bin/python3 export_torchvision.py NAME FILE.onnx --exact IMAGE ANSWER

The second form writes what the exported network answers in float64, to images of float32: FILE.onnx.pt, which
the first form leaves beside its file, holds the network.

Weights are random from a fixed seed. Each batch norm first takes the statistics of random images, so that the
signal neither dies nor explodes on its way through many layers; then statistics, scale and shift are moved a
little, so that a reader who folds batch norms wrongly computes something else.
"""

import argparse
import warnings

import numpy
import torch
import torchvision

ARCHITECTURES = [
    "alexnet",
    "vgg16",
    "googlenet",
    "inception_v3",
    "squeezenet1_0",
    "squeezenet1_1",
    "mobilenet_v2",
    "mobilenet_v3_small",
    "shufflenet_v2_x1_0",
    "resnet18",
    "mnasnet0_5",
    "densenet121",
    "efficientnet_b0",
    "convnext_tiny",
]

DEFAULT_OPSET = torch.onnx._constants.ONNX_DEFAULT_OPSET
HIGHEST_OPSET = torch.onnx._constants.ONNX_MAX_OPSET


def image_size(name):
    return 299 if name == "inception_v3" else 224


def build(name):
    """The architecture with random weights, in eval mode."""
    options = {}
    if name in ("googlenet", "inception_v3"):
        # Their own initialisation draws from a truncated normal distribution for minutes.
        options["init_weights"] = False
        # As with pretrained weights: channels are scaled one by one before the first layer.
        options["transform_input"] = True
    return getattr(torchvision.models, name)(weights=None, **options).eval()


def random_image(random, shape):
    """Noise over a coarse pattern: networks average noise alone away, and all images would look the same."""
    images, channels, height, width = shape
    coarse = random.normal(scale=2, size=(images, channels, 5, 5))
    rows, columns = numpy.arange(height) * 5 // height, numpy.arange(width) * 5 // width
    pattern = coarse[:, :, rows][:, :, :, columns]
    return (pattern + random.normal(size=shape)).astype(numpy.float32)


def settle_batch_norms(model, size):
    """Gives each batch norm the statistics of random images, then moves all that it holds a little."""
    norms = [module for module in model.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 1.0
        norm.train()
    with torch.no_grad():
        model(torch.from_numpy(random_image(numpy.random.default_rng(0), (4, 3, size, size))))
    for norm, momentum in zip(norms, momenta):
        norm.momentum = momentum
        norm.eval()
        norm.running_mean += 0.1 * torch.randn_like(norm.running_mean)
        norm.running_var *= torch.empty_like(norm.running_var).uniform_(0.7, 1.4)
        with torch.no_grad():
            norm.weight.uniform_(0.7, 1.4)
            norm.bias.normal_(std=0.1)


def export(name, path, opset, keep_batch_norm):
    warnings.simplefilter("ignore")
    torch.manual_seed(1)
    size = image_size(name)
    model = build(name)
    settle_batch_norms(model, size)
    # The exporter merges batch norms into the convolutions before them, unless it believes in training.
    training = torch.onnx.TrainingMode.PRESERVE if keep_batch_norm else torch.onnx.TrainingMode.EVAL
    image = torch.randn(1, 3, size, size)
    torch.onnx.export(model, image, path, opset_version=opset, training=training)
    torch.save(model.eval(), path + ".pt")


def answer_exactly(name, path, image_path, answer_path):
    size = image_size(name)
    image = numpy.fromfile(image_path, dtype=numpy.float32).astype(numpy.float64)
    model = torch.load(path + ".pt").double()
    with torch.no_grad():
        answer = model(torch.from_numpy(image.reshape(1, 3, size, size)))
    answer.numpy().astype(numpy.float64).tofile(answer_path)


def main():
    parser = argparse.ArgumentParser(description="export a torchvision architecture with random weights")
    parser.add_argument("name", choices=ARCHITECTURES)
    parser.add_argument("path")
    parser.add_argument("--opset", type=int, default=DEFAULT_OPSET)
    parser.add_argument("--keep-batch-norm", action="store_true", help="do not merge batch norms")
    parser.add_argument("--exact", nargs=2, metavar=("IMAGE", "ANSWER"), help="answer in float64 instead")
    arguments = parser.parse_args()
    if arguments.exact:
        answer_exactly(arguments.name, arguments.path, *arguments.exact)
        return
    export(arguments.name, arguments.path, arguments.opset, arguments.keep_batch_norm)


if __name__ == "__main__":
    main()
