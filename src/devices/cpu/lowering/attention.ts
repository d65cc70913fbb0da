import type { OpNode } from "../../../graph/graph.ts";
import type { Attention, AttentionOp } from "../../../ops/vocabulary.ts";
import { type AttentionKernels, floatBits, type Region } from "../../../scheduler/lowering.ts";
import { broadcastStrides, type Shape, sizeOf } from "../../../tensor/shape.ts";
import { call, read, write } from "./operands.ts";

/** Keys that a block has room for (wasm/attention-block.ts), of which six at a time are multiplied. */
const MOST_KEYS = 48;
const TILE = 6;
/** Features of queries or values, so that a block of packed rows fits into a thread's scratch. */
const MOST_FEATURES = 1024;
/** With fewer heads, the gradient cuts keys into ranges, so that there is work for every thread. */
const MANY_HEADS = 16;
const RANGE_KEYS = 256;
const MOST_RANGES = 8;

interface Sizes {
  readonly lead: Shape;
  readonly heads: number;
  readonly Tq: number;
  readonly Tk: number;
  readonly D: number;
  readonly E: number;
}

function sizesOf(q: Shape, v: Shape): Sizes {
  const lead = q.slice(0, -2);
  const [Tq = 0, D = 0] = q.slice(-2);
  const [Tk = 0, E = 0] = v.slice(-2);
  return { lead, heads: sizeOf(lead), Tq, Tk, D, E };
}

/** Keys in blocks as even as whole tiles allow. */
function blockKeys(Tk: number): number {
  const even = Tk / Math.ceil(Tk / MOST_KEYS);
  return Math.ceil(even / TILE) * TILE;
}

function words(
  { lead, heads, Tq, Tk, D, E }: Sizes,
  mask: Region | undefined,
  { causal, scale }: Attention,
): number[] {
  const strides = mask ? broadcastStrides(mask.type.shape, [...lead, Tq, Tk]) : [];
  const bytes = strides.map((stride) => stride * 4);
  const kind = mask === undefined ? 0 : mask.type.dtype === "bool" ? 1 : 2;
  return [
    ...[heads, Tq, Tk, D, E, blockKeys(Tk), Number(causal), floatBits(scale)],
    ...[kind, bytes.at(-2) ?? 0, bytes.at(-1) ?? 0, kind === 0 ? 0 : lead.length],
    ...(kind === 0 ? [] : lead.flatMap((size, d) => [size, bytes[d] ?? 0])),
  ];
}

/**
 * The gradient has seven products where those of a training step would be six: what is not stored pays where half of the
 * keys are never looked at, or where it would take memory. Time of both passes against that of products, one thread of a
 * Zen 4 by processor time: 1.1 with 512 keys that all see (16 heads of 64), 0.79 causal with 128 (128 heads of 32),
 * 0.53 with 2,048 (4 heads of 64). Without gradients 0.9 to 1, causal 0.45 to 0.65.
 */
const CAUSAL_KEYS = 96;
const MANY_SCORES = 2 ** 24;

function takes({ ins: { q, v }, attrs }: OpNode<AttentionOp>, isTrained: boolean): boolean {
  const { heads, Tq, Tk, D, E } = sizesOf(q.type.shape, v.type.shape);
  if (Math.max(D, E) > MOST_FEATURES) return false;
  return !isTrained || (attrs.causal && Tk >= CAUSAL_KEYS) || heads * Tq * Tk >= MANY_SCORES;
}

export const attention: AttentionKernels = {
  takes,
  lower: {
    attention({ ins: { q, k, v, mask }, outs: { out, lse }, attrs }) {
      const sizes = sizesOf(q.type.shape, v.type.shape);
      const operands = [read(q), read(k), read(v), read(mask ?? q), write(out), write(lse)];
      return [call("attention", operands, words(sizes, mask, attrs))];
    },

    attentionGrad({ ins, outs: { gQ, gK, gV }, attrs, scratch }) {
      const { q, k, v, mask, stats, g } = ins;
      const sizes = sizesOf(q.type.shape, v.type.shape);
      const { heads, Tk } = sizes;
      const ranges = heads >= MANY_HEADS ? 1 : Math.min(MOST_RANGES, Math.ceil(Tk / RANGE_KEYS));
      const parts = ranges === 1 ? [] : [ranges, ...q.type.shape];
      const operands = [
        ...[q, k, v, mask ?? q, stats, g].map(read),
        ...[gQ, gK, gV, scratch({ dtype: "f32", shape: parts })].map(write),
      ];
      const length = Math.ceil(Tk / ranges);
      return [call("attentionGrad", operands, [ranges, length, ...words(sizes, mask, attrs)])];
    },
  },
};
