"""Native PyTorch, a process that answers the runner's commands: JSON lines in, lines that begin with "@bench " out.

The cases, their inputs and what is compared are described in cases/inputs.ts; the inputs are made here by the same
formula. Written as a user of PyTorch would: nn.LSTM, nn.Conv2d in channels_last, torch.optim.Adam. Eager, because
torch.compile needs a compiler at run time and PyTorch 1.13 does not have it.
"""
import json
import os
import re
import signal
import sys
import time

signal.signal(signal.SIGINT, signal.SIG_IGN)

import numpy
import torch
import torch.nn.functional as F


def numbers(stream, length):
    """24-bit integers: cases/random.ts, in numpy."""
    with numpy.errstate(over="ignore"):
        x = numpy.arange(length, dtype=numpy.uint32) + numpy.uint32((stream * 0x9E3779B9) % 2**32)
        x = (x ^ (x >> numpy.uint32(16))) * numpy.uint32(0x7FEB352D)
        x = (x ^ (x >> numpy.uint32(15))) * numpy.uint32(0x846CA68B)
        return (x ^ (x >> numpy.uint32(16))) >> numpy.uint32(8)


class Maker:
    """Arrays one after the other: streams 1, 2, 3 …"""

    def __init__(self):
        self.stream = 0

    def floats(self, shape, scale=1.0):
        self.stream += 1
        unit = numbers(self.stream, int(numpy.prod(shape))).astype(numpy.float64) / 2**23 - 1
        return torch.from_numpy((unit * scale).astype(numpy.float32)).reshape(shape)

    def integers(self, shape, below):
        self.stream += 1
        unit = numbers(self.stream, int(numpy.prod(shape))).astype(numpy.float64) / 2**24
        return torch.from_numpy(numpy.floor(unit * below).astype(numpy.int64)).reshape(shape)


def checksum(tensor):
    x = tensor.detach().contiguous().reshape(-1).numpy().astype(numpy.float64)
    noise = numbers(99, x.size).astype(numpy.float64) / 2**23 - 1
    root = numpy.sqrt(x.size)
    return [x.sum() / root, numpy.sqrt((x * x).mean()), (x * noise).sum() / root]


class Training:
    """Forward, backward, Adam; a run ends when the loss is a number."""

    def __init__(self, parameters, loss):
        self.parameters = [p.detach().clone().requires_grad_() for p in parameters]
        self.optimizer = torch.optim.Adam(self.parameters, lr=1e-3)
        self.loss = loss

    def run(self):
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.loss(self.parameters)
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def result(self):
        return [self.run() for _ in range(3)]


class ModuleTraining(Training):
    """The same with modules, whose parameters are trained as they are."""

    def __init__(self, modules, loss):
        parameters = [parameter for module in modules for parameter in module.parameters()]
        self.optimizer = torch.optim.Adam(parameters, lr=1e-3)
        self.parameters, self.loss = parameters, lambda _: loss()


class Kernel:
    """A function without state; what it gives is what is compared."""

    def __init__(self, function):
        self.function = function

    def run(self):
        with torch.no_grad():
            self.last = self.function()

    def result(self):
        self.run()
        return [number for tensor in self.last for number in checksum(tensor)]


def cnn_train(p):
    make = Maker()
    x = make.floats([p["batch"], 28, 28, 1]).permute(0, 3, 1, 2)
    labels = make.integers([p["batch"]], 10)
    weights = [make.floats([16, 1, 3, 3], 1 / 3), make.floats([16], 1 / 3)]
    weights += [make.floats([32, 16, 3, 3], 1 / 12), make.floats([32], 1 / 12)]
    fc = make.floats([10, 1568], 1 / numpy.sqrt(1568))
    # PyTorch flattens (c, h, w); the case's columns are (h, w, c).
    fc = fc.reshape(10, 7, 7, 32).permute(0, 3, 1, 2).reshape(10, 1568)
    weights += [fc, make.floats([10], 1 / numpy.sqrt(1568))]

    def loss(w):
        h = F.max_pool2d(F.relu(F.conv2d(x, w[0], w[1], padding=1)), 2)
        h = F.max_pool2d(F.relu(F.conv2d(h, w[2], w[3], padding=1)), 2)
        return F.cross_entropy(F.linear(h.flatten(1), w[4], w[5]), labels)

    return Training(weights, loss)


GATES = {"lstm": 4, "gru": 3, "rnn": 1}


def recurrent_inputs(p, gates):
    make = Maker()
    H, scale = p["hidden"], 1 / numpy.sqrt(p["hidden"])
    x = make.floats([p["time"], p["batch"], p["input"]])
    labels = make.integers([p["batch"]], p["classes"])
    weights = []
    for layer in range(p["layers"]):
        weights.append(make.floats([gates * H, p["input"] if layer == 0 else H], scale))
        weights.append(make.floats([gates * H, H], scale))
        weights.append(make.floats([gates * H], scale))
    weights += [make.floats([p["classes"], H], scale), make.floats([p["classes"]], scale)]
    return x, labels, weights


def run_layers(cell, x, w, state, zero, layers):
    """The fused sequence function behind nn.LSTM, with the case's one bias: bias_hh is zero and not trained."""
    flat = [part for i in range(layers) for part in (*w[3 * i : 3 * i + 3], zero)]
    function = {"lstm": torch.lstm, "gru": torch.gru, "rnn": torch.rnn_tanh}[cell]
    return function(x, state, flat, True, layers, 0.0, True, False, False)


def recurrent(p, cell, trains):
    x, labels, weights = recurrent_inputs(p, GATES[cell])
    layers, H = p["layers"], p["hidden"]
    zero = torch.zeros(GATES[cell] * H)
    start = torch.zeros(layers, p["batch"], H)
    state = [start, start] if cell == "lstm" else start

    def logits(w):
        y = run_layers(cell, x, w, state, zero, layers)[0]
        return F.linear(y[-1], w[-2], w[-1])

    if trains:
        return Training(weights, lambda w: F.cross_entropy(logits(w), labels))
    return Kernel(lambda: [logits(weights)])


def transformer_train(p):
    make = Maker()
    T, B, D, H, classes = p["time"], p["batch"], p["features"], p["hidden"], p["classes"]
    scale = 1 / numpy.sqrt(D)
    x, labels = make.floats([T, B, D]), make.integers([B], classes)
    block = torch.nn.TransformerEncoderLayer(D, p["heads"], H, dropout=0)
    shapes = {
        "self_attn.in_proj_weight": ([3 * D, D], scale),
        "self_attn.in_proj_bias": ([3 * D], scale),
        "self_attn.out_proj.weight": ([D, D], scale),
        "self_attn.out_proj.bias": ([D], scale),
        "linear1.weight": ([H, D], scale),
        "linear1.bias": ([H], scale),
        "linear2.weight": ([D, H], 1 / numpy.sqrt(H)),
        "linear2.bias": ([D], scale),
        "norm1.weight": ([D], 1),
        "norm1.bias": ([D], scale),
        "norm2.weight": ([D], 1),
        "norm2.bias": ([D], scale),
    }
    block.load_state_dict({name: make.floats(*given) for name, given in shapes.items()})
    fc = torch.nn.Linear(D, classes)
    fc.load_state_dict({"weight": make.floats([classes, D], scale), "bias": make.floats([classes], scale)})
    return ModuleTraining([block, fc], lambda: F.cross_entropy(fc(block(x).mean(0)), labels))


class Characters:
    """Truncated BPTT: the whole text, window by window."""

    def __init__(self, p):
        make = Maker()
        V, E, H, self.B = p["vocabulary"], p["embedding"], p["hidden"], p["batch"]
        self.window, self.windows, self.H = p["window"], p["windows"], H
        scale = 1 / numpy.sqrt(H)
        self.ids = make.integers([self.window * self.windows + 1, self.B], V)
        weights = [make.floats([V, E]), make.floats([4 * H, E], scale), make.floats([4 * H, H], scale)]
        weights += [make.floats([4 * H], scale), make.floats([V, H], scale), make.floats([V], scale)]
        self.training = Training(weights, self.loss)
        self.zero = torch.zeros(4 * H)

    def loss(self, w):
        from_ = self.at * self.window
        text = self.ids[from_ : from_ + self.window]
        following = self.ids[from_ + 1 : from_ + 1 + self.window]
        y, h, c = run_layers("lstm", F.embedding(text, w[0]), w[1:4], self.state, self.zero, 1)
        self.state = [h.detach(), c.detach()]
        return F.cross_entropy(F.linear(y.flatten(0, 1), w[4], w[5]), following.flatten())

    def read(self, windows):
        self.state = [torch.zeros(1, self.B, self.H)] * 2
        losses = []
        for self.at in range(windows):
            losses.append(self.training.run())
        return losses

    def run(self):
        self.read(self.windows)

    def result(self):
        return self.read(3)


def matmul(p):
    make = Maker()
    m, k, n, layout = p["m"], p["k"], p["n"], p["layout"]
    a = make.floats([k, m] if layout == "tn" else [m, k])
    b = make.floats([n, k] if layout == "nt" else [k, n])
    a = a.t() if layout == "tn" else a
    b = b.t() if layout == "nt" else b
    return Kernel(lambda: [torch.mm(a, b)])


def conv(kind, p):
    make = Maker()
    K, S, groups = p["kernel"], p["stride"], p["groups"]
    pad = (K - 1) // 2
    out = (p["height"] + 2 * pad - K) // S + 1
    last = {"memory_format": torch.channels_last}
    x = make.floats([p["batch"], p["height"], p["width"], p["in"]]).permute(0, 3, 1, 2).contiguous(**last)
    w = make.floats([K, K, p["in"] // groups, p["out"]]).permute(3, 2, 0, 1).contiguous(**last)
    g = make.floats([p["batch"], out, out, p["out"]]).permute(0, 3, 1, 2).contiguous(**last)

    def backward(mask):
        return torch.ops.aten.convolution_backward(
            g, x, w, None, [S, S], [pad, pad], [1, 1], False, [0, 0], groups, mask
        )

    if kind == "conv-forward":
        return Kernel(lambda: [F.conv2d(x, w, None, S, pad, 1, groups).permute(0, 2, 3, 1)])
    if kind == "conv-input-grad":
        return Kernel(lambda: [backward([True, False, False])[0].permute(0, 2, 3, 1)])
    return Kernel(lambda: [backward([False, True, False])[1].permute(2, 3, 1, 0)])


def max_pool(p):
    x = Maker().floats([p["batch"], p["height"], p["width"], p["channels"]]).permute(0, 3, 1, 2)
    x = x.contiguous(memory_format=torch.channels_last)
    return Kernel(lambda: [F.max_pool2d(x, p["window"]).permute(0, 2, 3, 1)])


class Pulled:
    """A function with its gradients at g; what is compared are channels-last again."""

    def __init__(self, of, g, forward, turn=lambda tensor: tensor):
        self.of = [tensor.requires_grad_() for tensor in of]
        self.g, self.forward, self.turn = g, forward, turn

    def run(self):
        y = self.forward()
        self.last = [y, *torch.autograd.grad(y, self.of, self.g)]

    def result(self):
        self.run()
        return [number for tensor in self.last for number in checksum(self.turn(tensor))]


def images(tensor):
    return tensor.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)


def rows(tensor):
    return tensor.permute(0, 2, 3, 1) if tensor.dim() == 4 else tensor


def batch_norm(p):
    make = Maker()
    shape, C = [p["batch"], p["height"], p["width"], p["channels"]], p["channels"]
    x, weight, bias, g = images(make.floats(shape)), make.floats([C]), make.floats([C]), images(make.floats(shape))
    mean, var = torch.zeros(C), torch.ones(C)
    return Pulled([x, weight, bias], g, lambda: F.batch_norm(x, mean, var, weight, bias, True), rows)


def layer_norm(p):
    make = Maker()
    shape, features = [p["rows"], p["features"]], [p["features"]]
    x, weight, bias, g = make.floats(shape), make.floats(features), make.floats(features), make.floats(shape)
    return Pulled([x, weight, bias], g, lambda: F.layer_norm(x, features, weight, bias))


def conv_transpose(p):
    make = Maker()
    K, S, P = p["kernel"], p["stride"], p["padding"]
    x = images(make.floats([p["batch"], p["height"], p["width"], p["in"]]))
    # [KH, KW, OC, IC] as PyTorch's [IC, OC, KH, KW].
    w = make.floats([K, K, p["out"], p["in"]]).permute(3, 2, 0, 1).contiguous(memory_format=torch.channels_last)
    out = [(p[side] - 1) * S - 2 * P + K for side in ("height", "width")]
    g = images(make.floats([p["batch"], *out, p["out"]]))
    kernel = Pulled([x, w], g, lambda: F.conv_transpose2d(x, w, None, S, P))
    kernel.turn = lambda tensor: tensor.permute(2, 3, 1, 0) if tensor.shape == w.shape else rows(tensor)
    return kernel


def embedding(p):
    make = Maker()
    table = make.floats([p["rows"], p["features"]])
    ids, g = make.integers([p["ids"]], p["rows"]), make.floats([p["ids"], p["features"]])
    return Pulled([table], g, lambda: F.embedding(ids, table))


class CrossEntropy:
    def __init__(self, p):
        make = Maker()
        self.logits = make.floats([p["rows"], p["classes"]], 4).requires_grad_()
        self.labels = make.integers([p["rows"]], p["classes"])

    def run(self):
        self.loss = F.cross_entropy(self.logits, self.labels)
        (self.gradient,) = torch.autograd.grad(self.loss, [self.logits])

    def result(self):
        self.run()
        return checksum(self.loss) + checksum(self.gradient)


class Adam:
    def __init__(self, p):
        make = Maker()
        self.parameter = make.floats([p["elements"]]).requires_grad_()
        self.parameter.grad = make.floats([p["elements"]])
        self.optimizer = torch.optim.Adam([self.parameter], lr=1e-3)

    def run(self):
        self.optimizer.step()

    def result(self):
        self.run()
        return checksum(self.parameter)


def add_chain(p):
    make = Maker()
    x, y = make.floats([p["elements"]]), make.floats([p["elements"]], 0.01)

    def chain():
        total = x
        for _ in range(p["length"]):
            total = total + y
        return [total]

    return Kernel(chain)


def copy(p):
    x = Maker().floats([p["elements"]])
    to = torch.empty_like(x)
    return Kernel(lambda: [to.copy_(x)])


def prepare(case):
    kind, p = case["kind"], case["params"]
    if kind == "cnn-train":
        return cnn_train(p)
    if kind == "lstm-forward":
        return recurrent(p, "lstm", False)
    if kind in ("lstm-train", "gru-train", "rnn-train"):
        return recurrent(p, kind.split("-")[0], True)
    if kind in ("conv-forward", "conv-input-grad", "conv-filter-grad"):
        return conv(kind, p)
    return {
        "transformer-train": transformer_train,
        "batch-norm": batch_norm,
        "layer-norm": layer_norm,
        "conv-transpose": conv_transpose,
        "embedding": embedding,
        "tbptt": Characters,
        "matmul": matmul,
        "max-pool": max_pool,
        "softmax-cross-entropy": CrossEntropy,
        "adam": Adam,
        "add-chain": add_chain,
        "copy": copy,
    }[kind](p)


def blas():
    """The BLAS that is loaded. Debian's reference BLAS is twenty times slower: then PyTorch is no bar."""
    with open("/proc/self/maps", encoding="utf8") as maps:
        libraries = {line.rsplit("/", 1)[-1].strip() for line in maps if "blas" in line or "mkl" in line}
    return sorted(name for name in libraries if re.search(r"openblas|mkl_", name))


def open_engine(options):
    threads = int(options.get("threads") or len(os.sched_getaffinity(0)))
    torch.set_num_threads(threads)
    # Loads the library that torch.mm ends up in.
    torch.mm(torch.ones(64, 64), torch.ones(64, 64))
    found = blas()
    if not found and "openblas" not in torch.__config__.show().lower():
        raise RuntimeError(
            "PyTorch must run on OpenBLAS or MKL; got another BLAS, with which it is twenty times slower. "
            "On Debian: apt-get install libopenblas0-pthread."
        )
    if torch.get_num_threads() != threads:
        raise RuntimeError(f"asked for {threads} threads; got {torch.get_num_threads()}.")
    backend = f"{', '.join(found) or 'openblas'}, native"
    return {"engine": "torch", "device": "cpu", "backend": backend, "threads": threads, "version": torch.__version__}


class Answering:
    def __init__(self):
        self.prepared = None

    def answer(self, command):
        kind = command["do"]
        if kind == "open":
            return open_engine(command["options"])
        if kind == "prepare":
            if command["case"]["kind"] in ("fma", "overhead"):
                return {"cannot": "not a computation of PyTorch's"}
            self.prepared = prepare(command["case"])
            return {}
        if kind == "result":
            return [float(number) for number in self.prepared.result()]
        if kind == "time":
            start = time.perf_counter()
            for _ in range(command["times"]):
                self.prepared.run()
            return 1000 * (time.perf_counter() - start)
        if kind == "count":
            return {"figures": []}
        self.prepared = None
        return None


answering = Answering()
for line in sys.stdin:
    try:
        reply = {"value": answering.answer(json.loads(line))}
    except Exception as error:  # told to the runner, which makes a row of it
        reply = {"error": f"{type(error).__name__}: {error}"}
    print("@bench " + json.dumps(reply), flush=True)
