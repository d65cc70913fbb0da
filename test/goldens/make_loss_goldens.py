"""What PyTorch makes of losses, in float64: values for every reduction, and gradients of the mean for f32 inputs.

Run it as make_goldens.py says:

    /usr/bin/python3 test/goldens/make_loss_goldens.py      # writes test/goldens/losses.json

Nothing is drawn at random: inputs are those of `values` in make_norm_goldens.py. What PyTorch 1.13 does not have is
written here as its paper does. For every case:

    inputs       in order, { dtype, shape, data }
    options      gradgpu's; tensors among them are inputs by their place: { "classWeights": "#2" }
    none, sum, mean
    gradients    of the mean, by the place of the input
"""
import json
import os

import torch
import torch.nn.functional as F

from make_norm_goldens import flat, rounded32, values


def reals(shape, index, scale=1.0):
    return rounded32(scale * values(shape, index)).requires_grad_(True)


def ints(*rows):
    return torch.tensor(rows, dtype=torch.int64)


def single(x):
    """Rounded to float32, as inputs are."""
    return x.detach().float().double().requires_grad_(True)


def positives(shape, index):
    return single(rounded32(values(shape, index)).abs() + 0.1)


def distribution(shape, index):
    return single(rounded32(values(shape, index)).softmax(-1))


LABELS = ints(2, 0, 4, -1, 1, 3)
WEIGHTS = positives([5], 9).detach()
ROWS = positives([6], 8).detach()
SIGNS = torch.tensor([1.0, -1, -1, 1, 1, -1], dtype=torch.float64)


def reduce(each, reduction, weights=None):
    if weights is not None:
        each = each * weights
    if reduction == "none":
        return each
    if reduction == "sum":
        return each.sum()
    return each.sum() / weights.sum() if weights is not None else each.mean()


def ce(logits, labels, weight=None, smoothing=0.0, rows=None):
    def of(reduction):
        ignored = torch.where(labels < 0, -100, labels)
        if rows is None:
            return F.cross_entropy(logits, ignored, weight, reduction=reduction, label_smoothing=smoothing)
        each = F.cross_entropy(logits, ignored, weight, reduction="none", label_smoothing=smoothing)
        own = (labels >= 0).double() if weight is None else torch.where(labels < 0, 0.0, weight[labels.clamp(min=0)])
        if reduction == "mean":
            return (each * rows).sum() / (own * rows).sum()
        return reduce(each * rows, reduction)
    return of


def nll(logs, labels, weight=None, rows=None):
    ignored = torch.where(labels < 0, -100, labels)
    def of(reduction):
        if rows is None:
            return F.nll_loss(logs, ignored, weight, reduction=reduction)
        losses = F.nll_loss(logs, ignored, weight, reduction="none")
        own = torch.where(labels < 0, 0.0, weight[labels.clamp(min=0)])
        return (losses * rows).sum() / (own * rows).sum() if reduction == "mean" else reduce(losses * rows, reduction)
    return of


def focal(logits, labels, gamma, weight=None, rows=1.0):
    def of(reduction):
        each = F.cross_entropy(logits, torch.where(labels < 0, -100, labels), reduction="none")
        counted = (labels >= 0).double() * rows
        own = (1 - torch.exp(-each)) ** gamma * each
        own = own if weight is None else own * weight[labels.clamp(min=0)]
        return (own * counted).sum() / counted.sum() if reduction == "mean" else reduce(own * rows, reduction)
    return of


def binary_focal(logits, targets, gamma, alpha):
    p = torch.sigmoid(logits)
    loss = F.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    wrong = p * (1 - targets) + (1 - p) * targets
    return (alpha * targets + (1 - alpha) * (1 - targets)) * loss * wrong**gamma


def kl(logs, target, log_target, rows=None):
    """Rows by themselves: of [N, C] the mean is PyTorch's "batchmean"."""
    def of(reduction):
        if reduction == "mean" and logs.dim() == 2 and rows is None:
            return F.kl_div(logs, target, reduction="batchmean", log_target=log_target)
        each = F.kl_div(logs, target, reduction="none", log_target=log_target).sum(-1)
        return reduce(each, reduction, rows)
    return of


def ce_rows(logits, labels, **how):
    """PyTorch has the classes second."""
    return lambda r: F.cross_entropy(logits.movedim(-1, 1), torch.where(labels < 0, -100, labels), reduction=r, **how)


def clip(a, b, temperature):
    a, b = F.normalize(a, dim=-1), F.normalize(b, dim=-1)
    s, own = a @ b.T / temperature, torch.arange(a.shape[0])
    return 0.5 * (F.cross_entropy(s, own, reduction="none") + F.cross_entropy(s.T, own, reduction="none"))


def each(x):
    return lambda reduction: reduce(x, reduction)


def ctc(logits, labels, lengths=None, blank=0, zero=False):
    def of(reduction):
        counts = (labels >= 0).sum(1)
        given = torch.full([logits.shape[1]], logits.shape[0]) if lengths is None else lengths
        return F.ctc_loss(logits.log_softmax(-1), labels.clamp(min=0) + (labels < 0) * 1, given, counts, blank,
                          reduction=reduction, zero_infinity=zero)
    return of


A, B, X, Y = reals([6, 5], 1), reals([6, 5], 2), reals([6], 3), reals([6], 4)
C = reals([6, 5], 5)
V = positives([6], 6)
BITS = torch.tensor([1.0, 0, 0, 1, 1, 0], dtype=torch.float64)
COUNTS = torch.tensor([3.0, 0, 1, 2, 0, 5], dtype=torch.float64)
P = distribution([6, 5], 7)
Q = distribution([6, 5], 10)
ONE_ZERO = Q.detach().clone()
ONE_ZERO[0] = torch.tensor([0.0, 0.5, 0.5, 0, 0])
U = single(torch.sigmoid(X))
FRAMES = reals([7, 3, 5], 11, 2.0)
LONG = reals([40, 4, 9], 12, 3.0)
WORDS = ints([1, 2, 2], [3, -1, -1], [4, 1, -1])
LONG_WORDS = (torch.arange(4 * 12).reshape(4, 12) * 7 % 8) + 1
LONG_WORDS[1, 9:] = -1
LONG_WORDS[3, 1:] = -1
ROW_LOGITS, ROW_LABELS = reals([2, 3, 5], 13), ints([2, 0, -1], [4, 1, 3])
ROW_P = distribution([2, 3, 5], 14)
LOGS, ROW_LOGS = single(torch.log_softmax(A, -1)), single(torch.log_softmax(ROW_LOGITS, -1))
CERTAIN = torch.tensor([0.0, 1, 1, 0, 0.5, 0.25], dtype=torch.float64)
TIMES = torch.tensor([7, 2, 5])

# gradgpu's name, its inputs, its options, PyTorch's by reduction, and whose gradients.
CASES = [
    ["meanSquaredError", [X, Y], {}, each((X - Y) ** 2)],
    ["meanSquaredError", [X, Y, ROWS], {"weights": "#2"}, lambda r: reduce((X - Y) ** 2, r, ROWS)],
    ["meanAbsoluteError", [X, Y], {}, lambda r: F.l1_loss(X, Y, reduction=r)],
    ["huber", [X, Y], {}, lambda r: F.huber_loss(X, Y, reduction=r)],
    ["huber", [X, Y], {"delta": 0.25}, lambda r: F.huber_loss(X, Y, reduction=r, delta=0.25)],
    ["huber", [X, Y, ROWS], {"delta": 0.25, "weights": "#2"},
     lambda r: reduce(F.huber_loss(X, Y, reduction="none", delta=0.25), r, ROWS)],
    ["logCosh", [X, Y], {}, each(torch.log(torch.cosh(X - Y)))],
    ["crossEntropy", [A, LABELS], {}, ce(A, LABELS)],
    ["crossEntropy", [A, LABELS, WEIGHTS], {"classWeights": "#2"}, ce(A, LABELS, WEIGHTS)],
    ["crossEntropy", [A, LABELS], {"labelSmoothing": 0.2}, ce(A, LABELS, None, 0.2)],
    ["crossEntropy", [A, LABELS, WEIGHTS], {"classWeights": "#2", "labelSmoothing": 0.3}, ce(A, LABELS, WEIGHTS, 0.3)],
    ["crossEntropy", [A, LABELS, WEIGHTS], {"classWeights": "#2", "labelSmoothing": 1}, ce(A, LABELS, WEIGHTS, 1.0)],
    ["crossEntropy", [A, LABELS, ROWS], {"weights": "#2"}, ce(A, LABELS, None, 0.0, ROWS)],
    ["crossEntropy", [A, LABELS, WEIGHTS, ROWS], {"classWeights": "#2", "weights": "#3"}, ce(A, LABELS, WEIGHTS, 0.0, ROWS)],
    ["crossEntropy", [A, P], {}, lambda r: F.cross_entropy(A, P, reduction=r)],
    ["crossEntropy", [A, P, WEIGHTS], {"classWeights": "#2", "labelSmoothing": 0.1},
     lambda r: F.cross_entropy(A, P, WEIGHTS, reduction=r, label_smoothing=0.1)],
    ["crossEntropy", [ROW_LOGITS, ROW_LABELS, WEIGHTS], {"classWeights": "#2", "labelSmoothing": 0.25},
     ce_rows(ROW_LOGITS, ROW_LABELS, weight=WEIGHTS, label_smoothing=0.25)],
    # PyTorch means over all rows here, as for probabilities of any rank.
    ["crossEntropy", [ROW_LOGITS, ROW_P, WEIGHTS], {"classWeights": "#2"},
     lambda r: F.cross_entropy(ROW_LOGITS.movedim(-1, 1), ROW_P.movedim(-1, 1), WEIGHTS, reduction=r)],
    ["crossEntropy", [A, P], {"labelSmoothing": 0.2}, lambda r: F.cross_entropy(A, P, reduction=r, label_smoothing=0.2)],
    ["crossEntropy", [A, P, ROWS], {"weights": "#2"}, lambda r: reduce(F.cross_entropy(A, P, reduction="none"), r, ROWS)],
    ["negativeLogLikelihood", [LOGS, LABELS], {}, nll(LOGS, LABELS)],
    ["negativeLogLikelihood", [LOGS, LABELS, WEIGHTS], {"classWeights": "#2"}, nll(LOGS, LABELS, WEIGHTS)],
    ["negativeLogLikelihood", [LOGS, LABELS, WEIGHTS, ROWS], {"classWeights": "#2", "weights": "#3"},
     nll(LOGS, LABELS, WEIGHTS, ROWS)],
    ["negativeLogLikelihood", [ROW_LOGS, ROW_LABELS], {},
     lambda r: F.nll_loss(ROW_LOGS.movedim(-1, 1), torch.where(ROW_LABELS < 0, -100, ROW_LABELS), reduction=r)],
    ["focal", [A, LABELS, ROWS], {"weights": "#2"}, focal(A, LABELS, 2, None, ROWS)],
    ["focal", [A, LABELS], {}, focal(A, LABELS, 2)],
    ["focal", [A, LABELS, WEIGHTS], {"gamma": 0.5, "classWeights": "#2"}, focal(A, LABELS, 0.5, WEIGHTS)],
    ["binaryCrossEntropyWithLogits", [X, BITS], {}, lambda r: F.binary_cross_entropy_with_logits(X, BITS, reduction=r)],
    ["binaryCrossEntropyWithLogits", [X, BITS, ROWS], {"positiveWeight": "#2"},
     lambda r: F.binary_cross_entropy_with_logits(X, BITS, pos_weight=ROWS, reduction=r)],
    # PyTorch's "mean" is over the elements where they have weights; ours is over the weights.
    ["binaryCrossEntropyWithLogits", [X, BITS, ROWS, V.detach()], {"positiveWeight": "#2", "weights": "#3"},
     lambda r: reduce(F.binary_cross_entropy_with_logits(X, BITS, pos_weight=ROWS, reduction="none"), r, V.detach())],
    # Without a gradient: PyTorch's is as large as 1e12 there.
    ["binaryCrossEntropy", [CERTAIN, BITS], {}, lambda r: F.binary_cross_entropy(CERTAIN, BITS, reduction=r)],
    ["binaryCrossEntropy", [U, BITS], {}, lambda r: F.binary_cross_entropy(U, BITS, reduction=r)],
    ["binaryFocal", [X, BITS], {}, each(binary_focal(X, BITS, 2, 0.25))],
    ["binaryFocal", [X, BITS], {"gamma": 1.5, "alpha": 0.6}, each(binary_focal(X, BITS, 1.5, 0.6))],
    ["klDivergence", [A, P], {}, kl(A, P, False)],
    ["klDivergence", [A, ONE_ZERO], {}, kl(A, ONE_ZERO, False)],
    ["klDivergence", [A, B], {"logTarget": True}, kl(A, B, True)],
    ["klDivergence", [ROW_LOGITS, ROW_P], {}, kl(ROW_LOGITS, ROW_P, False)],
    ["klDivergence", [A, P, ROWS], {"weights": "#2"}, kl(A, P, False, ROWS)],
    ["poissonNll", [X, COUNTS], {}, lambda r: F.poisson_nll_loss(X, COUNTS, reduction=r)],
    ["poissonNll", [V, COUNTS], {"logInput": False}, lambda r: F.poisson_nll_loss(V, COUNTS, log_input=False, reduction=r)],
    ["poissonNll", [V, COUNTS], {"logInput": False, "epsilon": 0.5},
     lambda r: F.poisson_nll_loss(V, COUNTS, log_input=False, eps=0.5, reduction=r)],
    ["gaussianNll", [X, V, Y], {"epsilon": 0.8}, lambda r: F.gaussian_nll_loss(X, Y, V, eps=0.8, reduction=r)],
    ["gaussianNll", [X, V, Y], {}, lambda r: F.gaussian_nll_loss(X, Y, V, reduction=r)],
    ["hinge", [X, SIGNS], {}, each((1 - SIGNS * X).clamp(min=0))],
    ["squaredHinge", [X, SIGNS], {}, each((1 - SIGNS * X).clamp(min=0) ** 2)],
    ["cosineSimilarity", [A, B], None, lambda r: reduce(F.cosine_similarity(A, B, dim=-1), r)],
    ["cosineEmbedding", [A, B, SIGNS], {"margin": -0.5}, lambda r: F.cosine_embedding_loss(A, B, SIGNS, margin=-0.5, reduction=r)],
    ["cosineEmbedding", [A, B, SIGNS], {}, lambda r: F.cosine_embedding_loss(A, B, SIGNS, reduction=r)],
    ["tripletMargin", [A, B, C], {}, lambda r: F.triplet_margin_loss(A, B, C, reduction=r)],
    ["tripletMargin", [A, B, C], {"margin": 0.5}, lambda r: F.triplet_margin_loss(A, B, C, margin=0.5, reduction=r)],
    ["contrastive", [A, B, BITS], {"margin": 2}, each(0.5 * (
        BITS * F.pairwise_distance(A, B) ** 2 + (1 - BITS) * (2 - F.pairwise_distance(A, B)).clamp(min=0) ** 2))],
    ["contrastive", [A, B, BITS], {}, each(0.5 * (
        BITS * F.pairwise_distance(A, B) ** 2 + (1 - BITS) * (1 - F.pairwise_distance(A, B)).clamp(min=0) ** 2))],
    ["infoNce", [A, B], {}, each(clip(A, B, 0.1))],
    ["infoNce", [A, B], {"temperature": 0.5}, each(clip(A, B, 0.5))],
    ["ctc", [FRAMES, WORDS], {}, ctc(FRAMES, WORDS)],
    ["ctc", [FRAMES, WORDS, TIMES], {"lengths": "#2"}, ctc(FRAMES, WORDS, TIMES)],
    ["ctc", [FRAMES, ints([1, 2, 2], [3, 3, 3], [2, 2, -1]), torch.tensor([7, 4, 2])],
     {"lengths": "#2", "zeroInfinity": True},
     ctc(FRAMES, ints([1, 2, 2], [3, 3, 3], [2, 2, -1]), torch.tensor([7, 4, 2]), 0, True)],
    ["ctc", [FRAMES, ints([0, 2, 2], [3, -1, -1], [1, 0, -1])], {"blank": 4}, ctc(FRAMES, ints([0, 2, 2], [3, -1, -1], [1, 0, -1]), None, 4)],
    ["ctc", [LONG, LONG_WORDS], {}, ctc(LONG, LONG_WORDS)],
]


def tensor(x):
    whole = x.dtype == torch.int64
    return {"dtype": "i32" if whole else "f32", "shape": list(x.shape), "data": x.flatten().tolist() if whole else flat(x.detach())}


def case(name, inputs, options, of):
    reals_in = [i for i, x in enumerate(inputs) if x.requires_grad]
    sources = [inputs[i] for i in reals_in]
    found = torch.autograd.grad(of("mean"), sources, retain_graph=True, allow_unused=True) if sources else []
    return {
        "name": name, "options": options, "inputs": [tensor(x) for x in inputs],
        **{r: flat(of(r).detach().reshape(-1)) for r in ("none", "sum", "mean")},
        "gradients": {str(i): flat(g) for i, g in zip(reals_in, found) if g is not None},
    }


if __name__ == "__main__":
    results = {
        "about": f"by test/goldens/make_loss_goldens.py with PyTorch {torch.__version__}",
        "cases": [case(*one) for one in CASES],
    }
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "losses.json")
    with open(path, "w") as file:
        json.dump(results, file, separators=(",", ":"))
        file.write("\n")
    for one in results["cases"]:
        print(one["name"], one["options"], one["mean"])
