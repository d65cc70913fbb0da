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
    return numpy.float64(numpy.float32(low + (high - low) * (wave + 1) / 2)).reshape(tuple(shape))


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
    scalar("softsign", F.softsign, special=False)
    scalar("logSigmoid", F.logsigmoid, (-30, 30))
    scalar("tanhShrink", F.tanhshrink)
    # PyTorch 1.13 loses NaN here; later ones keep it.
    scalar("softShrink", lambda x: F.softshrink(x, 0.7), special=False)
    scalar("hardShrink", lambda x: F.hardshrink(x, 0.7))
    scalar("thresholdedRelu", lambda x: F.threshold(x, 0.6, 0.25))
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
    scalar("asinh", torch.asinh, (-9, 9))
    scalar("asinh of large numbers", torch.asinh, (-1e30, 1e30), special=False)
    scalar("acosh", torch.acosh, (1.01, 9))
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
    case("floorDiv", [Input(9, 1, bounds=(-9, 9)), Input(7, bounds=(-3.1, 2.9))], lambda a, b: torch.floor(a / b).detach())
    signed = [Input(6, dtype="i32", elements=[7, -7, 7, -7, 6, 0]), Input(6, dtype="i32", elements=[3, 3, -3, -3, 2, 5])]
    case("mod of whole numbers", signed, torch.remainder)
    case("fmod of whole numbers", signed, torch.fmod)
    case("floorDiv of whole numbers", signed, lambda a, b: torch.div(a, b, rounding_mode="floor"))

    bools = [Input(4, dtype="bool", elements=[0, 0, 1, 1]), Input(4, dtype="bool", elements=[0, 1, 0, 1])]
    case("xor", bools, torch.logical_xor)
    case("isNan", [Input(len(SPECIAL), elements=SPECIAL)], torch.isnan)
    case("isInf", [Input(len(SPECIAL), elements=SPECIAL)], torch.isinf)


if __name__ == "__main__":
    scalars()
    folder = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(folder, "verbs.json"), "w") as file:
        lines = [f"{json.dumps(name)}: {json.dumps(of, separators=(',', ':'))}" for name, of in CASES.items()]
        file.write("{\n" + ",\n".join(lines) + "\n}\n")
