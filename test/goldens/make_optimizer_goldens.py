"""What PyTorch makes of ten training steps with frozen parameters, groups of parameters, RMSprop and Lion, in float64.

Run it as make_goldens.py says:

    /usr/bin/python3 test/goldens/make_optimizer_goldens.py      # writes test/goldens/optimizers.json

The model is linear (without a bias, which a norm would take out again), batch norm, tanh, linear; the loss is the mean
squared error. Nothing is drawn at random: parameters and data are those of `values` in make_norm_goldens.py, with numbers
10 + index for parameters in PyTorch's order, 30 + step for x, 60 + step for y, step from 1. For every case:

    losses, norms    of each step before its update; norms of what is trained, before clipping
    state            the state dict after ten steps

PyTorch 1.13 has no Lion: `Lion` below is algorithm 2 of Chen et al. 2023, "Symbolic Discovery of Optimization Algorithms".
"""
import json
import math
import os

import torch
from torch import nn

from make_norm_goldens import flat, rounded32, values

STEPS, BATCH, INPUTS, HIDDEN, OUTPUTS = 10, 8, 4, 6, 3


class Lion(torch.optim.Optimizer):
    def __init__(self, params, lr, betas=(0.9, 0.99), weight_decay=0.0):
        super().__init__(params, {"lr": lr, "betas": betas, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                m = self.state[p].setdefault("m", torch.zeros_like(p))
                update = torch.sign(beta1 * m + (1 - beta1) * p.grad)
                p -= group["lr"] * (update + group["weight_decay"] * p)
                m.mul_(beta2).add_(p.grad, alpha=1 - beta2)


def model():
    made = nn.Sequential(
        nn.Linear(INPUTS, HIDDEN, bias=False), nn.BatchNorm1d(HIDDEN), nn.Tanh(), nn.Linear(HIDDEN, OUTPUTS)
    ).double()
    with torch.no_grad():
        for index, (name, p) in enumerate(made.named_parameters()):
            start = 1 if name == "1.weight" else 0
            p.copy_(rounded32(start + 0.5 * values(p.shape, 10 + index)))
    return made


def names(made, *paths):
    return [p for name, p in made.named_parameters() if name in paths]


HEAD = ("3.weight", "3.bias")
PLAIN = ("1.weight", "1.bias", "3.bias")
ALL = ("0.weight", "1.weight", "1.bias", "3.weight", "3.bias")


def others(paths):
    return tuple(name for name in ALL if name not in paths)


def groups(made, paths, settings):
    return [{"params": names(made, *others(paths))}, {"params": names(made, *paths), **settings}]


# gradgpu's optimizer and options, the parameters of its group "own" with what it says, what is frozen, and PyTorch's own.
CASES = [
    {
        "title": "sgd, a head of its own", "optimizer": "sgd",
        "options": {"learningRate": 0.1, "momentum": 0.9},
        "group": {"paths": HEAD, "learningRate": 0.02, "momentum": 0.5, "weightDecay": 0.1},
        "torch": lambda m: torch.optim.SGD(
            groups(m, HEAD, {"lr": 0.02, "momentum": 0.5, "weight_decay": 0.1}), lr=0.1, momentum=0.9
        ),
    },
    {
        "title": "adam, no decay of norms and biases, clipped together", "optimizer": "adam", "clip": 0.3,
        "options": {"learningRate": 0.05, "weightDecay": 0.2},
        "group": {"paths": PLAIN, "weightDecay": 0},
        "torch": lambda m: torch.optim.AdamW(groups(m, PLAIN, {"weight_decay": 0}), lr=0.05, weight_decay=0.2),
    },
    {
        "title": "adam, first layer frozen", "optimizer": "adam", "clip": 0.3,
        "options": {"learningRate": 0.05}, "freeze": "0.*",
        "torch": lambda m: torch.optim.Adam(names(m, *others(("0.weight",))), lr=0.05),
    },
    {
        "title": "sgd, norm frozen, which goes on counting", "optimizer": "sgd",
        "options": {"learningRate": 0.1, "weightDecay": 0.1}, "freeze": "1.*",
        "torch": lambda m: torch.optim.SGD(names(m, *others(("1.weight", "1.bias"))), lr=0.1, weight_decay=0.1),
    },
    {
        "title": "rmsprop", "optimizer": "rmsprop", "options": {"learningRate": 0.01},
        "torch": lambda m: torch.optim.RMSprop(m.parameters(), lr=0.01),
    },
    {
        "title": "rmsprop, momentum and decay", "optimizer": "rmsprop",
        "options": {"learningRate": 0.01, "alpha": 0.9, "epsilon": 1e-4, "momentum": 0.9, "weightDecay": 0.1},
        "torch": lambda m: torch.optim.RMSprop(
            m.parameters(), lr=0.01, alpha=0.9, eps=1e-4, momentum=0.9, weight_decay=0.1
        ),
    },
    {
        "title": "rmsprop, centred, a head of its own, clipped", "optimizer": "rmsprop", "clip": 0.3,
        "options": {"learningRate": 0.01, "alpha": 0.9, "epsilon": 1e-4, "centred": True},
        "group": {"paths": HEAD, "learningRate": 0.002, "centred": False, "momentum": 0.8},
        "torch": lambda m: torch.optim.RMSprop(
            groups(m, HEAD, {"lr": 0.002, "centered": False, "momentum": 0.8}), lr=0.01, alpha=0.9, eps=1e-4, centered=True
        ),
    },
    {
        "title": "lion", "optimizer": "lion", "options": {"learningRate": 0.01},
        "torch": lambda m: Lion(m.parameters(), lr=0.01),
    },
    {
        "title": "lion, betas and decay, first layer frozen, a head of its own", "optimizer": "lion",
        "options": {"learningRate": 0.01, "beta1": 0.8, "beta2": 0.95, "weightDecay": 0.3}, "freeze": "0.*",
        "group": {"paths": HEAD, "learningRate": 0.003},
        "torch": lambda m: Lion(
            [{"params": names(m, "1.weight", "1.bias")}, {"params": names(m, *HEAD), "lr": 0.003}],
            lr=0.01, betas=(0.8, 0.95), weight_decay=0.3,
        ),
    },
]


def train(case):
    made = model()
    optimizer = case.pop("torch")(made)
    trained = [p for group in optimizer.param_groups for p in group["params"]]
    for p in made.parameters():
        p.requires_grad_(any(p is one for one in trained))
    losses, norms = [], []
    for step in range(1, STEPS + 1):
        x = torch.from_numpy(values([BATCH, INPUTS], 30 + step))
        y = torch.from_numpy(values([BATCH, OUTPUTS], 60 + step))
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(made(x), y)
        loss.backward()
        losses.append(float(f"{loss.item():.12g}"))
        norms.append(float(f"{math.sqrt(sum(float((p.grad ** 2).sum()) for p in trained)):.12g}"))
        if "clip" in case:
            nn.utils.clip_grad_norm_(trained, case["clip"])
        optimizer.step()
    state = {name: {"shape": list(v.shape), "data": flat(v.double())} for name, v in made.state_dict().items()}
    return {**case, "losses": losses, "norms": norms, "state": state}


if __name__ == "__main__":
    results = {
        "about": f"by test/goldens/make_optimizer_goldens.py with PyTorch {torch.__version__}",
        "cases": [train(case) for case in CASES],
    }
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "optimizers.json")
    with open(path, "w") as file:
        json.dump(results, file, separators=(",", ":"))
        file.write("\n")
    for case in results["cases"]:
        print(case["title"], [round(v, 4) for v in case["losses"]], [round(v, 3) for v in case["norms"]])
