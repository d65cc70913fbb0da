/** How recurrent layers hang together in a graph: by a product of the states below, or by its gradient. */
import type { GraphValue, OpNode } from "../graph/graph.ts";
import type { WalkOp } from "../ops/vocabulary.ts";
import { sameShape } from "../tensor/shape.ts";
import { throughBroadcasts } from "./elementwise.ts";
import type { Epilogue } from "./lowering.ts";
import type { WalkedLayer } from "./walk-layers.ts";
import { aliased, isAlias, type Work } from "./work.ts";

/** x · weights + bias, of rows. */
export interface Product {
  readonly x: GraphValue;
  readonly weights: GraphValue;
  readonly bias: GraphValue | undefined;
}

/** The product that `work` is; `isTurned`: with the weights' other side. */
export function productOf(work: Work, isTurned: boolean): Product | undefined {
  if (work.kind !== "op" || work.node.op !== "matmul" || work.columnSums) return undefined;
  const { ins, attrs } = work.node;
  const { a: x, b: weights } = ins;
  if (attrs.transposeA || attrs.transposeB !== isTurned) return undefined;
  const bias = work.epilogue && biasOf(work.epilogue);
  if (work.epilogue !== undefined && bias === undefined) return undefined;
  const areFlat = [x, weights].every(({ type }) => type.shape.length === 2);
  return areFlat ? { x, weights, bias } : undefined;
}

/** The number for each column that an epilogue adds, if it does nothing else. */
function biasOf({ program, ins, more }: Epilogue<GraphValue>): GraphValue | undefined {
  const { instructions, inputs, shape } = program;
  const last = instructions.at(-1);
  const isSum = last?.kind === "binary" && last.fn === "add";
  const given = ins.findIndex((value) => value !== undefined);
  const isRow = sameShape(inputs[given]?.strides ?? [], shape.length === 1 ? [1] : [0, 1]);
  const isAlone = instructions.length === 3 && ins.length === 2 && more.length === 0;
  return isAlone && isSum && isRow ? ins[given] : undefined;
}

/** The walk whose states, each behind its step, are the rows `x`: where a sequence has ended they may be 0. */
export function walkBelow(
  x: GraphValue,
  lengths: GraphValue | undefined,
): OpNode<"recurrence"> | undefined {
  const { node } = withoutMask(x, lengths);
  if (node.op !== "slice") return undefined;
  const tape = seen(node.ins.x);
  const walk = tape.node;
  if (walk.op !== "recurrence" || walk.outs.states[0] !== tape) return undefined;
  const [rows = 1, ...state] = tape.type.shape;
  const isBehind =
    sameShape(node.attrs.starts, [walk.attrs.reverse ? 0 : 1, 0, 0]) &&
    sameShape(node.attrs.sizes, [rows - 1, ...state]);
  return isBehind && x.type.shape.at(-1) === state.at(-1) ? walk : undefined;
}

/** The gradient of a walk above whose rows `x` are. */
export function walkAbove(x: GraphValue): OpNode<"recurrenceGrad"> | undefined {
  const made = seen(x);
  const { node } = made;
  if (node.op !== "recurrenceGrad" || node.outs.gProjected !== made) return undefined;
  const [, , units = 0, inputs = 0] = made.type.shape;
  return x.type.shape.at(-1) === units * inputs ? node : undefined;
}

/** What is left of `value` [T, B, U] without the mask that makes it 0 where a sequence has ended. */
export function withoutMask(value: GraphValue, lengths: GraphValue | undefined): GraphValue {
  const masked = seen(value);
  const { node } = masked;
  if (node.op !== "where" || lengths === undefined) return masked;
  const { condition, a, b } = node.ins;
  const otherwise = throughBroadcasts(b).node;
  const isZero = otherwise.op === "literal" && otherwise.attrs.value === 0;
  const isWhole = sameShape(a.type.shape, masked.type.shape);
  return isZero && isWhole && isLive(condition, lengths, masked) ? seen(a) : masked;
}

/** Whether a condition over [T, B, U] is lengths > step. */
function isLive(condition: GraphValue, lengths: GraphValue, { type }: GraphValue): boolean {
  const { node } = throughBroadcasts(condition);
  if (node.op !== "binary" || node.attrs.fn !== "greater") return false;
  const [T = 0, B = 0] = type.shape;
  const [own, step] = [throughBroadcasts(node.ins.a), throughBroadcasts(node.ins.b)];
  return (
    type.shape.length === 3 &&
    sameShape(own.type.shape, [1, B, 1]) &&
    sameShape(step.type.shape, [T, 1, 1]) &&
    seen(own) === seen(lengths) &&
    seen(step).node.op === "iota"
  );
}

/** Through what shows the same elements, but for `recompute`: a checkpoint's copy stands apart from what it copies. */
export function seen(value: GraphValue): GraphValue {
  let base = value;
  for (let { node } = base; node.op === "reshape" || node.op === "stopGradient"; { node } = base)
    base = node.ins.x;
  return base;
}

/** Whether any of `values` is read as a checkpoint's copy reads what is outside. */
export function isCopied(values: readonly GraphValue[]): boolean {
  return values.some((value) => {
    let { node } = value;
    for (; isAlias(node); { node } = node.ins.x) if (node.op === "recompute") return true;
    return false;
  });
}

/** The tape of the first state: a gradient has that of its walk. */
export function tapeOf(node: OpNode<WalkOp>): GraphValue | undefined {
  const [tape] = node.op === "recurrence" ? node.outs.states : node.ins.states;
  return tape && seen(tape);
}

/** Whether walks of one kind are of one cell and size, with the same lengths; in a stack, in one direction. */
export function areAlike(layers: readonly WalkedLayer[], isStacked: boolean): boolean {
  const [first, ...others] = layers.map(({ node }) => node);
  if (first === undefined) return false;
  const shape = tapeOf(first)?.type.shape ?? [];
  const lengths = lengthsOf(first);
  const text = first.attrs.cell.toJSON();
  return others.every(
    (node) =>
      node.op === first.op &&
      node.attrs.cell.toJSON() === text &&
      node.attrs.flow === first.attrs.flow &&
      (!isStacked || node.attrs.reverse === first.attrs.reverse) &&
      sameShape(tapeOf(node)?.type.shape ?? [], shape) &&
      lengthsOf(node) === lengths,
  );
}

function lengthsOf({ ins }: OpNode<WalkOp>): GraphValue | undefined {
  return ins.lengths && aliased(ins.lengths);
}
