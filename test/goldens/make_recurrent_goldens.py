"""What PyTorch makes of its recurrent layers, forward and backward, in float64.

Run it as make_goldens.py says:

    /usr/bin/python3 test/goldens/make_recurrent_goldens.py      # writes test/goldens/recurrent.json

Every kind of layer (RNN with tanh and with relu, LSTM, GRU) in every form: one layer and two, one direction and both,
from zeros and from given states, over whole sequences and over packed ones of different lengths in no order. One more
case has sizes of 1 only.

Nothing is drawn at random: `elements` gives parameters, inputs, states and the weights of the loss by a formula that a
test can compute as well. Its values are multiples of 1/128, and so are sums of two: f32 holds them exactly, so that a
comparison in float64 starts from the same numbers. What is numbered how is said in `case`. The file holds results
only. For y (0 behind a sequence's end), every final state, and the gradients of x, of the states that were given and
of all parameters:

    norm       the L2 norm
    sum        weighted by `elements(SUM, ...)` over the flat order, so that no two orders of the elements agree
    all        every element, in the cases of one layer and one direction with states and lengths, and in that of size 1
"""
import json
import math
import os

import numpy
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

SIZES = {"steps": 5, "batch": 3, "inputs": 4, "hidden": 6}
LENGTHS = [2, 5, 1]
ONES = {"steps": 1, "batch": 1, "inputs": 1, "hidden": 1}

# The numbers of what is no parameter; those are numbered from 0, in PyTorch's order.
INPUT, STATE, LOSS, SUM = 100, 200, 300, 400

KINDS = {
    "rnn with tanh": lambda *sizes, **form: nn.RNN(*sizes, nonlinearity="tanh", **form),
    "rnn with relu": lambda *sizes, **form: nn.RNN(*sizes, nonlinearity="relu", **form),
    "lstm": nn.LSTM,
    "gru": nn.GRU,
    "lstm with projection": lambda *sizes, **form: nn.LSTM(*sizes, proj_size=PROJECTION, **form),
}
PROJECTION = 4


def elements(index, shape):
    """Element i of the tensor with number p: ((31 i² + 17 i + 53 p + 7) mod 127 - 63) / 128."""
    i = numpy.arange(math.prod(shape), dtype=numpy.int64)
    values = ((31 * i * i + 17 * i + 53 * index + 7) % 127 - 63) / 128
    return torch.from_numpy(values.reshape(tuple(shape)))


def digest(tensor, full):
    flat = tensor.detach().flatten()
    result = {
        "norm": rounded(flat.norm().item()),
        "sum": rounded((flat * elements(SUM, flat.shape)).sum().item()),
    }
    if full:
        result["all"] = [rounded(v) for v in flat.tolist()]
    return result


def rounded(value):
    return float(f"{value:.15g}")


def case(kind, sizes, layers, bidirectional, has_states, lengths):
    """One loss, Σ y ∘ elements(LOSS) + Σ_k state k ∘ elements(LOSS + 1 + k), and all its gradients.

    States are counted layer by layer, forward before reverse, h before c: state k starts as elements(STATE + k).
    """
    steps, batch, inputs, hidden = sizes.values()
    model = KINDS[kind](inputs, hidden, num_layers=layers, bidirectional=bidirectional)
    with torch.no_grad():
        for index, p in enumerate(model.parameters()):
            p.copy_(elements(index, p.shape))
    x = elements(INPUT, (steps, batch, inputs)).requires_grad_()
    walks = layers * (2 if bidirectional else 1)
    parts = 2 if kind.startswith("lstm") else 1
    seen = PROJECTION if kind == "lstm with projection" else hidden
    given = [
        elements(STATE + k, (batch, seen if k % parts == 0 else hidden)).requires_grad_() for k in range(walks * parts)
    ]
    start = [torch.stack(given[part::parts]) for part in range(parts)]
    start = tuple(start) if parts == 2 else start[0]
    sequence = x if lengths is None else pack_padded_sequence(x, torch.tensor(lengths), enforce_sorted=False)
    y, final = model(sequence, start if has_states else None)
    if lengths is not None:
        y, _ = pad_packed_sequence(y, total_length=steps)
    final = final if parts == 2 else (final,)
    states = [final[k % parts][k // parts] for k in range(walks * parts)]
    loss = (y * elements(LOSS, y.shape)).sum()
    for k, state in enumerate(states):
        loss = loss + (state * elements(LOSS + 1 + k, state.shape)).sum()
    loss.backward()

    full = sizes == ONES or (walks == 1 and has_states and lengths is not None)
    found = {"y": y, **{f"state {k}": state for k, state in enumerate(states)}, "x": x.grad}
    if has_states:
        found |= {f"initial {k}": state.grad for k, state in enumerate(given)}
    found |= {name: p.grad for name, p in model.named_parameters()}
    return {
        "kind": kind, **sizes, "layers": layers, "bidirectional": bidirectional,
        "hasStates": has_states, "lengths": lengths, "loss": rounded(loss.item()),
        "results": {name: digest(tensor, full) for name, tensor in found.items()},
    }


def training(kind):
    """Losses of 15 steps of Adam: the mean square of what y differs from elements(LOSS). Two biases move twice as far as one."""
    steps, batch, inputs, hidden = SIZES.values()
    model = KINDS[kind](inputs, hidden, num_layers=2)
    with torch.no_grad():
        for index, p in enumerate(model.parameters()):
            p.copy_(elements(index, p.shape))
    x = elements(INPUT, (steps, batch, inputs))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    losses = []
    for _ in range(15):
        optimizer.zero_grad()
        y, _ = model(x)
        loss = ((y - elements(LOSS, y.shape)) ** 2).mean()
        loss.backward()
        optimizer.step()
        losses.append(rounded(loss.item()))
    return {"kind": kind, **SIZES, "losses": losses}


if __name__ == "__main__":
    torch.set_default_dtype(torch.float64)
    cases = [
        case(kind, SIZES, layers, bidirectional, has_states, lengths)
        for kind in KINDS
        for layers in (1, 2)
        for bidirectional in (False, True)
        for has_states in (False, True)
        for lengths in (None, LENGTHS)
    ]
    cases += [case(kind, ONES, 1, False, True, None) for kind in KINDS if kind != "lstm with projection"]
    curves = [training(kind) for kind in ("rnn with tanh", "lstm", "gru")]
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "recurrent.json")
    with open(path, "w") as file:
        about = f"by test/goldens/make_recurrent_goldens.py with PyTorch {torch.__version__}"
        json.dump({"about": about, "cases": cases, "training": curves}, file, separators=(",", ":"))
        file.write("\n")
    print(len(cases), "cases,", os.path.getsize(path), "bytes")
