/**
 * Floating point operations of a graph's products: a multiplication and an addition for each pair of numbers that a
 * matmul, a convolution (zeros of its padding included) or a recurrent sum brings together. What is done number by
 * number, reductions and look-ups count nothing, as is usual: beside products they are few, and bound by memory.
 */
import type { OpName } from "../ops/vocabulary.ts";
import { sizeOf } from "../tensor/shape.ts";
import { bodyOf } from "./body.ts";
import { type GraphValue, type Node, type OpNode, reachable } from "./graph.ts";

type Counts = { readonly [K in OpName]: (node: OpNode<K>) => number };

const sizeOfValue = ({ type }: GraphValue) => sizeOf(type.shape);
const none = () => 0;

/** Every result of a convolution is a sum over the window and a group's channels, [KH, KW, C / groups, OC] without OC. */
const windowed = (results: GraphValue, filter: readonly number[]) =>
  2 * sizeOfValue(results) * sizeOf(filter.slice(0, 3));

/** Of a feature that every query and every key of attention are multiplied by, those that are hidden included. */
const pairs = (q: GraphValue, k: GraphValue) =>
  2 * sizeOf(q.type.shape.slice(0, -1)) * (k.type.shape.at(-2) ?? 0);
const width = ({ type: { shape } }: GraphValue) => shape.at(-1) ?? 0;

/** Of one row, [U, U, G] numbers. */
const recurrent = (weights: GraphValue | undefined, state: GraphValue | undefined) => {
  const [rows = 0, B = 0] = state?.type.shape ?? [];
  return weights === undefined ? 0 : 2 * (rows - 1) * B * sizeOfValue(weights);
};

const counts: Counts = {
  literal: none,
  iota: none,
  uniform: none,
  unary: none,
  binary: none,
  where: none,
  cast: none,
  reshape: none,
  stopGradient: none,
  withGradient: none,
  recompute: none,
  broadcastTo: none,
  transpose: none,
  flip: none,
  slice: none,
  pad: none,
  concat: none,
  pack: none,
  reduce: none,
  argmax: none,
  argsort: none,
  matmul: ({ ins: { a }, outs: { out }, attrs }) =>
    2 * sizeOfValue(out) * (a.type.shape.at(attrs.transposeA ? -2 : -1) ?? 0),
  attention: ({ ins: { q, k, v } }) => pairs(q, k) * (width(q) + width(v)),
  attentionGrad: ({ ins: { q, k, v } }) => pairs(q, k) * (3 * width(q) + 2 * width(v)),
  conv2d: ({ ins: { w }, outs: { out } }) => windowed(out, w.type.shape),
  conv2dInputGrad: ({ ins: { g, w } }) => windowed(g, w.type.shape),
  conv2dFilterGrad: ({ ins: { g }, attrs }) => windowed(g, attrs.filterShape),
  maxPool2d: none,
  maxPool2dGrad: none,
  maxPool2dGather: none,
  avgPool2d: none,
  avgPool2dGrad: none,
  embedding: none,
  embeddingGrad: none,
  recurrence: ({ ins, outs }) => recurrent(ins.recurrent, outs.states[0]),
  recurrenceGrad: ({ ins }) => recurrent(ins.recurrent, ins.states[0]),
  scan: (node) => {
    const { next, ys } = bodyOf(node).graph;
    return node.attrs.steps * sum(reachable([...next, ...ys]).map(flopsOf));
  },
};

/** Those of one node; of a loop, of all its steps. */
export function flopsOf(node: Node): number {
  return node.op === "source" ? 0 : countOf(node);
}

function countOf<K extends OpName>(node: OpNode<K>): number {
  return counts[node.op](node);
}

function sum(all: readonly number[]): number {
  return all.reduce((total, n) => total + n, 0);
}
