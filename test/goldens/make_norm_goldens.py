"""What PyTorch makes of the norms, in training and in evaluation, in float64.

Run it as make_goldens.py says:

    /usr/bin/python3 test/goldens/make_norm_goldens.py      # writes test/goldens/norms.json

Nothing is drawn at random: test/support/norm-goldens.ts computes the same inputs by the formula of `values`. Arrays are
in gradgpu's order, channels last. Each layer sees two batches in training, its parameters unchanged, and one in evaluation:

    training    for each batch y, and the gradients of Σ cotangent · y for x, weight and bias
    buffers     after both
    evaluation  y and the gradient for x, with those running statistics

PyTorch 1.13 has no RMSNorm: `RmsNorm` below is its definition.
"""
import json
import math
import os

import numpy
import torch
from torch import nn


def values(shape, index):
    """Element i of array p: sin(0.7 i + 1.3 p + 0.013 (i² mod 1009)), rounded to float32 as inputs are."""
    i = numpy.arange(math.prod(shape))
    wave = numpy.sin(0.7 * i + 1.3 * index + 0.013 * (i * i % 1009))
    return numpy.float64(numpy.float32(wave)).reshape(tuple(shape))


def rounded32(array):
    return torch.from_numpy(numpy.asarray(array, numpy.float32).astype(numpy.float64))


class RmsNorm(nn.Module):
    """Zhang & Sennrich 2019, with torch.nn.RMSNorm's default for ε, that of float32."""

    def __init__(self, shape, eps=2.0**-23, elementwise_affine=True):
        super().__init__()
        self.axes = tuple(range(-len(shape), 0))
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(shape)) if elementwise_affine else None

    def forward(self, x):
        y = x / torch.sqrt((x * x).mean(self.axes, keepdim=True) + self.eps)
        return y if self.weight is None else y * self.weight


# (title, gradgpu's layer, its arguments, PyTorch's layer, the input's shape with channels last)
CASES = [
    ("rows", "layerNorm", [6, {}], nn.LayerNorm(6), [4, 3, 6]),
    ("two dimensions, ε", "layerNorm", [[3, 6], {"epsilon": 1e-2}], nn.LayerNorm([3, 6], eps=1e-2), [4, 3, 6]),
    ("no affine", "layerNorm", [6, {"affine": False}], nn.LayerNorm(6, elementwise_affine=False), [5, 6]),
    ("rows", "rmsNorm", [6, {}], RmsNorm([6]), [4, 3, 6]),
    ("two dimensions, ε", "rmsNorm", [[3, 6], {"epsilon": 1e-2}], RmsNorm([3, 6], 1e-2), [4, 3, 6]),
    ("no affine", "rmsNorm", [6, {"affine": False}], RmsNorm([6], elementwise_affine=False), [5, 6]),
    ("images", "batchNorm2d", [3, {}], nn.BatchNorm2d(3), [2, 4, 3, 3]),
    (
        "ε and momentum", "batchNorm2d", [3, {"epsilon": 1e-2, "momentum": 0.3}],
        nn.BatchNorm2d(3, eps=1e-2, momentum=0.3), [2, 4, 3, 3],
    ),
    (
        "mean over all batches, no affine", "batchNorm2d", [3, {"momentum": "cumulative", "affine": False}],
        nn.BatchNorm2d(3, momentum=None, affine=False), [2, 4, 3, 3],
    ),
    (
        "no running statistics", "batchNorm2d", [3, {"trackRunningStats": False}],
        nn.BatchNorm2d(3, track_running_stats=False), [2, 4, 3, 3],
    ),
    ("rows", "batchNorm1d", [5, {}], nn.BatchNorm1d(5), [7, 5]),
    ("sequences", "batchNorm1d", [5, {"momentum": 0.3}], nn.BatchNorm1d(5, momentum=0.3), [3, 4, 5]),
    (
        "sequences, mean over all batches, ε", "batchNorm1d", [5, {"momentum": "cumulative", "epsilon": 1e-2}],
        nn.BatchNorm1d(5, eps=1e-2, momentum=None), [3, 4, 5],
    ),
    (
        "no affine, no running statistics", "batchNorm1d", [5, {"affine": False, "trackRunningStats": False}],
        nn.BatchNorm1d(5, affine=False, track_running_stats=False), [7, 5],
    ),
    ("images", "groupNorm", [2, 6, {}], nn.GroupNorm(2, 6), [2, 3, 2, 6]),
    ("one group, rows, ε", "groupNorm", [1, 6, {"epsilon": 1e-2}], nn.GroupNorm(1, 6, eps=1e-2), [4, 6]),
    ("a channel a group, sequences", "groupNorm", [6, 6, {"affine": False}], nn.GroupNorm(6, 6, affine=False), [2, 5, 6]),
    ("images", "instanceNorm2d", [3, {}], nn.InstanceNorm2d(3), [2, 4, 3, 3]),
    ("affine, ε", "instanceNorm2d", [3, {"affine": True, "epsilon": 1e-2}], nn.InstanceNorm2d(3, eps=1e-2, affine=True), [2, 4, 3, 3]),
    (
        "running statistics, momentum, ε", "instanceNorm2d", [3, {"trackRunningStats": True, "momentum": 0.3, "epsilon": 1e-2}],
        nn.InstanceNorm2d(3, eps=1e-2, momentum=0.3, track_running_stats=True), [2, 4, 3, 3],
    ),
    (
        "affine, running statistics", "instanceNorm2d", [3, {"affine": True, "trackRunningStats": True}],
        nn.InstanceNorm2d(3, affine=True, track_running_stats=True), [2, 4, 3, 3],
    ),
]

# Which of PyTorch's layers take channels second.
CHANNELS_SECOND = (nn.BatchNorm1d, nn.BatchNorm2d, nn.GroupNorm, nn.InstanceNorm2d)


def flat(array):
    return [float(f"{v:.12g}") for v in array.detach().numpy().flatten()]


def step(layer, shape, index):
    """The layer's output and gradients for input `index`, in gradgpu's order."""
    last = rounded32(1.5 + 0.8 * values(shape, index))
    is_second = isinstance(layer, CHANNELS_SECOND) and len(shape) > 2
    to_torch = (lambda a: a.movedim(-1, 1)) if is_second else (lambda a: a)
    x = last.clone().requires_grad_(True)
    layer.zero_grad()
    y = layer(to_torch(x))
    y = y.movedim(1, -1) if is_second else y
    (torch.from_numpy(values(shape, 20 + index)) * y).sum().backward()
    gradients = {name: flat(p.grad) for name, p in layer.named_parameters()}
    return {"y": flat(y), "x": flat(x.grad), **gradients}


def record(title, name, arguments, layer, shape):
    layer.double()
    with torch.no_grad():
        for index, (of, p) in enumerate(layer.named_parameters()):
            start = 1 if of == "weight" else 0
            p.copy_(rounded32(start + 0.3 * values(p.shape, 10 + index)))
    layer.train()
    training = [step(layer, shape, index) for index in (1, 2)]
    buffers = {of: flat(b.double()) for of, b in layer.named_buffers()}
    if isinstance(layer, nn.InstanceNorm2d):
        # PyTorch has the counter and leaves it at 0; gradgpu counts.
        buffers.pop("num_batches_tracked", None)
    layer.eval()
    state = {of: list(value.shape) for of, value in layer.state_dict().items()}
    return {
        "title": title, "layer": name, "arguments": arguments, "shape": shape, "state": state,
        "training": training, "buffers": buffers, "evaluation": step(layer, shape, 3),
    }


if __name__ == "__main__":
    results = {
        "about": f"by test/goldens/make_norm_goldens.py with PyTorch {torch.__version__}",
        "cases": [record(*case) for case in CASES],
    }
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "norms.json")
    with open(path, "w") as file:
        json.dump(results, file, separators=(",", ":"))
        file.write("\n")
    for case in results["cases"]:
        print(case["layer"], case["title"], list(case["state"]), case["training"][0]["y"][:3])
