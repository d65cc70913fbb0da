"""What PyTorch makes of ten training steps of two CNNs and of a character LSTM, in float64.

Run it on Debian, from the top of the repository; nothing needs a GPU or the network after the first line:

    apt-get install --no-install-recommends python3-torch python3-numpy libopenblas0-pthread
    /usr/bin/python3 test/goldens/make_goldens.py      # writes test/goldens/training.json

Nothing is drawn at random. Parameters, images and texts are given by formulas that a test can compute as well
(`parameter`, `pixel`, `token` below), so the file holds results only:

    losses     of the ten steps, each before its update
    norms      of all gradients together (lstm: before clipping to 1; PyTorch multiplies by 1 / (norm + 1e-6)), each step
    gradients  of steps 1 and 10, before clipping: for every parameter its L2 norm, eight elements evenly spaced over
               its flat order in PyTorch's layout, and all of them where there are at most 512

The second CNN, `groupedCnn`, has convolutions in groups: one filter a channel, two filters a channel, groups of four.

There are two LSTMs, because PyTorch has two biases a layer where one says the same: in `lstm` bias_hh is zero and
not trained, in `lstmTwoBiases` both are trained.
"""
import json
import math
import os

import numpy
import torch
from torch import nn

STEPS = 10
FULL = 512

CNN = {"batch": 8, "gain": 1.0, "learningRate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}
LSTM = {
    "vocabulary": 20, "features": 12, "hidden": 16, "layers": 2, "window": 12, "batch": 4,
    "gain": 4.0, "learningRate": 0.2, "momentum": 0.9, "clipNorm": 1.0,
}


def parameter(index, shape, gain):
    """Element i of parameter p: s · sin(0.7 i + 1.3 p + 0.013 (i² mod 1009)).

    s is 0.1 for vectors, else gain · √(2 / fan-in), where fan-in is the product of all sizes but the first. The
    LSTM's gain is so large that clipping is at work in some steps and not in others.
    """
    i = numpy.arange(math.prod(shape))
    scale = 0.1 if len(shape) == 1 else gain * math.sqrt(2 / math.prod(shape[1:]))
    values = scale * numpy.sin(0.7 * i + 1.3 * index + 0.013 * (i * i % 1009))
    return torch.from_numpy(values.reshape(tuple(shape)))


def pixel(n, row, column):
    return 0.5 + 0.25 * math.sin(0.45 * row + 0.8 * n) + 0.25 * math.cos(0.33 * column * (1 + 0.15 * n))


def label(n):
    return (3 * n + 1) % 10


def token(b, t):
    """Character t of text b; the target of character t is character t + 1."""
    return (7 * b + 3 * t + t // 5) % LSTM["vocabulary"]


class FlattenNHWC(nn.Module):
    """Flattens [N, C, H, W] in the order of [N, H, W, C], so that the linear layer's weights are gradgpu's."""

    def forward(self, x):
        return x.permute(0, 2, 3, 1).flatten(1)


class CharacterModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(LSTM["vocabulary"], LSTM["features"])
        self.lstm = nn.LSTM(LSTM["features"], LSTM["hidden"], LSTM["layers"])
        self.linear = nn.Linear(LSTM["hidden"], LSTM["vocabulary"])

    def forward(self, ids, state):
        y, state = self.lstm(self.embedding(ids), state)
        return self.linear(y), state


def initialise(model, gain):
    """Numbers the parameters in PyTorch's order, frozen ones included."""
    with torch.no_grad():
        for index, p in enumerate(model.parameters()):
            p.copy_(parameter(index, p.shape, gain))


def rounded(values):
    return [float(f"{v:.12g}") for v in values]


def gradients(model):
    found = {}
    for name, p in model.named_parameters():
        if not p.requires_grad:
            continue
        flat = p.grad.detach().flatten().numpy()
        at = [k * len(flat) // 8 for k in range(8)]
        found[name] = {
            "norm": rounded([float(numpy.linalg.norm(flat))])[0],
            "at": at,
            "values": rounded(flat[at]),
        }
        if len(flat) <= FULL:
            found[name]["all"] = rounded(flat)
    return found


def norm_of(model):
    return math.sqrt(sum(float((p.grad**2).sum()) for p in model.parameters() if p.requires_grad))


def described(model, options):
    parameters = [
        {"name": name, "shape": list(p.shape), "trained": p.requires_grad}
        for name, p in model.named_parameters()
    ]
    return {"options": options, "parameters": parameters, "losses": [], "norms": [], "gradients": {}}


def record(result, model, step, loss):
    result["losses"] += rounded([loss.item()])
    result["norms"] += rounded([norm_of(model)])
    if step in (1, STEPS):
        result["gradients"][str(step)] = gradients(model)


def cnn():
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        FlattenNHWC(), nn.Linear(32 * 7 * 7, 10),
    )


def grouped_cnn():
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(8, 8, 3, stride=2, padding=1, groups=8), nn.ReLU(),
        nn.Conv2d(8, 16, 3, padding=1, groups=8), nn.ReLU(),
        nn.Conv2d(16, 12, 3, groups=4), nn.ReLU(),
        FlattenNHWC(), nn.Linear(12 * 5 * 5, 10),
    )


def train_cnn(model):
    initialise(model, CNN["gain"])
    batch = range(CNN["batch"])
    images = [[[[pixel(n, r, c) for c in range(28)] for r in range(28)]] for n in batch]
    x, y = torch.tensor(images), torch.tensor([label(n) for n in batch])
    optimizer = torch.optim.Adam(
        model.parameters(), lr=CNN["learningRate"], betas=(CNN["beta1"], CNN["beta2"]), eps=CNN["epsilon"]
    )
    result = described(model, CNN)
    for step in range(1, STEPS + 1):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        record(result, model, step, loss)
        optimizer.step()
    return result


def train_lstm(two_biases):
    model = CharacterModel()
    initialise(model, LSTM["gain"])
    if not two_biases:
        for name, p in model.named_parameters():
            if "bias_hh" in name:
                p.requires_grad_(False).zero_()
    optimizer = torch.optim.SGD(
        [p for p in model.parameters() if p.requires_grad], lr=LSTM["learningRate"], momentum=LSTM["momentum"]
    )
    result = described(model, LSTM)
    window, batch = LSTM["window"], LSTM["batch"]
    state = None
    for step in range(1, STEPS + 1):
        start = (step - 1) * window
        ids = torch.tensor([[token(b, start + t) for b in range(batch)] for t in range(window + 1)])
        optimizer.zero_grad()
        logits, state = model(ids[:-1], state)
        state = tuple(s.detach() for s in state)
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), ids[1:].flatten())
        loss.backward()
        record(result, model, step, loss)
        nn.utils.clip_grad_norm_(model.parameters(), LSTM["clipNorm"])
        optimizer.step()
    return result


if __name__ == "__main__":
    torch.set_default_dtype(torch.float64)
    results = {
        "about": f"by test/goldens/make_goldens.py with PyTorch {torch.__version__}",
        "cnn": train_cnn(cnn()),
        "groupedCnn": train_cnn(grouped_cnn()),
        "lstm": train_lstm(two_biases=False),
        "lstmTwoBiases": train_lstm(two_biases=True),
    }
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "training.json")
    with open(path, "w") as file:
        json.dump(results, file, separators=(",", ":"))
        file.write("\n")
    for name in ("cnn", "groupedCnn", "lstm", "lstmTwoBiases"):
        print(name, "losses", [round(v, 5) for v in results[name]["losses"]])
        print(name, "norms", [round(v, 4) for v in results[name]["norms"]])
