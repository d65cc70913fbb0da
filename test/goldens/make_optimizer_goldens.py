"""What PyTorch makes of ten training steps with every optimizer, with frozen parameters, groups of parameters, clipping,
schedules and gradients that are accumulated, and of schedules alone, in float64.

Run it as make_goldens.py says:

    /usr/bin/python3 test/goldens/make_optimizer_goldens.py      # writes test/goldens/optimizers.json

The model is linear (without a bias, which a norm would take out again), batch norm, tanh, linear; the loss is the mean
squared error. Nothing is drawn at random: parameters and data are those of `values` in make_norm_goldens.py, with numbers
10 + index for parameters in PyTorch's order, 30 + step for x, 60 + step for y, step from 1. For every case:

    losses, norms    of each step before its update; norms of what is trained, before clipping
    state            the state dict after ten steps
    averages         of parameters, where an average of them is held: torch.optim.swa_utils.AveragedModel's
    schedule         the one that the learning rate follows, by gradgpu's name and options

PyTorch 1.13 has no Lion: `Lion` below is algorithm 2 of Chen et al. 2023, "Symbolic Discovery of Optimization Algorithms". Nor
has it Muon: `Muon` is that of Jordan et al. 2024 with the factor of Liu et al. 2025, and Adam for what is no matrix.
"""
import json
import math
import os

import torch
from torch import nn
from torch.optim import lr_scheduler as lr

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


class Muon(torch.optim.Optimizer):
    def __init__(self, params, lr, momentum=0.95, weight_decay=0.0, betas=(0.9, 0.999), eps=1e-8, nesterov=True, steps=5):
        super().__init__(params, {"lr": lr, "orthogonal": True})
        self.momentum, self.decay, self.betas, self.eps, self.t = momentum, weight_decay, betas, eps, 0
        self.nesterov, self.steps = nesterov, steps

    def orthogonal(self, g):
        a, b, c = 3.4445, -4.7750, 2.0315
        x = g.T if g.shape[0] > g.shape[1] else g
        x = x / (x.norm() + 1e-7)
        for _ in range(self.steps):
            xxt = x @ x.T
            x = a * x + (b * xxt + c * xxt @ xxt) @ x
        return x.T if g.shape[0] > g.shape[1] else x

    @torch.no_grad()
    def step(self):
        self.t += 1
        for group in self.param_groups:
            for p in group["params"]:
                state, g = self.state[p], p.grad
                if p.dim() == 2 and group["orthogonal"]:
                    v = state.setdefault("v", torch.zeros_like(p)).lerp_(g, 1 - self.momentum)
                    d = g.lerp(v, self.momentum) if self.nesterov else v
                    update = 0.2 * math.sqrt(max(p.shape)) * self.orthogonal(d)
                else:
                    (b1, b2), t = self.betas, self.t
                    m = state.setdefault("m", torch.zeros_like(p)).lerp_(g, 1 - b1)
                    s = state.setdefault("s", torch.zeros_like(p)).lerp_(g * g, 1 - b2)
                    update = m / (1 - b1**t) / ((s / (1 - b2**t)).sqrt() + self.eps)
                p -= group["lr"] * (update + self.decay * p)


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
    {
        "title": "adamW, its own decay", "optimizer": "adamW", "options": {"learningRate": 0.05},
        "torch": lambda m: torch.optim.AdamW(m.parameters(), lr=0.05),
    },
    {
        "title": "adam, decay in the gradient", "optimizer": "adam",
        "options": {"learningRate": 0.05, "weightDecay": 0.2, "decoupled": False},
        "torch": lambda m: torch.optim.Adam(m.parameters(), lr=0.05, weight_decay=0.2),
    },
    {
        "title": "adam, amsgrad", "optimizer": "adam", "options": {"learningRate": 0.05, "beta2": 0.5, "amsgrad": True},
        "torch": lambda m: torch.optim.Adam(m.parameters(), lr=0.05, betas=(0.9, 0.5), amsgrad=True),
    },
    {
        "title": "adamax", "optimizer": "adamax", "options": {"learningRate": 0.05, "weightDecay": 0.1},
        "torch": lambda m: torch.optim.Adamax(m.parameters(), lr=0.05, weight_decay=0.1),
    },
    {
        "title": "adagrad", "optimizer": "adagrad", "options": {"learningRate": 0.1},
        "torch": lambda m: torch.optim.Adagrad(m.parameters(), lr=0.1),
    },
    {
        "title": "adagrad, rate and weights decay", "optimizer": "adagrad",
        "options": {"learningRate": 0.1, "rateDecay": 0.1, "initial": 0.01, "weightDecay": 0.1},
        "torch": lambda m: torch.optim.Adagrad(
            m.parameters(), lr=0.1, lr_decay=0.1, initial_accumulator_value=0.01, weight_decay=0.1
        ),
    },
    {
        "title": "adadelta", "optimizer": "adadelta", "options": {"learningRate": 1, "weightDecay": 0.1},
        "torch": lambda m: torch.optim.Adadelta(m.parameters(), lr=1, weight_decay=0.1),
    },
    {
        "title": "muon", "optimizer": "muon", "options": {"learningRate": 0.05, "weightDecay": 0.1},
        "torch": lambda m: Muon(m.parameters(), lr=0.05, weight_decay=0.1),
    },
    {
        "title": "muon, no look ahead, three iterations, the head by Adam", "optimizer": "muon",
        "options": {"learningRate": 0.05, "momentum": 0.8, "nesterov": False, "iterations": 3, "beta1": 0.8, "beta2": 0.9,
                    "epsilon": 0.01},
        "group": {"paths": HEAD, "orthogonal": False},
        "torch": lambda m: Muon(groups(m, HEAD, {"orthogonal": False}), lr=0.05, momentum=0.8, nesterov=False, steps=3,
                                betas=(0.8, 0.9), eps=0.01),
    },
    {
        "title": "sgd, Nesterov and decay, a head without momentum", "optimizer": "sgd",
        "options": {"learningRate": 0.1, "momentum": 0.9, "nesterov": True, "weightDecay": 0.1},
        "group": {"paths": HEAD, "nesterov": False, "momentum": 0},
        "torch": lambda m: torch.optim.SGD(
            groups(m, HEAD, {"nesterov": False, "momentum": 0}), lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.1
        ),
    },
    # An epsilon so large that its place shows: behind the root, within it, corrected or not.
    {
        "title": "adam, betas and epsilon", "optimizer": "adam",
        "options": {"learningRate": 0.05, "beta1": 0.8, "beta2": 0.9, "epsilon": 0.1},
        "torch": lambda m: torch.optim.Adam(m.parameters(), lr=0.05, betas=(0.8, 0.9), eps=0.1),
    },
    {
        "title": "adam, amsgrad, epsilon, decay in the gradient", "optimizer": "adam",
        "options": {"learningRate": 0.05, "beta2": 0.5, "amsgrad": True, "epsilon": 0.1, "weightDecay": 0.2, "decoupled": False},
        "torch": lambda m: torch.optim.Adam(m.parameters(), lr=0.05, betas=(0.9, 0.5), amsgrad=True, eps=0.1, weight_decay=0.2),
    },
    {
        "title": "adamW, amsgrad, epsilon", "optimizer": "adamW",
        "options": {"learningRate": 0.05, "beta2": 0.5, "amsgrad": True, "epsilon": 0.1, "weightDecay": 0.2},
        "torch": lambda m: torch.optim.AdamW(m.parameters(), lr=0.05, betas=(0.9, 0.5), amsgrad=True, eps=0.1, weight_decay=0.2),
    },
    {
        "title": "adamax, betas and epsilon", "optimizer": "adamax",
        "options": {"learningRate": 0.05, "beta1": 0.8, "beta2": 0.9, "epsilon": 0.1},
        "torch": lambda m: torch.optim.Adamax(m.parameters(), lr=0.05, betas=(0.8, 0.9), eps=0.1),
    },
    {
        "title": "adagrad, epsilon", "optimizer": "adagrad", "options": {"learningRate": 0.1, "epsilon": 0.1},
        "torch": lambda m: torch.optim.Adagrad(m.parameters(), lr=0.1, eps=0.1),
    },
    {
        "title": "adadelta, rho and epsilon", "optimizer": "adadelta",
        "options": {"learningRate": 0.5, "rho": 0.8, "epsilon": 0.01},
        "torch": lambda m: torch.optim.Adadelta(m.parameters(), lr=0.5, rho=0.8, eps=0.01),
    },
    {
        "title": "rmsprop, centred with momentum and decay, epsilon", "optimizer": "rmsprop",
        "options": {"learningRate": 0.01, "alpha": 0.8, "epsilon": 0.1, "centred": True, "momentum": 0.9, "weightDecay": 0.1},
        "torch": lambda m: torch.optim.RMSprop(
            m.parameters(), lr=0.01, alpha=0.8, eps=0.1, centered=True, momentum=0.9, weight_decay=0.1
        ),
    },
    {
        "title": "adam, averages, two batches an update", "optimizer": "adam", "accumulate": 2, "average": 0.7,
        "options": {"learningRate": 0.05},
        "torch": lambda m: torch.optim.Adam(m.parameters(), lr=0.05),
    },
    {
        "title": "sgd, a head with a schedule of its own", "optimizer": "sgd", "options": {"learningRate": 0.1},
        "group": {"paths": HEAD, "schedule": ["exponential", {"rate": 0.2, "factor": 0.8}]},
        "torch": lambda m: torch.optim.SGD(groups(m, HEAD, {"lr": 0.2}), lr=0.1),
        "scheduler": lambda o: lr.LambdaLR(o, [lambda t: 1, lambda t: 0.8**t]),
    },
    {
        "title": "sgd, clipped by value and by norm", "optimizer": "sgd", "clip": 0.3, "clipValue": 0.05,
        "options": {"learningRate": 0.1, "momentum": 0.9},
        "torch": lambda m: torch.optim.SGD(m.parameters(), lr=0.1, momentum=0.9),
    },
    {
        "title": "adam, three batches an update, clipped", "optimizer": "adam", "clip": 0.2, "accumulate": 3,
        "options": {"learningRate": 0.05},
        "torch": lambda m: torch.optim.Adam(m.parameters(), lr=0.05),
    },
    {
        "title": "sgd, warm-up and cosine", "optimizer": "sgd", "options": {"learningRate": 0.2, "momentum": 0.9},
        "schedule": ["warmUp", {"steps": 4, "from": 0.25, "rate": ["cosine", {"from": 0.2, "steps": 5}]}],
        "torch": lambda m: torch.optim.SGD(m.parameters(), lr=0.2, momentum=0.9),
        "scheduler": lambda o: lr.SequentialLR(
            o, [lr.LinearLR(o, 0.25, total_iters=4), lr.CosineAnnealingLR(o, 5)], [4]
        ),
    },
    {
        "title": "adam, one cycle, two batches an update", "optimizer": "adam", "accumulate": 2,
        "options": {"learningRate": 0.1}, "schedule": ["oneCycle", {"max": 0.1, "steps": 6}],
        "torch": lambda m: torch.optim.Adam(m.parameters(), lr=0.1),
        "scheduler": lambda o: lr.OneCycleLR(o, 0.1, total_steps=6, cycle_momentum=False),
    },
]

# gradgpu's schedule, how many rates are compared, and PyTorch's for an optimizer whose rate is 0.3.
SCHEDULES = [
    ["stepDecay", {"rate": 0.3, "every": 3}, 20, lambda o: lr.StepLR(o, 3)],
    ["stepDecay", {"rate": 0.3, "every": 7, "factor": 0.9}, 60, lambda o: lr.StepLR(o, 7, 0.9)],
    ["multiStep", {"rate": 0.3, "at": [2, 3, 11], "factor": 0.5}, 20, lambda o: lr.MultiStepLR(o, [2, 3, 11], 0.5)],
    ["exponential", {"rate": 0.3, "factor": 0.95}, 40, lambda o: lr.ExponentialLR(o, 0.95)],
    ["exponential", {"rate": 0.3, "factor": 0.5, "every": 7}, 30, lambda o: lr.LambdaLR(o, lambda t: 0.5 ** (t / 7))],
    ["polynomial", {"from": 0.3, "to": 0.03, "steps": 9, "power": 2}, 15,
     lambda o: lr.LambdaLR(o, lambda t: 0.1 + 0.9 * (1 - min(t / 9, 1)) ** 2)],
    ["polynomial", {"from": 0.3, "to": 0.03, "steps": 10}, 15, lambda o: lr.LinearLR(o, 1, 0.1, 10)],
    ["polynomial", {"from": 0.3, "steps": 9, "power": 2.5}, 15, lambda o: lr.PolynomialLR(o, 9, 2.5)],
    ["cosine", {"from": 0.3, "to": 0.01, "steps": 12}, 13, lambda o: lr.CosineAnnealingLR(o, 12, 0.01)],
    ["cosine", {"from": 0.3, "to": 0.01, "steps": 7, "restart": 1}, 40,
     lambda o: lr.CosineAnnealingWarmRestarts(o, 7, 1, 0.01)],
    ["cosine", {"from": 0.3, "steps": 3, "restart": 2}, 50, lambda o: lr.CosineAnnealingWarmRestarts(o, 3, 2)],
    ["cosine", {"from": 0.3, "to": 0.05, "steps": 2, "restart": 3}, 40,
     lambda o: lr.CosineAnnealingWarmRestarts(o, 2, 3, 0.05)],
    ["oneCycle", {"max": 2, "steps": 20}, 20, lambda o: lr.OneCycleLR(o, 2, total_steps=20, cycle_momentum=False)],
    ["oneCycle", {"max": 2, "steps": 30, "rise": 0.25, "divide": 10, "finalDivide": 100}, 30, lambda o: lr.OneCycleLR(
        o, 2, total_steps=30, pct_start=0.25, div_factor=10, final_div_factor=100, cycle_momentum=False)],
    ["warmUp", {"steps": 5, "rate": 0.3, "from": 0.2}, 10, lambda o: lr.LinearLR(o, 0.2, 1, 5)],
    ["warmUp", {"steps": 5, "rate": 0.3}, 10, lambda o: lr.LinearLR(o, 0.2, 1, 5)],
    ["inTurn", {"at": [4, 9], "schedules": [
        0.3, ["exponential", {"rate": 0.3, "factor": 0.5}], ["stepDecay", {"rate": 0.3, "every": 2}],
    ]}, 16, lambda o: lr.SequentialLR(o, [lr.ConstantLR(o, 1), lr.ExponentialLR(o, 0.5), lr.StepLR(o, 2)], [4, 9])],
]

# What reduceOnPlateau is told, and what is measured.
PLATEAUS = [
    [{"patience": 2}, [5, 4, 4, 4, 4, 3, 3, 3, 3, 3.1, 2]],
    [{"patience": 0, "factor": 0.5, "cooldown": 2, "least": 0.05}, [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]],
    [{"patience": 1, "cooldown": 1, "threshold": 0, "factor": 0.3}, [3, 3, 2.9999, 2.9999, 2.9999, 3, 3, 3, 3, 2, 2, 2, 2]],
    [{"patience": 1, "mode": "max", "threshold": 0.1}, [0.5, 0.52, 0.54, 0.56, 0.57, 0.7, 0.71, 0.72, 0.73]],
]


def rates(scheduler, count):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.3)
    made, seen = scheduler(optimizer), []
    for _ in range(count):
        seen.append(float(f"{optimizer.param_groups[0]['lr']:.9g}"))
        optimizer.step()
        if len(seen) < count:
            made.step()
    return seen


def plateau(options, measured):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.3)
    names = {"factor": "factor", "patience": "patience", "cooldown": "cooldown", "least": "min_lr", "mode": "mode",
             "threshold": "threshold"}
    made, seen = lr.ReduceLROnPlateau(optimizer, **{names[key]: value for key, value in options.items()}), []
    for value in measured:
        made.step(value)
        seen.append(float(f"{optimizer.param_groups[0]['lr']:.9g}"))
    return {"options": options, "measured": measured, "rates": seen}


def train(case):
    made = model()
    optimizer = case.pop("torch")(made)
    trained = [p for group in optimizer.param_groups for p in group["params"]]
    for p in made.parameters():
        p.requires_grad_(any(p is one for one in trained))
    scheduler = case.pop("scheduler")(optimizer) if "scheduler" in case else None
    accumulate = case.get("accumulate", 1)
    averages = None
    if "average" in case:
        kept = case["average"]
        averages = torch.optim.swa_utils.AveragedModel(made, avg_fn=lambda average, p, n: kept * average + (1 - kept) * p)
    losses, norms = [], []
    total = [torch.zeros_like(p) for p in trained]
    for step in range(1, STEPS + 1):
        x = torch.from_numpy(values([BATCH, INPUTS], 30 + step))
        y = torch.from_numpy(values([BATCH, OUTPUTS], 60 + step))
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(made(x), y)
        loss.backward()
        losses.append(float(f"{loss.item():.12g}"))
        norms.append(float(f"{math.sqrt(sum(float((p.grad ** 2).sum()) for p in trained)):.12g}"))
        for one, p in zip(total, trained):
            one += p.grad / accumulate
        if step % accumulate:
            continue
        for one, p in zip(total, trained):
            p.grad = one.clone()
            one.zero_()
        if "clipValue" in case:
            nn.utils.clip_grad_value_(trained, case["clipValue"])
        if "clip" in case:
            nn.utils.clip_grad_norm_(trained, case["clip"])
        optimizer.step()
        if averages is not None:
            averages.update_parameters(made)
        if scheduler is not None:
            scheduler.step()
    state = {name: {"shape": list(v.shape), "data": flat(v.double())} for name, v in made.state_dict().items()}
    held = {} if averages is None else {"averages": {n: flat(p) for n, p in averages.module.named_parameters()}}
    return {**case, "losses": losses, "norms": norms, "state": state, **held}


if __name__ == "__main__":
    results = {
        "about": f"by test/goldens/make_optimizer_goldens.py with PyTorch {torch.__version__}",
        "cases": [train(case) for case in CASES],
        "schedules": [
            {"name": name, "options": options, "rates": rates(scheduler, count)}
            for name, options, count, scheduler in SCHEDULES
        ],
        "plateaus": [plateau(*one) for one in PLATEAUS],
    }
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "optimizers.json")
    with open(path, "w") as file:
        json.dump(results, file, separators=(",", ":"))
        file.write("\n")
    for case in results["cases"]:
        print(case["title"], [round(v, 4) for v in case["losses"]], [round(v, 3) for v in case["norms"]])
