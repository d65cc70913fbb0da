/** Softmax, its logarithm, and cross-entropy from logits, over the last dimension. */
import { ShapeError } from "../errors.ts";
import type { TensorType } from "../tensor/shape.ts";
import { arithmetic } from "./arithmetic.ts";
import { checkDType, checkRank, checkShape, complaint, given, listTypes } from "./check.ts";
import type { Emit, Op, OpTable, Value } from "./op.ts";

const CLASS_LABELS = { notDifferentiable: "labels are class numbers" };

/** out_c = exp(x_c) / Σ_k exp(x_k), x f32[..., C]; shifted by the row's maximum, so that nothing overflows. */
const softmax: Op<"softmax"> = {
  inputs: { x: "one" },
  outputs: { out: "one" },
  cost: "cheap",

  infer({ x }) {
    checkRows("softmax", "x", x);
    return { out: x };
  },

  // With s = softmax(x): gX = s ∘ (g - Σ g ∘ s).
  vjp(emit, { outs: { out }, cotangents }) {
    const m = arithmetic(emit);
    const g = given(cotangents.out);
    const weighted = m.sum(m.mul(g, out), [lastAxis(out)], true);
    return { x: m.mul(out, m.sub(g, weighted)) };
  },

  composite(emit, { x }) {
    const m = arithmetic(emit);
    const exponentials = m.unary("exp", shifted(emit, x));
    // One division a row. The sum is between 1 and C, so its reciprocal is a normal number.
    const scale = m.unary("reciprocal", m.sum(exponentials, [lastAxis(x)], true));
    return { out: m.mul(exponentials, scale) };
  },
};

/** out_c = x_c - log Σ_k exp(x_k), x f32[..., C]. */
const logSoftmax: Op<"logSoftmax"> = {
  inputs: { x: "one" },
  outputs: { out: "one" },
  cost: "cheap",

  infer({ x }) {
    checkRows("logSoftmax", "x", x);
    return { out: x };
  },

  // gX = g - softmax(x) · Σ g.
  vjp(emit, { outs: { out }, cotangents }) {
    const m = arithmetic(emit);
    const g = given(cotangents.out);
    const total = m.sum(g, [lastAxis(out)], true);
    return { x: m.sub(g, m.mul(m.unary("exp", out), total)) };
  },

  composite(emit, { x }) {
    const m = arithmetic(emit);
    const z = shifted(emit, x);
    const sums = m.sum(m.unary("exp", z), [lastAxis(x)], true);
    return { out: m.sub(z, m.unary("log", sums)) };
  },
};

/**
 * loss_r = -logSoftmax(logits_r)[labels_r]: logits f32[R, C], labels i32[R] → f32[R].
 * A row whose label is negative is ignored: its loss and its gradient are 0. A label of C and more is a mistake, which
 * kernels cannot throw: loss and gradient of its row are NaN.
 */
const crossEntropy: Op<"crossEntropy"> = {
  inputs: { logits: "one", labels: "one" },
  outputs: { out: "one" },
  cost: "cheap",

  infer({ logits, labels }) {
    checkLabelled("crossEntropy", logits, labels);
    return { out: { dtype: "f32", shape: labels.shape } };
  },

  vjp(emit, { ins: { logits, labels }, cotangents }) {
    const g = given(cotangents.out);
    return {
      logits: emit("crossEntropyGrad", { logits, labels, g }, {}).out,
      labels: CLASS_LABELS,
    };
  },

  // As -logSoftmax, the digits of a small loss stay; an ignored row matches no class.
  composite(emit, { logits, labels }) {
    const m = arithmetic(emit);
    const z = shifted(emit, logits);
    const total = m.unary("log", m.sum(m.unary("exp", z), [1]));
    const loss = m.sub(total, m.sum(m.where(matches(emit, logits, labels), z, 0), [1]));
    return { out: m.where(isCounted(emit, labels), orNaN(emit, logits, labels, loss), 0) };
  },
};

/**
 * gLogits = (softmax(logits) - onehot(labels)) · g, 0 in ignored rows and NaN in those whose label is no class: g f32[R],
 * or f32[] for all rows → f32[R, C].
 */
const crossEntropyGrad: Op<"crossEntropyGrad"> = {
  inputs: { logits: "one", labels: "one", g: "one" },
  outputs: { out: "one" },
  cost: "cheap",

  infer({ logits, labels, g }) {
    checkLabelled("crossEntropyGrad", logits, labels);
    checkDType("crossEntropyGrad", "g", g, ["f32"]);
    if (g.shape.length > 0)
      checkShape("crossEntropyGrad", "g", g, labels.shape, "It has one element for each row.");
    return { out: logits };
  },

  vjp: "throughComposite",

  composite(emit, { logits, labels, g }) {
    const m = arithmetic(emit);
    const [rows = 0] = logits.type.shape;
    const exponentials = m.unary("exp", shifted(emit, logits));
    const probabilities = m.div(exponentials, m.sum(exponentials, [1], true));
    const onehot = m.cast(matches(emit, logits, labels), "f32");
    const scale = m.reshape(m.broadcastTo(orNaN(emit, logits, labels, g), [rows]), [rows, 1]);
    const slope = m.mul(m.sub(probabilities, onehot), scale);
    return { out: m.where(m.reshape(isCounted(emit, labels), [rows, 1]), slope, 0) };
  },
};

export const softmaxOps = { softmax, logSoftmax, crossEntropy, crossEntropyGrad } satisfies Pick<
  OpTable,
  "softmax" | "logSoftmax" | "crossEntropy" | "crossEntropyGrad"
>;

function lastAxis(x: Value): number {
  return x.type.shape.length - 1;
}

/** x minus its row's maximum. The result does not depend on the shift, so no gradient passes through it. */
function shifted(emit: Emit, x: Value): Value {
  const m = arithmetic(emit);
  const largest = m.reduce("max", x, [lastAxis(x)], true);
  return m.sub(x, emit("stopGradient", { x: largest }, {}).out);
}

/** bool[R, C]: whether the class is the row's label. */
function matches(emit: Emit, logits: Value, labels: Value): Value {
  const [rows = 0, classes = 0] = logits.type.shape;
  const m = arithmetic(emit);
  const numbers = emit("iota", {}, { length: classes, dtype: "i32" }).out;
  return m.binary("equal", m.reshape(labels, [rows, 1]), m.reshape(numbers, [1, classes]));
}

/** bool[R]: whether the row is not ignored. */
function isCounted(emit: Emit, labels: Value): Value {
  const m = arithmetic(emit);
  return m.binary("greaterEqual", labels, m.literal(0, "i32"));
}

/** x, but NaN where the label is no class. */
function orNaN(emit: Emit, logits: Value, labels: Value, x: Value): Value {
  const m = arithmetic(emit);
  const isClass = m.binary("less", labels, m.literal(logits.type.shape[1] ?? 0, "i32"));
  return m.where(isClass, x, Number.NaN);
}

function checkRows(op: string, name: string, type: TensorType): void {
  checkDType(op, name, type, ["f32"]);
  if ((type.shape.at(-1) ?? 0) >= 1) return;
  throw new ShapeError(
    complaint(
      op,
      `${name} must have a last dimension of 1 or more`,
      listTypes({ [name]: type }),
      "It is taken over the last dimension.",
    ),
  );
}

function checkLabelled(op: string, logits: TensorType, labels: TensorType): void {
  checkRows(op, "logits", logits);
  checkRank(op, "logits", logits, 2, "[R, C], a row of class scores for each label");
  checkDType(op, "labels", labels, ["i32"]);
  const [rows = 0] = logits.shape;
  checkShape(op, "labels", labels, [rows], "There is one class number for each row of logits.");
}
