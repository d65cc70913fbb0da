"""What PyTorch makes of the verbs that are compositions, and of their gradients, in float64.

Run it as make_goldens.py says:

    /usr/bin/python3 test/goldens/make_verb_goldens.py      # writes test/goldens/verbs.json

test/cases/verbs.ts has a verb for every case, by its name. Inputs are not stored but computed by the formula of `values`,
between the bounds that a case gives, unless it gives elements; tensors are in gradgpu's order, channels last. Each case
has the results and, for every input of floating point that has one, the gradient of Σ cotangent · result.
"""
import json
import math
import os

import numpy
import torch
import torch.nn.functional as F


def values(shape, index, low=-1.0, high=1.0):
    """Element i of array p: sin(0.7 i + 1.3 p + 0.013 (i² mod 1009)) between the bounds, rounded to float32."""
    i = numpy.arange(math.prod(shape))
    wave = numpy.sin(0.7 * i + 1.3 * index + 0.013 * (i * i % 1009))
    return numpy.float32(low + (high - low) * (wave + 1) / 2).astype(numpy.float64).reshape(tuple(shape))


class Input:
    """An f32 of `shape` between `bounds`, or with `elements`; i32 where the dtype says so."""

    def __init__(self, *shape, bounds=(-1.0, 1.0), elements=None, dtype="f32"):
        self.shape, self.bounds, self.elements, self.dtype = list(shape), bounds, elements, dtype

    def tensor(self, index):
        if self.elements is not None:
            array = numpy.float64(numpy.float32(numpy.array(self.elements, dtype=numpy.float64)))
            array = array.reshape(tuple(self.shape))
        else:
            array = values(self.shape, index, *self.bounds)
        if self.dtype == "f32":
            return torch.from_numpy(array).requires_grad_()
        if self.dtype == "bool":
            return torch.from_numpy(array) > 0
        return torch.from_numpy(numpy.floor(array)).to(torch.int64)

    def record(self):
        record = {"shape": self.shape, "dtype": self.dtype}
        if self.elements is not None:
            return {**record, "elements": [written(x) for x in self.elements]}
        return {**record, "bounds": list(self.bounds)}


def written(x):
    if isinstance(x, bool):
        return int(x)
    if math.isnan(x):
        return "NaN"
    if math.isinf(x):
        return "Infinity" if x > 0 else "-Infinity"
    return float(f"{x:.10g}")


def listed(tensor):
    return [written(x) for x in tensor.detach().to(torch.float64).flatten().tolist()]


CASES = {}


def case(name, inputs, fn, gradient=True):
    """`gradient=False` where ours is told otherwise than PyTorch's, or PyTorch has none."""
    assert name not in CASES, name
    tensors = [of.tensor(i) for i, of in enumerate(inputs)]
    outputs = fn(*tensors)
    outputs = list(outputs) if isinstance(outputs, (tuple, list)) else [outputs]
    floats = [out for out in outputs if out.dtype == torch.float64]
    sources = [x for x in tensors if x.requires_grad] if gradient else []
    gradients = []
    if sources and any(out.requires_grad for out in floats):
        loss = sum(
            (torch.from_numpy(values(out.shape, 7 + i)) * out).sum() for i, out in enumerate(floats)
        )
        found = torch.autograd.grad(loss, sources, allow_unused=True)
        gradients = [None if g is None else listed(g) for g in found]
    CASES[name] = {
        "inputs": [of.record() for of in inputs],
        "outputs": [{"shape": list(out.shape), "data": listed(out)} for out in outputs],
        "gradients": gradients,
    }


NAN, INF = math.nan, math.inf
SPECIAL = [NAN, INF, -INF, 0.0, 1.0, -1.0, 0.5, -2.0]


def scalar(name, fn, bounds=(-3.0, 3.0), special=True):
    """A function of one number: on 37 of them, and on those that are not finite, without gradients."""
    case(name, [Input(37, bounds=bounds)], fn)
    if special:
        case(f"{name} of special numbers", [Input(len(SPECIAL), elements=SPECIAL)], fn, gradient=False)


def edges(name, fn, *points):
    """A function made of pieces: where they meet, on both sides, at both zeros and at infinity, with its gradient."""
    elements = [x for p in points for x in (p - 0.25, p, p + 0.25)] + [0.0, -0.0, INF, -INF]
    case(f"{name} at its edges", [Input(len(elements), elements=elements)], fn)


def scalars():
    scalar("rsqrt", torch.rsqrt, (0.1, 4), special=False)
    scalar("gelu", F.gelu, special=False)
    scalar("gelu by tanh", lambda x: F.gelu(x, approximate="tanh"), special=False)
    scalar("silu", F.silu, special=False)
    scalar("mish", F.mish, special=False)
    scalar("leakyRelu", lambda x: F.leaky_relu(x, 0.2))
    scalar("elu", lambda x: F.elu(x, 1.5))
    scalar("celu", lambda x: F.celu(x, 1.5))
    scalar("selu", F.selu)
    scalar("relu6", F.relu6, (-3, 9))
    # F.hardsigmoid's own gradient is 1/6 in float32.
    scalar("hardSigmoid", lambda x: F.relu6(x + 3) / 6, (-5, 5))
    scalar("hardSwish", F.hardswish, (-5, 5), special=False)
    scalar("hardTanh", F.hardtanh)
    scalar("clip", lambda x: x.clamp(-0.6, 1.7))
    scalar("softsign", F.softsign, special=False)
    scalar("logSigmoid", F.logsigmoid, (-30, 30))
    scalar("tanhShrink", F.tanhshrink)
    # PyTorch 1.13 loses NaN here; later ones keep it.
    scalar("softShrink", lambda x: F.softshrink(x, 0.7), special=False)
    scalar("hardShrink", lambda x: F.hardshrink(x, 0.7))
    scalar("thresholdedRelu", lambda x: F.threshold(x, 0.6, 0.25))
    edges("relu", F.relu, 0)
    edges("abs", torch.abs, 0)
    edges("clip", lambda x: x.clamp(-1, 1), -1, 1)
    edges("leakyRelu", F.leaky_relu, 0)
    edges("elu", F.elu, 0)
    edges("celu", F.celu, 0)
    edges("selu", F.selu, 0)
    edges("relu6", F.relu6, 0, 6)
    edges("hardSigmoid", lambda x: F.relu6(x + 3) / 6, -3, 3)
    # F.hardswish has 1 or 1.5 at 3, by where in the tensor it is, and −½ or 0 at −3, by its version.
    finite = Input(6, elements=[-3.25, -3, -2.75, 2.75, 3, 3.25])
    case("hardSwish at its edges", [finite], lambda x: x * F.relu6(x + 3) / 6)
    edges("hardTanh", F.hardtanh, -1, 1)
    edges("softShrink", F.softshrink, -0.5, 0.5)
    edges("hardShrink", F.hardshrink, -0.5, 0.5)
    edges("thresholdedRelu", lambda x: F.threshold(x, 1, 0), 1)
    edges("logSigmoid", F.logsigmoid, 0)
    edges("softplus", F.softplus, 0)
    case("elu, celu and selu far below 0", [Input(2, elements=[-19.5, -20.25])],
         lambda x: [fn(x) for fn in (F.elu, F.celu, F.selu)])
    case("gelu by tanh of large numbers", [Input(4, elements=[1e20, 3e38, -1e20, -3e38])],
         lambda x: torch.cat([x[:2], x[2:] * 0]))
    case("glu", [Input(3, 6, 2)], lambda x: F.glu(x, 1))
    case("prelu", [Input(5, 4, bounds=(-3, 3)), Input(4, bounds=(0, 0.5))], lambda x, a: torch.where(x > 0, x, x * a))
    case("heaviside", [Input(8, elements=SPECIAL[1:] + [0.0])], lambda x: torch.heaviside(x.detach(), torch.tensor(0.5, dtype=x.dtype)))

    scalar("log1p", torch.log1p, (-0.9, 3))
    scalar("log1p near 0", torch.log1p, (-1e-5, 1e-5), special=False)
    scalar("expm1", torch.expm1)
    scalar("expm1 near 0", torch.expm1, (-1e-5, 1e-5), special=False)
    scalar("expm1 of large numbers", torch.expm1, (-80, 80), special=False)
    scalar("log2", torch.log2, (0.1, 9))
    scalar("log10", torch.log10, (0.1, 9))
    scalar("exp2", torch.exp2)
    case("logAddExp", [Input(5, 1, bounds=(-9, 9)), Input(7, bounds=(-9, 9))], torch.logaddexp)
    case(
        "logAddExp of special numbers",
        [Input(6, elements=[200, -200, -INF, INF, 1, NAN]), Input(6, elements=[200, -INF, -INF, 3, -INF, 0])],
        torch.logaddexp, gradient=False,
    )

    scalar("tan", torch.tan, (-1.4, 1.4))
    scalar("asin", torch.asin, (-0.99, 0.99))
    scalar("acos", torch.acos, (-0.99, 0.99))
    scalar("acos near 1", torch.acos, (0.999, 0.99999), special=False)
    scalar("atan", torch.atan, (-9, 9))
    scalar("sinh", torch.sinh)
    scalar("sinh near 0", torch.sinh, (-1e-4, 1e-4), special=False)
    scalar("cosh", torch.cosh)
    scalar("cosh near 0", torch.cosh, (-1e-4, 1e-4), special=False)
    largest = [Input(7, elements=[88.75, -88.75, 89, -89, 89.375, -20.5, 1])]
    case("sinh of the largest", largest, torch.sinh)
    case("cosh of the largest", largest, torch.cosh)
    case("sinh of infinities and around 1", [Input(6, elements=[INF, -INF, 1, -1, 0.999, 40])], torch.sinh)
    scalar("asinh", torch.asinh, (-9, 9))
    scalar("asinh of large numbers", torch.asinh, (-1e30, 1e30), special=False)
    scalar("acosh", torch.acosh, (1.01, 9))
    case("acosh of large numbers", [Input(5, elements=[2, 2.0000002384185791, 1e10, 1e20, 3e38])], torch.acosh)
    scalar("atanh", torch.atanh, (-0.99, 0.99))
    case("atan2", [Input(37, bounds=(-3, 3)), Input(37, bounds=(-3, 3))], torch.atan2)
    case(
        "atan2 on the axes",
        [Input(9, elements=[0, 0, 1, -1, INF, -INF, INF, 1, NAN]), Input(9, elements=[1, -1, 0, 0, INF, -INF, 1, -INF, 1])],
        torch.atan2, gradient=False,
    )
    case("hypot", [Input(5, 1, bounds=(-3, 3)), Input(7, bounds=(-3, 3))], torch.hypot)
    case(
        "hypot of large and small numbers",
        [Input(6, elements=[3e30, 3e-30, 0, INF, NAN, -5]), Input(6, elements=[4e30, 4e-30, 0, 1, 1, 0])],
        torch.hypot, gradient=False,
    )

    scalar("round", torch.round, (-4, 4))
    case("round of halves", [Input(9, elements=[-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.49999997, 8388609.0, -7.5])], torch.round)
    scalar("trunc", torch.trunc, (-4, 4))
    scalar("frac", torch.frac, (-4, 4), special=False)
    for name, fn in {"mod": torch.remainder, "fmod": torch.fmod}.items():
        case(name, [Input(9, 1, bounds=(-9, 9)), Input(7, bounds=(-3.1, 2.9))], fn)
        wide = [Input(6, elements=[3, -3, 3, -3, INF, 0]), Input(6, elements=[INF, INF, -INF, -INF, 2, INF])]
        case(f"{name} of infinities", wide, fn, gradient=False)
    case("floorDiv", [Input(9, 1, bounds=(-9, 9)), Input(7, bounds=(-3.1, 2.9))], lambda a, b: torch.floor(a / b).detach())
    signed = [Input(6, dtype="i32", elements=[7, -7, 7, -7, 6, 0]), Input(6, dtype="i32", elements=[3, 3, -3, -3, 2, 5])]
    case("mod of whole numbers", signed, torch.remainder)
    case("fmod of whole numbers", signed, torch.fmod)
    case("floorDiv of whole numbers", signed, lambda a, b: torch.div(a, b, rounding_mode="floor"))

    bools = [Input(4, dtype="bool", elements=[0, 0, 1, 1]), Input(4, dtype="bool", elements=[0, 1, 0, 1])]
    case("xor", bools, torch.logical_xor)
    case("isNan", [Input(len(SPECIAL), elements=SPECIAL)], torch.isnan)
    case("isInf", [Input(len(SPECIAL), elements=SPECIAL)], torch.isinf)


def reductions():
    x = Input(3, 5, 4)
    zeros = Input(3, 4, elements=[1, 2, 0, 3, 0, 2, 0, 1, -1, 2, 3, 0.5])
    case("prod of rows", [x], lambda x: x.prod(2))
    case("prod of everything", [Input(3, 7, bounds=(0.5, 1.5))], torch.prod)
    case("prod of two axes, kept", [Input(3, 5, 4, bounds=(0.5, 2))], lambda x: x.prod(2, keepdim=True).prod(0, keepdim=True))
    case("prod with zeros", [zeros], lambda x: x.prod(1))
    case("prod of 100", [Input(100, bounds=(0.5, 2))], lambda x: x.prod(0))
    case("prod of whole numbers", [Input(2, 3, dtype="i32", elements=[1, -2, 3, 4, 5, 6])], lambda x: x.prod(1))
    bools = Input(3, 4, dtype="bool", elements=[0, 1, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0])
    case("any", [bools], lambda x: x.any(1))
    case("all", [bools], lambda x: x.all(1))
    case("all of everything, kept", [bools], lambda x: x.all().reshape(1, 1))
    case("argmin", [x], lambda x: x.argmin(1))
    case("argmin of whole numbers", [Input(2, 4, dtype="i32", elements=[3, -2147483648, 5, 0, 7, 7, 2, 2])], lambda x: x.argmin(1))
    case("variance", [x], lambda x: x.var(1))
    case("variance of everything, not corrected", [x], lambda x: x.var(unbiased=False))
    case("std of two axes, kept", [x], lambda x: x.std((0, 2), keepdim=True))
    case("std of equals", [Input(2, 3, elements=[1, 1, 1, 1, 2, 3])], lambda x: x.std(1))
    case("sumOfSquares", [Input(3, 5), Input(7)], lambda a, b: (a * a).sum() + (b * b).sum())
    case("logSumExp", [Input(3, 5, bounds=(-9, 9))], lambda x: x.logsumexp(1))
    case(
        "logSumExp of large and infinite numbers",
        [Input(4, 3, elements=[1000, 1000, -5, -1000, -1001, -1002, -INF, 0, 1, 3, INF, 1])],
        lambda x: x.logsumexp(1, keepdim=True), gradient=False,
    )
    case("norm", [x], lambda x: x.norm(dim=2))
    case("norm of zeros", [Input(2, 3, elements=[0, 0, 0, 3, 4, 0])], lambda x: x.norm(dim=1))
    case("norm 1", [x], lambda x: x.norm(p=1))
    case("norm infinity", [x], lambda x: torch.linalg.vector_norm(x, math.inf, dim=(0, 1)))
    case("norm minus infinity", [x], lambda x: torch.linalg.vector_norm(x, -math.inf, dim=1))
    case("norm 0", [zeros], lambda x: torch.linalg.vector_norm(x.detach(), 0, dim=1))
    zero = Input(2, 3, elements=[0, 1, -2, 1.5, 3, -2])
    case("norm 1/2", [zero], lambda x: torch.linalg.vector_norm(x, 0.5, dim=1))
    case("norm -1", [zero], lambda x: torch.linalg.vector_norm(x, -1, dim=1))
    # The smallest is what counts: its square is 1e50 times that of the others.
    case("norm -2", [Input(3, elements=[1, 1e-25, -2])], lambda x: torch.linalg.vector_norm(x, -2))
    case("normalise", [x], lambda x: torch.nn.functional.normalize(x, dim=-1))
    case("normalise zeros", [Input(2, 3, elements=[0, 0, 0, 3, 4, 0])], lambda x: torch.nn.functional.normalize(x, dim=1, eps=0.5))
    case("normalise 1", [x], lambda x: torch.nn.functional.normalize(x, p=1, dim=0))
    case("norm 3", [x], lambda x: torch.linalg.vector_norm(x, 3, dim=(0, 2), keepdim=True))

    case("cumsum", [x], lambda x: x.cumsum(1))
    case("cumsum of a long axis", [Input(2, 71)], lambda x: x.cumsum(1))
    case("cumsum, reversed", [Input(2, 37, 2)], lambda x: x.flip(1).cumsum(1).flip(1))
    case("cumsum, exclusive", [Input(2, 37, 2)], lambda x: x.cumsum(1) - x)
    case("cumsum, both", [Input(40, 3)], lambda x: x.flip(0).cumsum(0).flip(0) - x)
    case("cumsum with infinities", [Input(6, elements=[1, 2, INF, 3, -INF, 1])], lambda x: x.cumsum(0), gradient=False)
    case("cumsum of whole numbers", [Input(5, dtype="i32", elements=[1, 2, -3, 2000000000, 5])], lambda x: x.cumsum(0))
    case("cumprod", [Input(3, 7, bounds=(0.5, 2))], lambda x: x.cumprod(1))
    case("cumprod with zeros", [zeros], lambda x: x.cumprod(1))
    case("cumprod, exclusive and reversed", [Input(3, 4, bounds=(0.5, 2))],
         lambda x: torch.cat([torch.ones_like(x[:, :1]), x.flip(1)[:, :-1].cumprod(1)], 1).flip(1))
    case("cummax", [x], lambda x: x.cummax(1)[0])
    case("cummin, reversed", [x], lambda x: x.flip(2).cummin(2)[0].flip(2))
    case("cummax with NaN", [Input(4, elements=[1, NAN, 3, 2])], lambda x: x.cummax(0)[0], gradient=False)


def arrangements():
    x = Input(3, 5, 4)
    case("flip", [x], lambda x: x.flip(1))
    case("flip of all axes", [x], lambda x: x.flip(0, 1, 2))
    case("slice with steps", [Input(3, 9, 4)], lambda x: x[0:3:2, 1:9:3, 0:3])
    case("slice backwards", [Input(7, 6)], lambda x: x.flip(0)[1::2].flip(1)[:, 2:6:3])
    case("slice with steps beyond the end", [Input(5, 2)], lambda x: x[0::4])
    case("slice of the first dimensions", [Input(5, 3, 2)], lambda x: x[1:3])
    case("slice of the first dimensions with steps", [Input(7, 3, 2)], lambda x: x[1:6:2])
    case("stack", [Input(3, 2), Input(3, 2)], lambda a, b: torch.stack([a, b], 1))
    case("unstack", [x], lambda x: x.unbind(2))
    case("split", [x], lambda x: x.split([2, 3], 1))
    case("split evenly", [x], lambda x: x.chunk(2, 2))
    case("roll", [x], lambda x: x.roll(2, 1))
    case("roll back", [x], lambda x: x.roll(-7, 2))
    case("roll of several axes", [x], lambda x: x.roll((-2, 1, 3), (1, 0, -1)))
    case("tile", [Input(2, 3)], lambda x: x.tile(2, 1, 2))
    case("repeat", [Input(2, 3)], lambda x: x.repeat_interleave(3, 1))
    case("moveAxis", [x], lambda x: x.movedim(0, 2))
    case("swapAxes", [x], lambda x: x.swapaxes(0, 2))
    case("flatten", [x], lambda x: x.flatten(1))
    case("depthToSpace", [Input(1, 2, 3, 12)],
         lambda x: x.reshape(1, 2, 3, 2, 2, 3).permute(0, 1, 3, 2, 4, 5).reshape(1, 4, 6, 3))
    case("pixelShuffle", [Input(2, 2, 3, 12)],
         lambda x: torch.pixel_shuffle(x.permute(0, 3, 1, 2), 2).permute(0, 2, 3, 1))
    case("spaceToDepth", [Input(1, 4, 6, 3)],
         lambda x: x.reshape(1, 2, 2, 3, 2, 3).permute(0, 1, 3, 2, 4, 5).reshape(1, 2, 3, 12))
    planes = Input(2, 4, 5)
    around = [2, 1, 1, 3]
    case("padAs constant", [planes], lambda x: F.pad(x, around, value=2.5))
    case("padAs minus infinity", [Input(3)], lambda x: F.pad(x, [1, 2], value=-INF))
    for mode in ["reflect", "replicate", "circular"]:
        case(f"padAs {mode}", [planes], lambda x, mode=mode: F.pad(x[None], around, mode=mode)[0])
    case("padAs symmetric", [Input(4)], lambda x: torch.cat([x[:3].flip(0), x, x[-2:].flip(0)]))
    case("tril", [planes], torch.tril)
    case("triu", [planes], lambda x: torch.triu(x, 2))
    case("tril below", [planes], lambda x: torch.tril(x, -1))
    case("diagonal", [planes], lambda x: x.diagonal(1, 1, 2))
    case("diagonal of other axes", [planes], lambda x: x.diagonal(-1, 2, 0))
    case("diag", [Input(2, 3)], torch.diag_embed)
    case("meshgrid", [Input(3), Input(2)], lambda a, b: torch.meshgrid(a, b, indexing="ij"))
    case("range", [], lambda: torch.arange(2, 11, 3))
    case("range of fractions", [], lambda: torch.arange(1.0, -0.5, -0.25, dtype=torch.float64))
    case("squeeze", [Input(3, 1, 4)], lambda x: x.squeeze(1))
    case("unsqueeze", [Input(3, 4)], lambda x: x.unsqueeze(1))
    case("unsqueeze behind the last", [Input(3, 4)], lambda x: x.unsqueeze(-1))
    case("asTensor", [], lambda: torch.tensor(2.5, dtype=torch.float64))
    case("full", [], lambda: torch.full((2, 3), 2.5, dtype=torch.float64))
    case("zeros", [], lambda: torch.zeros(3, 2, dtype=torch.float64))
    case("ones", [], lambda: torch.ones(2, 0, 3, dtype=torch.float64))
    case("ones of whole numbers", [], lambda: torch.ones(4, dtype=torch.int64))
    case("arange", [], lambda: torch.arange(7))
    case("linspace", [], lambda: torch.linspace(-1, 2, 7, dtype=torch.float64))
    case("eye", [], lambda: torch.eye(3, 4, dtype=torch.float64))


def look_ups():
    x = Input(3, 5, 4)
    ids = Input(2, 3, dtype="i32", elements=[4, 0, 2, 2, 1, 4])
    case("take", [x, ids], lambda x, i: x[:, i])
    case("take of rows", [Input(5, 3), ids], lambda x, i: x[i])
    case("take from the end", [x, Input(2, dtype="i32", elements=[-1, -4])], lambda x, i: x[:, :, i])
    case("take of whole numbers", [Input(5, dtype="i32", elements=[1, 2000000001, -7, 4, 5]), ids], lambda x, i: x[i])
    case("take of one", [x], lambda x: x[:, 2])
    case("take of the last", [x], lambda x: x[-1])
    along = Input(3, 2, 4, dtype="i32", bounds=(0, 5))
    case("gather", [x, along], lambda x, i: x.gather(1, i))
    case("gather of fewer", [x, Input(2, 5, 3, dtype="i32", bounds=(0, 4))], lambda x, i: x.gather(2, i))
    case("gatherNd", [x, Input(2, 2, dtype="i32", elements=[2, 4, 0, 1])], lambda x, i: x[i[:, 0], i[:, 1]])
    source = Input(3, 2, 4)
    case("scatterAdd", [x, along, source], lambda x, i, s: x.scatter_add(1, i, s))
    unique = Input(2, 2, dtype="i32", elements=[1, 0, 2, 3])
    case("scatter", [Input(2, 4), unique, Input(2, 2)], lambda x, i, s: x.scatter(1, i, s))
    case("scatterNd", [Input(4, 3), Input(2, 1, dtype="i32", elements=[2, 0]), Input(2, 3)],
         lambda x, i, s: x.index_put((i[:, 0],), s))
    case("oneHot", [ids], lambda i: F.one_hot(i, 6).to(torch.float64))
    case("oneHot along the first axis", [ids], lambda i: F.one_hot(i, 6).permute(2, 0, 1) * 3 - 1)


def first(fn):
    """
    fn of images and filters in PyTorch's order, for those with channels last: [OC, C, KH, KW] for our [KH, KW, C, OC], and
    of a transposed convolution [C, OC, KH, KW] for our [KH, KW, OC, C].
    """
    def turned(x, *w):
        filters = [f.movedim((-2, -1), (1, 0)) for f in w]
        return fn(x.movedim(-1, 1), *filters).movedim(1, -1)
    return turned


def images():
    x, w = Input(2, 9, 8, 4), Input(3, 2, 4, 3)
    case("conv2d, dilated", [x, w], first(lambda x, w: F.conv2d(x, w, dilation=(2, 3), padding=1)))
    case("conv2d, dilated in steps, in groups", [x, Input(3, 3, 2, 6)],
         first(lambda x, w: F.conv2d(x, w, dilation=2, stride=(2, 1), padding=2, groups=2)))
    case("conv2d with two filters a channel", [x, Input(3, 3, 1, 8)], first(lambda x, w: F.conv2d(x, w, groups=4)))
    line, filters = Input(2, 11, 4), Input(3, 2, 6)
    case("conv1d", [line, filters], first(lambda x, w: F.conv1d(x, w, stride=2, padding=1, groups=2)))
    case("conv1d, dilated", [line, Input(3, 4, 2)], first(lambda x, w: F.conv1d(x, w, dilation=3)))
    case("conv1d, same", [line, Input(3, 4, 2)], first(lambda x, w: F.conv1d(x, w, padding="same")))
    case("conv2dTranspose", [Input(2, 3, 4, 4), Input(3, 2, 3, 4)], first(F.conv_transpose2d))
    case("conv2dTranspose in steps, padded, in groups", [Input(2, 3, 4, 4), Input(3, 4, 3, 4)],
         first(lambda x, w: F.conv_transpose2d(x, w, stride=(3, 2), padding=1, output_padding=(2, 1), groups=2)))
    case("conv2dTranspose, dilated", [Input(1, 3, 4, 2), Input(3, 2, 3, 2)],
         first(lambda x, w: F.conv_transpose2d(x, w, stride=2, dilation=(2, 3))))
    case("conv2dTranspose, more than the stride behind what is dilated", [Input(1, 3, 4, 2), Input(3, 2, 3, 2)],
         first(lambda x, w: F.conv_transpose2d(x, w, stride=(1, 2), padding=(2, 1), output_padding=(1, 3), dilation=(2, 4))))
    case("conv2dTranspose, zeros behind what is dilated, in groups", [Input(2, 3, 2, 4), Input(2, 3, 3, 4)],
         first(lambda x, w: F.conv_transpose2d(x, w, stride=1, output_padding=(2, 3), dilation=(3, 4), groups=2)))
    case("conv2dTranspose, same", [Input(1, 3, 4, 2), Input(3, 3, 3, 2)],
         first(lambda x, w: F.conv_transpose2d(x, w, stride=2)[:, :, :6, :8]))
    case("conv1dTranspose", [Input(2, 5, 2), Input(4, 3, 2)],
         first(lambda x, w: F.conv_transpose1d(x, w, stride=2, padding=1, output_padding=1)))

    case("conv1dTranspose, more than the stride behind what is dilated", [Input(2, 5, 2), Input(3, 3, 2)],
         first(lambda x, w: F.conv_transpose1d(x, w, stride=2, padding=1, output_padding=4, dilation=5)))
    case("conv1dTranspose, dilated, in groups", [Input(2, 5, 4), Input(3, 3, 4)],
         first(lambda x, w: F.conv_transpose1d(x, w, stride=2, padding=2, dilation=3, groups=2)))

    case("maxPool2d, ceil", [x], first(lambda x: F.max_pool2d(x, 3, 2, padding=1, ceil_mode=True)))
    case("maxPool2d, dilated", [x], first(lambda x: F.max_pool2d(x, 2, (2, 1), padding=1, dilation=(3, 2))))
    case("maxPool2d, ceil and dilated", [x],
         first(lambda x: F.max_pool2d(x, (2, 3), 3, padding=(0, 1), dilation=(3, 1), ceil_mode=True)))
    case("avgPool2d, windows that overlap", [x], first(lambda x: F.avg_pool2d(x, (4, 3), (1, 2), padding=(2, 0))))
    case("avgPool2d, ceil", [x], first(lambda x: F.avg_pool2d(x, 3, 2, padding=1, ceil_mode=True)))
    case("avgPool2d without padding in the mean", [x],
         first(lambda x: F.avg_pool2d(x, (3, 2), (2, 2), padding=1, count_include_pad=False)))
    case("avgPool2d, ceil, without padding in the mean", [x],
         first(lambda x: F.avg_pool2d(x, 3, 2, padding=1, ceil_mode=True, count_include_pad=False)))
    case("maxPool1d", [line], first(lambda x: F.max_pool1d(x, 3, 2, padding=1)))
    case("avgPool1d", [line], first(lambda x: F.avg_pool1d(x, 3, 2, ceil_mode=True, count_include_pad=False, padding=1)))
    case("maxPool1d, ceil and dilated", [line], first(lambda x: F.max_pool1d(x, 3, 3, padding=1, dilation=2, ceil_mode=True)))
    case("avgPool1d, ceil", [line], first(lambda x: F.avg_pool1d(x, 4, 3, padding=2, ceil_mode=True)))
    case("globalAvgPool2d", [x], lambda x: x.mean((1, 2)))
    case("globalMaxPool2d", [x], lambda x: x.amax((1, 2)))
    case("adaptiveAvgPool2d", [x], first(lambda x: F.adaptive_avg_pool2d(x, (3, 3))))
    case("adaptiveMaxPool2d", [x], first(lambda x: F.adaptive_max_pool2d(x, (4, 2))))
    square = Input(1, 6, 12, 2)
    case("adaptiveAvgPool2d of bins that are alike", [square], first(lambda x: F.adaptive_avg_pool2d(x, (1, 4))))
    case("adaptiveAvgPool2d of small bins that are alike", [square], first(lambda x: F.adaptive_avg_pool2d(x, (3, 4))))
    case("adaptiveMaxPool2d of bins that are alike", [square], first(lambda x: F.adaptive_max_pool2d(x, (2, 4))))
    case("adaptiveMaxPool2d of one bin", [square], first(lambda x: F.adaptive_max_pool2d(x, 1)))
    case("adaptiveAvgPool2d of more bins than pixels", [Input(1, 3, 2, 2)], first(lambda x: F.adaptive_avg_pool2d(x, (7, 3))))

    small = Input(1, 3, 4, 2)
    case("upsample2d", [small], first(lambda x: F.interpolate(x, scale_factor=(2, 3))))
    case("upsample2d, bilinear", [small], first(lambda x: F.interpolate(x, scale_factor=2, mode="bilinear")))
    rows = lambda mode, scale: first(lambda x: F.interpolate(x, scale_factor=scale, mode=mode))
    case("upsample2d by fractions", [Input(1, 5, 4, 2)], rows("nearest", (2.7, 1.3)))
    case("upsample2d by fractions, bilinear", [small], rows("bilinear", (1.6, 0.8)))
    case("upsample2d by less than 1", [Input(1, 7, 5, 2)], first(lambda x: F.interpolate(x, scale_factor=(0.6, 0.7))))
    case("upsample2d by fractions, corners aligned", [small],
         first(lambda x: F.interpolate(x, scale_factor=(1.7, 1.3), mode="bilinear", align_corners=True)))
    case("upsample2d by fractions to nearest", [small],
         first(lambda x: F.interpolate(x, scale_factor=(1.7, 2.6), mode="nearest-exact")))
    case("resize to fewer, bilinear", [small], first(lambda x: F.interpolate(x, size=(2, 3), mode="bilinear")))
    case("resize to one, corners aligned", [small],
         first(lambda x: F.interpolate(x, size=(1, 2), mode="bilinear", align_corners=True)))
    case("resize to fewer", [small], first(lambda x: F.interpolate(x, size=(2, 3))))
    case("resize to nearest", [small], first(lambda x: F.interpolate(x, size=(5, 7), mode="nearest-exact")))
    case("resize, bilinear", [small], first(lambda x: F.interpolate(x, size=(5, 3), mode="bilinear")))
    case("resize, corners aligned", [small],
         first(lambda x: F.interpolate(x, size=(7, 6), mode="bilinear", align_corners=True)))

    volume, cube = Input(2, 5, 6, 4, 4), Input(3, 2, 2, 4, 3)
    case("conv3d", [volume, cube], first(F.conv3d))
    case("conv3d in steps, padded, dilated, in groups", [volume, Input(2, 3, 2, 2, 6)],
         first(lambda x, w: F.conv3d(x, w, stride=(2, 1, 2), padding=(1, 2, 0), dilation=(2, 1, 3), groups=2)))
    case("conv3d, same", [volume, Input(3, 3, 1, 4, 2)], first(lambda x, w: F.conv3d(x, w, padding="same")))
    case("maxPool3d", [volume], first(lambda x: F.max_pool3d(x, (2, 3, 2))))
    case("maxPool3d in steps, ceil", [volume],
         first(lambda x: F.max_pool3d(x, 3, (2, 1, 2), padding=1, ceil_mode=True)))
    case("avgPool3d", [volume], first(lambda x: F.avg_pool3d(x, (2, 3, 2), (1, 2, 1), padding=1)))
    case("avgPool3d without padding in the mean, ceil", [volume],
         first(lambda x: F.avg_pool3d(x, 3, 2, padding=1, ceil_mode=True, count_include_pad=False)))
    case("avgPool3d, ceil", [volume], first(lambda x: F.avg_pool3d(x, 2, (3, 2, 3), padding=1, ceil_mode=True)))
    case("localResponseNorm", [Input(2, 3, 7)], lambda x: F.local_response_norm(x.movedim(-1, 1), 3).movedim(1, -1))
    case("localResponseNorm of four channels", [Input(2, 3, 2, 7)],
         first(lambda x: F.local_response_norm(x, 4, alpha=0.5, beta=0.6, k=2)))

    def cropped(x, boxes, images):
        ys = boxes[:, 0:1] + (boxes[:, 2:3] - boxes[:, 0:1]) * torch.arange(4) / 3
        xs = boxes[:, 1:2] + (boxes[:, 3:4] - boxes[:, 1:2]) * torch.arange(3) / 2
        grid = torch.stack([xs[:, None, :].expand(-1, 4, -1), ys[:, :, None].expand(-1, -1, 3)], -1)
        return F.grid_sample(x.movedim(-1, 1)[images], 2 * grid - 1, align_corners=True).movedim(1, -1)

    corners = Input(3, 4, elements=[0.11, 0.07, 0.83, 0.94, 0.92, 0.13, 0.23, 0.71, 0.31, 0.37, 0.33, 0.77])
    of = Input(3, dtype="i32", elements=[1, 0, 1])
    case("cropAndResize", [Input(2, 5, 6, 3), corners, of], cropped)

    def nearest(x, boxes, images):
        out = torch.full((3, 2, 1, 3), -7.0, dtype=torch.float64)
        for m in range(3):
            for i in range(2):
                y = (boxes[m, 0] + (boxes[m, 2] - boxes[m, 0]) * i) * 4
                at = (boxes[m, 1] + boxes[m, 3]) / 2 * 5
                if 0 <= y <= 4 and 0 <= at <= 5:
                    out[m, i, 0] = x[images[m], int(y + 0.5), int(at + 0.5)]
        return out

    beyond = Input(3, 4, elements=[-0.2, 0.1, 0.8, 0.8, 0.3, -0.9, 0.7, 0.2, 0.2, 0.1, 1.2, 0.6])
    case("cropAndResize to nearest, filled", [Input(2, 5, 6, 3), beyond, of], nearest, gradient=False)


def orders():
    x = Input(3, 7, 2)
    ties = [3, 1, NAN, 1, -2, 3, -INF, 1, INF, NAN]
    stable = dict(stable=True)
    case("sort", [x], lambda x: x.sort(1)[0])
    case("sort, descending", [x], lambda x: x.sort(dim=0, descending=True)[0])
    case("sort with NaN", [Input(10, elements=ties)], lambda x: x.sort(dim=0, **stable)[0], gradient=False)
    case("argsort of equals", [Input(10, elements=ties)], lambda x: x.sort(dim=0, **stable)[1])
    case("argsort of equals, descending", [Input(10, elements=ties)], lambda x: x.sort(dim=0, descending=True, **stable)[1])
    case("argsort of whole numbers", [Input(2, 4, dtype="i32", elements=[5, -2147483648, 2147483647, 5, 0, 1, 1, 0])],
         lambda x: x.sort(dim=1, **stable)[1])
    case("topK", [x], lambda x: x.topk(3, 1))
    case("topK of the smallest", [x], lambda x: x.topk(2, 0, largest=False))


def attentions():
    q, k, v = Input(2, 3, 4), Input(2, 5, 4), Input(2, 5, 6)
    mask = Input(2, 1, 5, dtype="bool")

    def attend(q, k, v, seen=None):
        scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
        scores = scores if seen is None else scores.masked_fill(~seen, -INF)
        return scores.softmax(-1) @ v

    case("attention", [q, k, v], attend)
    case("attention, causal", [q, k, v], lambda q, k, v: attend(q, k, v, torch.ones(3, 5).tril(2) > 0))
    case("attention with a mask", [q, k, v, mask], attend)
    bias = Input(2, 3, 5)
    scaled = lambda q, k: q @ k.transpose(-1, -2) * 0.3
    case("attention with what is added", [q, k, v, bias], lambda q, k, v, bias: (scaled(q, k) + bias).softmax(-1) @ v)


def einsums():
    a, b = Input(2, 3, 4), Input(2, 4, 5)
    for pattern, inputs in {
        "bij,bjk->bik": [a, b],
        "ij,jk": [Input(3, 4), Input(4, 2)],
        "ij->ji": [Input(3, 4)],
        "ijk->j": [a],
        "ii->i": [Input(3, 3)],
        "ii": [Input(3, 3)],
        "iji->j": [Input(3, 4, 3)],
        "i,j->ij": [Input(3), Input(4)],
        "i,i->": [Input(5), Input(5)],
        "ij,ij->i": [Input(3, 4), Input(3, 4)],
        "bhqd,bhkd->bhqk": [Input(2, 2, 3, 4), Input(2, 2, 5, 4)],
        "ijk,kl,lm->ijm": [a, Input(4, 3), Input(3, 2)],
        "...ij,...jk->...ik": [a, Input(1, 4, 2)],
        "b...,b...->b": [a, a],
        "...i->...": [a],
        "ijk,ljk->li": [a, Input(5, 3, 4)],
        "ij,k->": [Input(2, 3), Input(4)],
        "ia,ab->ib": [Input(0, 3), Input(3, 2)],
        "aab,ba->a": [Input(0, 0, 3), Input(3, 0)],
        "abc,cd,ad->bd": [a, Input(4, 5), Input(2, 5)],
    }.items():
        case(f"einsum {pattern}", inputs, lambda *xs, p=pattern: torch.einsum(p, *xs))


if __name__ == "__main__":
    scalars()
    reductions()
    arrangements()
    look_ups()
    images()
    orders()
    einsums()
    attentions()
    folder = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(folder, "verbs.json"), "w") as file:
        lines = [f"{json.dumps(name)}: {json.dumps(of, separators=(',', ':'))}" for name, of in CASES.items()]
        file.write("{\n" + ",\n".join(lines) + "\n}\n")
