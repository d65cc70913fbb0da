/** Attention that never stores what queries pay to keys: a call for values, one for gQ, one for gK and gV. */
import type { OpNode } from "../../../graph/graph.ts";
import type { Attention, AttentionOp } from "../../../ops/vocabulary.ts";
import {
  type AttentionKernels,
  floatBits,
  type KernelCall,
  type Operand,
  type Region,
} from "../../../scheduler/lowering.ts";
import { broadcastStrides, bytesOf, type Shape, sizeOf } from "../../../tensor/shape.ts";
import { maxBytes, type WebgpuTarget } from "../target.ts";
import { lineGrid } from "./grid.ts";
import { read, write } from "./operand.ts";

/** Rows that a workgroup owns. */
const ROWS = 32;
/** Features, so that what an invocation sums up stays in registers. */
const MOST_FEATURES = 128;
/** Steps of inner loops that are unrolled. */
const UNROLL = 8;

export function attentionKernels(target: WebgpuTarget): AttentionKernels {
  return {
    takes: (node) => takes(target, node),
    lower: {
      attention({ ins: { q, k, v, mask }, outs: { out, lse }, attrs }) {
        const site = { q: q.type.shape, v: v.type.shape, mask, attrs };
        const chunks = { CHUNKS: chunksOf(v.type.shape) };
        const operands = [...[q, k, v, ...present(mask)].map(read), write(out), write(lse)];
        return [callOf("forward", 3, site, operands, site.q, chunks)];
      },

      attentionGrad({ ins: { q, k, v, mask, stats, g }, outs: { gQ, gK, gV }, attrs }) {
        const site = { q: q.type.shape, v: v.type.shape, mask, attrs };
        const given = [q, k, v, g, ...present(mask), stats].map(read);
        const chunks = { CHUNKS_D: chunksOf(site.q), CHUNKS_E: chunksOf(site.v) };
        const queries = [...given, write(gQ)];
        const keys = [...given, write(gK), write(gV)];
        return [
          callOf("grad", 4, site, queries, site.q, { ...chunks, KEYS: 0 }),
          callOf("grad", 4, site, keys, site.v, { ...chunks, KEYS: 1 }),
        ];
      },
    },
  };
}

interface AttentionSite {
  readonly q: Shape;
  readonly v: Shape;
  readonly mask: Region | undefined;
  readonly attrs: Attention;
}

const present = (mask: Region | undefined): Region[] => (mask === undefined ? [] : [mask]);

function chunksOf(shape: Shape): number {
  return Math.ceil((shape.at(-1) ?? 0) / 32);
}

/** A call with a workgroup for each block of `own` rows. */
function callOf(
  kernel: string,
  given: number,
  { q, v, mask, attrs }: AttentionSite,
  operands: readonly Operand[],
  own: Shape,
  constants: Readonly<Record<string, number>>,
): KernelCall {
  const [Tq = 0, D = 0] = q.slice(-2);
  const [Tk = 0, E = 0] = v.slice(-2);
  const lead = q.slice(0, -2);
  const tiles = Math.ceil((own.at(-2) ?? 0) / ROWS);
  const blocks = sizeOf(lead) * tiles;
  const kind = mask === undefined ? 0 : mask.type.dtype === "bool" ? 1 : 2;
  return {
    kernel: `attention/${kernel}`,
    constants: {
      OPERANDS: given,
      VECTOR_D: Number(D % 4 === 0),
      VECTOR_E: Number(E % 4 === 0),
      MASK: kind,
      CAUSAL: Number(attrs.causal),
      UNROLL,
      ...constants,
    },
    operands,
    words: [
      ...[Tq, Tk, D, E, tiles, blocks, floatBits(attrs.scale)],
      ...(maskSteps(mask?.type.shape, lead, Tq, Tk) ?? []),
    ],
    grid: lineGrid(blocks),
  };
}

/**
 * Heads that lie evenly in a mask, and its elements from one to the next, from such a run to the next, from query to query,
 * from key to key; undefined where leading dimensions do not come down to two.
 */
function maskSteps(
  mask: Shape | undefined,
  lead: Shape,
  Tq: number,
  Tk: number,
): readonly number[] | undefined {
  if (mask === undefined) return [1, 0, 0, 0, 0];
  const strides = broadcastStrides(mask, [...lead, Tq, Tk]);
  const runs: { size: number; step: number }[] = [];
  for (let d = lead.length - 1; d >= 0; d--) {
    const [size = 1, step = 0] = [lead[d], strides[d]];
    const inner = runs.at(-1);
    if (size === 1) continue;
    if (inner !== undefined && step === inner.size * inner.step) inner.size *= size;
    else runs.push({ size, step });
  }
  if (runs.length > 2) return undefined;
  const [inner, outer] = runs;
  return [
    ...[inner?.size ?? 1, inner?.step ?? 0, outer?.step ?? 0],
    ...[strides.at(-2) ?? 0, strides.at(-1) ?? 0],
  ];
}

/**
 * A step has four dispatches instead of seven, and what queries pay to keys never leaves a workgroup. On a software adapter
 * barriers cost more than that memory: there the kernels are for scores that no other kernel can reach.
 */
function takes(
  { isSoftware, limits }: WebgpuTarget,
  { ins: { q, k, v, mask } }: OpNode<AttentionOp>,
): boolean {
  const [Tq = 0, D = 0] = q.type.shape.slice(-2);
  const [Tk = 0, E = 0] = v.type.shape.slice(-2);
  const lead = q.type.shape.slice(0, -2);
  if (Math.max(D, E) > MOST_FEATURES) return false;
  if (maskSteps(mask?.type.shape, lead, Tq, Tk) === undefined) return false;
  const operands = [q, k, v, ...(mask === undefined ? [] : [mask])];
  if (operands.some(({ type }) => bytesOf(type) > maxBytes(limits))) return false;
  return !isSoftware || 4 * sizeOf(lead) * Tq * Tk > maxBytes(limits);
}
