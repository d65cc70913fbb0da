/**
 * Attention over sequences of keys, and its gradient, which makes the probabilities again from q, k and `lse` rather than
 * keep them (Dao et al. 2022, FlashAttention, algorithms 1 and 4). Both mean products, a softmax and what hides keys from
 * queries; where a device has no kernel, or gains nothing by it, those take their place, and what the two have in common
 * is computed once.
 */
import { ShapeError } from "../errors.ts";
import { broadcastShapes, describe, sameShape, type TensorType } from "../tensor/shape.ts";
import { type Arithmetic, arithmetic } from "./arithmetic.ts";
import { checkDType, checkShape, complaint, given } from "./check.ts";
import type { Emit, Op, OpTable, Value, VjpTable } from "./op.ts";
import { unbroadcast } from "./unbroadcast.ts";
import type { Attention, ByOutput } from "./vocabulary.ts";

/** Less than any score, and finite: a query that sees nothing gives the mean of all values, not NaN. */
const UNSEEN = -1e30;

const f32 = (shape: readonly number[]): TensorType => ({ dtype: "f32", shape });

interface Operands<T> {
  readonly q: T;
  readonly k: T;
  readonly v: T;
  readonly mask: T | undefined;
}

/** out = softmax(scale · q · kᵀ, over what a query sees) · v; lse is the logarithm of the sum that softmax divides by. */
const attention: Op<"attention"> = {
  inputs: { q: "one", k: "one", v: "one", mask: "optional" },
  outputs: { out: "one", lse: "one" },
  cost: "expensive",

  infer(ins) {
    checkOperands(ins);
    const rows = ins.q.shape.slice(0, -1);
    return { out: f32([...rows, ins.v.shape.at(-1) ?? 0]), lse: f32(rows) };
  },

  composite(emit, ins, attrs) {
    const m = arithmetic(emit);
    const { p, largest, total } = probabilities(emit, ins, attrs);
    const lse = m.add(largest, m.unary("log", total));
    return {
      out: product(emit, p, ins.v),
      lse: m.reshape(lse, ins.q.type.shape.slice(0, -1)),
    };
  },
};

/** The gradients of q, k and v. stats [2, ..., Tq] are lse and Σ g · out of each query. */
const attentionGrad: Op<"attentionGrad"> = {
  inputs: {
    q: "one",
    k: "one",
    v: "one",
    mask: "optional",
    stats: "one",
    g: "one",
  },
  outputs: { gQ: "one", gK: "one", gV: "one" },
  cost: "expensive",

  infer({ stats, g, ...ins }) {
    checkOperands(ins);
    const rows = ins.q.shape.slice(0, -1);
    checkShape("attentionGrad", "stats", stats, [2, ...rows], "They are two of each query.");
    const shape = [...rows, ins.v.shape.at(-1) ?? 0];
    checkShape("attentionGrad", "g", g, shape, "It is the gradient of what attention gives.");
    return { gQ: f32(ins.q.shape), gK: f32(ins.k.shape), gV: f32(ins.v.shape) };
  },

  composite(emit, { g, ...ins }, attrs) {
    const { gQ, gK, gV } = composedGradients(emit, ins, g, attrs);
    return { gQ, gK, gV };
  },
};

export const attentionOps = { attention, attentionGrad } satisfies Pick<
  OpTable,
  "attention" | "attentionGrad"
>;

export const attentionVjps = {
  attention(emit, { ins, outs, cotangents, attrs }) {
    const { out, lse } = cotangents;
    const isAdded = ins.mask?.type.dtype === "f32";
    const own =
      out === undefined || lse !== undefined
        ? composedGradients(emit, ins, out ?? zerosLike(emit, outs.out), attrs, lse)
        : { ...gradients(emit, ins, outs, out, attrs), scores: undefined };
    const scores = isAdded
      ? (own.scores ?? gradientOfScores(emit, ins, given(out), attrs).g)
      : undefined;
    const mask = scores && unbroadcast(emit, scores, ins.mask?.type.shape ?? []);
    return { q: own.gQ, k: own.gK, v: own.gV, mask };
  },

  attentionGrad: "throughComposite",
} satisfies Pick<VjpTable, "attention" | "attentionGrad">;

/** By the op: what is kept of the forward pass are out and a number for each query. */
function gradients(
  emit: Emit,
  ins: Operands<Value>,
  { out, lse }: ByOutput<"attention", Value>,
  g: Value,
  attrs: Attention,
) {
  const m = arithmetic(emit);
  const delta = m.sum(m.mul(g, out), [g.type.shape.length - 1]);
  const xs = [lse, delta].map((x) => m.reshape(x, [1, ...x.type.shape]));
  const stats = emit("concat", { xs }, { axis: 0 }).out;
  return emit("attentionGrad", { ...ins, stats, g }, attrs);
}

/** By products, also of lse's own gradient, which only the gradient of a gradient could ask for. */
function composedGradients(
  emit: Emit,
  ins: Operands<Value>,
  g: Value,
  attrs: Attention,
  gLse?: Value,
) {
  const m = arithmetic(emit);
  const { p, g: scores } = gradientOfScores(emit, ins, g, attrs, gLse);
  const scaled = m.mul(scores, attrs.scale);
  return {
    gQ: product(emit, scaled, ins.k),
    gK: product(emit, scaled, ins.q, { transposeA: true }),
    gV: product(emit, p, g, { transposeA: true }),
    scores,
  };
}

function zerosLike(emit: Emit, { type: { shape } }: Value): Value {
  const m = arithmetic(emit);
  return m.broadcastTo(m.literal(0), shape);
}

function product(
  emit: Emit,
  a: Value,
  b: Value,
  { transposeA = false, transposeB = false } = {},
): Value {
  return emit("matmul", { a, b }, { transposeA, transposeB }).out;
}

/** What each query pays to each key, [..., Tq, Tk]; the largest score and the sum that it was divided by, [..., Tq, 1]. */
function probabilities(emit: Emit, ins: Operands<Value>, attrs: Attention) {
  const m = arithmetic(emit);
  let scores = m.mul(product(emit, ins.q, ins.k, { transposeB: true }), attrs.scale);
  if (ins.mask?.type.dtype === "f32") scores = m.add(scores, ins.mask);
  const hidden = hiddenKeys(m, emit, ins, attrs);
  for (const where of hidden) scores = m.where(where, UNSEEN, scores);
  const last = [scores.type.shape.length - 1];
  // The shift changes no probability, so no gradient passes through it.
  const shift = emit("stopGradient", { x: m.reduce("max", scores, last, true) }, {}).out;
  const terms = m.unary("exp", m.sub(scores, shift));
  const total = m.sum(terms, last, true);
  const p = m.mul(terms, m.unary("reciprocal", total));
  return { p, largest: shift, total, hidden };
}

/** Where keys are hidden from queries, as bools that broadcast to the scores. */
function hiddenKeys(
  m: Arithmetic,
  emit: Emit,
  { q, k, mask }: Operands<Value>,
  { causal }: Attention,
): Value[] {
  const [Tq = 0, Tk = 0] = [q.type.shape.at(-2), k.type.shape.at(-2)];
  const count = (length: number) => emit("iota", {}, { length, dtype: "i32" }).out;
  const hidden: Value[] = [];
  if (causal) {
    const last = m.binary("add", m.reshape(count(Tq), [Tq, 1]), m.literal(Tk - Tq, "i32"));
    hidden.push(m.binary("less", last, count(Tk)));
  }
  if (mask !== undefined) {
    hidden.push(
      mask.type.dtype === "bool" ? m.unary("not", mask) : m.binary("lessEqual", mask, UNSEEN),
    );
  }
  return hidden;
}

/** The gradient of the scores as softmax takes them: p ∘ (g · vᵀ − Σ p ∘ (g · vᵀ)), and 0 where a key is hidden. */
function gradientOfScores(
  emit: Emit,
  ins: Operands<Value>,
  g: Value,
  attrs: Attention,
  gLse?: Value,
) {
  const m = arithmetic(emit);
  const { p, hidden } = probabilities(emit, ins, attrs);
  const gP = product(emit, g, ins.v, { transposeB: true });
  const last = [p.type.shape.length - 1];
  let own = m.mul(p, m.sub(gP, m.sum(m.mul(gP, p), last, true)));
  if (gLse) own = m.add(own, m.mul(p, m.reshape(gLse, [...gLse.type.shape, 1])));
  for (const where of hidden) own = m.where(where, 0, own);
  return { p, g: own };
}

/** @throws ShapeError or DTypeError */
function checkOperands({ q, k, v, mask }: Operands<TensorType>): void {
  for (const [name, type] of Object.entries({ q, k, v }))
    checkDType("attention", name, type, ["f32"]);
  const lead = q.shape.slice(0, -2);
  const [Tq = 0, D = 0] = q.shape.slice(-2);
  const Tk = k.shape.at(-2) ?? 0;
  const isFit =
    [q, k, v].every(({ shape }) => shape.length >= 2 && sameShape(shape.slice(0, -2), lead)) &&
    k.shape.at(-1) === D &&
    v.shape.at(-2) === Tk &&
    Tk >= 1;
  if (!isFit) {
    throw new ShapeError(
      complaint(
        "attention",
        "q, k and v must be [..., Tq, D], [..., Tk, D] and [..., Tk, E], with at least one key",
        [q, k, v].map(describe).join(", "),
        "Queries and keys have as many features, keys and values as many steps.",
      ),
    );
  }
  if (mask === undefined) return;
  checkDType("attention", "mask", mask, ["bool", "f32"]);
  const scores = [...lead, Tq, Tk];
  if (sameShape(broadcastShapes(mask.shape, scores) ?? [], scores)) return;
  throw new ShapeError(
    complaint(
      "attention",
      `the mask must broadcast to [${scores.join(", ")}]`,
      describe(mask),
      "A row of it is a query, a column a key.",
    ),
  );
}
