"""What PyTorch makes of attention, transformer blocks and convolutions along a line or transposed, in float64.

Run it as make_goldens.py says:

    /usr/bin/python3 test/goldens/make_layer_goldens.py      # writes test/goldens/layers.json

Nothing is drawn at random: numbers are those of `values` in make_norm_goldens.py, times 0.4 for parameters, with numbers
10 + index in PyTorch's order, and number 1 for x. Images and lines are channels last here. For every case:

    layer, args, options     gradgpu's
    state                    shapes of the state dict, in PyTorch's order
    x, y                     a shape, and { shape, data }; the loss is Σ y · values(y, 2)
    run                      what `run` is told
    gradients                by name, and of x

Under `normed` are layers whose weight is made of other parameters, trained for three steps by gradient descent:

    norm, how                gradgpu's, and what it is told
    state                    before the first step: parameters as above, buffers as directions of length 1
    losses, gradients        of every step, of the first one
    after, evaluated         the state behind the last step, and y in evaluation
"""
import json
import os

import numpy
import torch
from torch import nn

from make_norm_goldens import flat, rounded32, values


def masked(T, *lengths):
    """True behind the end, [B, T]."""
    return torch.arange(T)[None, :] >= torch.tensor(lengths)[:, None]


def causal(T):
    return torch.ones(T, T, dtype=torch.bool).triu(1)


def attend(**how):
    return lambda m, x: m(x, x, x, need_weights=False, **how)[0]


CASES = [
    ("multiHeadAttention", [8, 2], {}, {}, nn.MultiheadAttention(8, 2), [5, 3, 8], attend()),
    ("multiHeadAttention", [8, 4], {"batchFirst": True, "bias": False}, {},
     nn.MultiheadAttention(8, 4, bias=False, batch_first=True), [3, 5, 8], attend()),
    ("multiHeadAttention", [8, 2], {"causal": True}, {}, nn.MultiheadAttention(8, 2), [5, 3, 8], attend(attn_mask=causal(5))),
    ("multiHeadAttention", [8, 2], {}, {"lengths": [5, 2, 1]}, nn.MultiheadAttention(8, 2), [5, 3, 8],
     attend(key_padding_mask=masked(5, 5, 2, 1))),
    ("multiHeadAttention", [8, 2], {"causal": True, "batchFirst": True}, {"lengths": [5, 2, 1]},
     nn.MultiheadAttention(8, 2, batch_first=True), [3, 5, 8], attend(attn_mask=causal(5), key_padding_mask=masked(5, 5, 2, 1))),
    ("transformerBlock", [8, 2], {"hidden": 12, "activation": "gelu"}, {"lengths": [4, 5]},
     nn.TransformerEncoderLayer(8, 2, 12, activation="gelu"), [5, 2, 8], lambda m, x: m(x, src_key_padding_mask=masked(5, 4, 5))),
    ("transformerBlock", [8, 2], {"hidden": 12, "normFirst": True, "causal": True}, {},
     nn.TransformerEncoderLayer(8, 2, 12, norm_first=True), [5, 3, 8], lambda m, x: m(x, causal(5))),
    ("transformerBlock", [8, 2], {"hidden": 12}, {}, nn.TransformerEncoderLayer(8, 2, 12), [5, 3, 8], lambda m, x: m(x)),
    ("transformerBlock", [8, 4], {"hidden": 12, "normFirst": True, "activation": "gelu", "causal": True, "batchFirst": True}, {},
     nn.TransformerEncoderLayer(8, 4, 12, activation="gelu", norm_first=True, batch_first=True), [3, 5, 8],
     lambda m, x: m(x, causal(5))),
    ("conv1d", [4, 6, 3], {"padding": 1, "stride": 2, "groups": 2}, {}, nn.Conv1d(4, 6, 3, 2, 1, groups=2), [2, 7, 4], None),
    ("conv1d", [4, 6, 2], {"dilation": 3, "bias": False}, {}, nn.Conv1d(4, 6, 2, dilation=3, bias=False), [2, 7, 4], None),
    ("conv1d", [4, 2, 4], {"padding": "same", "dilation": 2}, {}, nn.Conv1d(4, 2, 4, padding="same", dilation=2), [2, 7, 4], None),
    ("conv2d", [4, 8, [2, 3]], {"stride": [2, 1], "groups": 4, "bias": False}, {},
     nn.Conv2d(4, 8, (2, 3), (2, 1), groups=4, bias=False), [2, 7, 6, 4], None),
    ("conv2d", [4, 2, 3], {"dilation": 2, "padding": 1}, {}, nn.Conv2d(4, 2, 3, padding=1, dilation=2), [2, 7, 6, 4], None),
    ("conv2dTranspose", [4, 6, 3], {"stride": 2, "padding": 1, "outputPadding": 1}, {},
     nn.ConvTranspose2d(4, 6, 3, 2, 1, 1), [2, 4, 3, 4], None),
    ("conv2dTranspose", [4, 6, [2, 3]], {"groups": 2}, {}, nn.ConvTranspose2d(4, 6, (2, 3), groups=2), [2, 4, 3, 4], None),
    ("conv2dTranspose", [4, 2, [2, 3]], {"dilation": [2, 1], "stride": [1, 2], "bias": False}, {},
     nn.ConvTranspose2d(4, 2, (2, 3), (1, 2), bias=False, dilation=(2, 1)), [2, 4, 3, 4], None),
    ("conv1dTranspose", [4, 4, 3], {"groups": 2, "dilation": 2, "stride": 2, "outputPadding": 1}, {},
     nn.ConvTranspose1d(4, 4, 3, 2, 0, 1, groups=2, dilation=2), [2, 5, 4], None),
    ("conv2dTranspose", [4, 2, [2, 3]], {"dilation": [3, 4], "stride": [1, 2], "padding": 1, "outputPadding": [2, 3]}, {},
     nn.ConvTranspose2d(4, 2, (2, 3), (1, 2), 1, (2, 3), dilation=(3, 4)), [2, 4, 3, 4], None),
    ("conv1dTranspose", [4, 2, 3], {"dilation": 4, "outputPadding": 3}, {},
     nn.ConvTranspose1d(4, 2, 3, output_padding=3, dilation=4), [2, 5, 4], None),
    ("conv1dTranspose", [4, 2, 4], {"stride": 3, "padding": 1}, {}, nn.ConvTranspose1d(4, 2, 4, 3, 1), [2, 5, 4], None),
    ("prelu", [1], {}, {}, nn.PReLU(), [2, 5, 4], None),
    ("prelu", [4], {}, {}, nn.PReLU(4), [2, 5, 4], None),
]


WEIGHT, SPECTRAL = nn.utils.weight_norm, nn.utils.spectral_norm
NORMED = [
    ("linear", [5, 4], {}, "weightNorm", {}, nn.Linear(5, 4), WEIGHT, {}, [3, 5]),
    ("linear", [5, 4], {"bias": False}, "weightNorm", {"dim": "all"}, nn.Linear(5, 4, bias=False), WEIGHT, {"dim": None}, [3, 5]),
    ("conv2d", [4, 6, [3, 2]], {"padding": 1, "groups": 2}, "weightNorm", {}, nn.Conv2d(4, 6, (3, 2), padding=1, groups=2), WEIGHT, {},
     [2, 5, 4, 4]),
    ("conv1dTranspose", [4, 2, 3], {}, "weightNorm", {"dim": 1}, nn.ConvTranspose1d(4, 2, 3), WEIGHT, {"dim": 1}, [2, 5, 4]),
    ("linear", [5, 4], {}, "spectralNorm", {}, nn.Linear(5, 4), SPECTRAL, {}, [3, 5]),
    ("conv2d", [3, 4, 3], {}, "spectralNorm", {"powerIterations": 3}, nn.Conv2d(3, 4, 3), SPECTRAL, {"n_power_iterations": 3}, [2, 5, 4, 3]),
    ("conv2dTranspose", [3, 4, [2, 3]], {}, "spectralNorm", {"epsilon": 0.5}, nn.ConvTranspose2d(3, 4, (2, 3)), SPECTRAL, {"eps": 0.5},
     [2, 3, 4, 3]),
    ("linear", [5, 4], {}, "spectralNorm", {"powerIterations": 0, "dim": 1}, nn.Linear(5, 4), SPECTRAL,
     {"n_power_iterations": 1, "dim": 1}, [3, 5]),
]
RATE = 0.05


def entry(tensor):
    return {"shape": list(tensor.shape), "data": flat(tensor.detach())}


def case(layer, args, options, run, module, shape, call):
    module = module.double().eval()
    if layer == "transformerBlock":  # no dropout, and not the fast path
        module.train()
        for child in module.modules():
            if isinstance(child, nn.Dropout):
                child.p = 0.0
            if isinstance(child, nn.MultiheadAttention):
                child.dropout = 0.0
    with torch.no_grad():
        for index, p in enumerate(module.parameters()):
            p.copy_(rounded32(0.4 * values(p.shape, 10 + index)))
    x = rounded32(values(shape, 1)).requires_grad_(True)
    moved = call is None
    y = module(x.movedim(-1, 1)).movedim(1, -1) if moved else call(module, x)
    (y * rounded32(values(y.shape, 2))).sum().backward()
    return {
        "layer": layer, "args": args, "options": options, "run": run,
        "state": {name: list(p.shape) for name, p in module.named_parameters()},
        "x": shape, "y": entry(y),
        "gradients": {**{name: flat(p.grad) for name, p in module.named_parameters()}, "x": flat(x.grad)},
    }


def normed(layer, args, options, norm, how, module, wrap, given, shape):
    module = wrap(module.double(), **given).double().train()
    if how.get("powerIterations") == 0:  # which PyTorch refuses: what it does in evaluation
        module.eval()
    with torch.no_grad():
        for index, (name, p) in enumerate(module.state_dict().items()):
            start = 0.4 * values(p.shape or (1,), 10 + index)
            start = torch.from_numpy(start.astype(numpy.float32).astype(numpy.float64).reshape(tuple(p.shape)))
            p.copy_((start / start.norm()).float().double() if name in ("weight_u", "weight_v") and norm == "spectralNorm" else start)
    state = {name: entry(p.clone()) for name, p in module.state_dict().items()}
    x = rounded32(values(shape, 1))
    moved = len(shape) > 2
    apply = lambda: module(x.movedim(-1, 1)).movedim(1, -1) if moved else module(x)
    losses, gradients = [], {}
    for step in range(3):
        module.zero_grad()
        y = apply()
        loss = (y * rounded32(values(y.shape, 2))).sum()
        loss.backward()
        losses.append(loss.item())
        if step == 0:
            gradients = {name: flat(p.grad) for name, p in module.named_parameters()}
        with torch.no_grad():
            for p in module.parameters():
                p -= RATE * p.grad
    module.eval()
    return {
        "layer": layer, "args": args, "options": options, "norm": norm, "how": how, "rate": RATE, "state": state, "x": shape,
        "losses": losses, "gradients": gradients,
        "after": {name: entry(p) for name, p in module.state_dict().items()}, "evaluated": entry(apply()),
    }


if __name__ == "__main__":
    results = {
        "about": f"by test/goldens/make_layer_goldens.py with PyTorch {torch.__version__}",
        "cases": [case(*one) for one in CASES],
        "normed": [normed(*one) for one in NORMED],
    }
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "layers.json")
    with open(path, "w") as file:
        json.dump(results, file, separators=(",", ":"))
        file.write("\n")
    for one in results["cases"]:
        print(one["layer"], one["args"], one["options"], one["y"]["shape"], len(one["state"]))
