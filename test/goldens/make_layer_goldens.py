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
"""
import json
import os

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
    ("transformerBlock", [8, 2], {"hidden": 12}, {}, nn.TransformerEncoderLayer(8, 2, 12), [5, 3, 8], lambda m, x: m(x)),
    ("transformerBlock", [8, 4], {"hidden": 12, "normFirst": True, "activation": "gelu", "causal": True, "batchFirst": True}, {},
     nn.TransformerEncoderLayer(8, 4, 12, activation="gelu", norm_first=True, batch_first=True), [3, 5, 8],
     lambda m, x: m(x, causal(5))),
    ("conv1d", [4, 6, 3], {"padding": 1, "stride": 2, "groups": 2}, {}, nn.Conv1d(4, 6, 3, 2, 1, groups=2), [2, 7, 4], None),
    ("conv1d", [4, 6, 2], {"dilation": 3, "bias": False}, {}, nn.Conv1d(4, 6, 2, dilation=3, bias=False), [2, 7, 4], None),
    ("conv2d", [4, 2, 3], {"dilation": 2, "padding": 1}, {}, nn.Conv2d(4, 2, 3, padding=1, dilation=2), [2, 7, 6, 4], None),
    ("conv2dTranspose", [4, 6, 3], {"stride": 2, "padding": 1, "outputPadding": 1}, {},
     nn.ConvTranspose2d(4, 6, 3, 2, 1, 1), [2, 4, 3, 4], None),
    ("conv2dTranspose", [4, 6, [2, 3]], {"groups": 2}, {}, nn.ConvTranspose2d(4, 6, (2, 3), groups=2), [2, 4, 3, 4], None),
    ("conv1dTranspose", [4, 2, 4], {"stride": 3, "padding": 1}, {}, nn.ConvTranspose1d(4, 2, 4, 3, 1), [2, 5, 4], None),
    ("prelu", [4], {}, {}, nn.PReLU(4), [2, 5, 4], None),
]


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


if __name__ == "__main__":
    results = {
        "about": f"by test/goldens/make_layer_goldens.py with PyTorch {torch.__version__}",
        "cases": [case(*one) for one in CASES],
    }
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "layers.json")
    with open(path, "w") as file:
        json.dump(results, file, separators=(",", ":"))
        file.write("\n")
    for one in results["cases"]:
        print(one["layer"], one["args"], one["options"], one["y"]["shape"], len(one["state"]))
