import type { DeviceTraits, KernelCall, Site } from "../../../scheduler/lowering.ts";
import { broadcastShapes, broadcastStrides, type Shape, sizeOf } from "../../../tensor/shape.ts";
import { callHost } from "./epilogue.ts";
import { read, write } from "./operands.ts";

/** Columns and terms of a block of B: half a MiB, so that it stays in a core's second-level cache. */
const BLOCK_COLUMNS = 512;
const BLOCK_TERMS = 256;
/** A narrow B is cut into fewer blocks; a thread's memory for a strip of A has room for this many terms. */
const NARROW_COLUMNS = 64;
const NARROW_TERMS = 1024;

interface Dimension {
  readonly size: number;
  readonly a: number;
  readonly b: number;
}

/** Batch dimensions with the elements from matrix to matrix, those of size 1 left out. */
function batchDimensions(aBatch: Shape, bBatch: Shape, aSize: number, bSize: number): Dimension[] {
  const shape = broadcastShapes(aBatch, bBatch) ?? [];
  const a = broadcastStrides(aBatch, shape);
  const b = broadcastStrides(bBatch, shape);
  return shape.flatMap((size, d) =>
    size === 1 ? [] : [{ size, a: (a[d] ?? 0) * aSize, b: (b[d] ?? 0) * bSize }],
  );
}

function lowerMatmul({ ins, outs, attrs, epilogue, scratch }: Site<"matmul">): KernelCall[] {
  const { transposeA, transposeB } = attrs;
  const aShape = ins.a.type.shape;
  const bShape = ins.b.type.shape;
  const outShape = outs.out.type.shape;
  if (sizeOf(outShape) === 0) return [];
  const n = outShape.at(-1) ?? 1;
  const k = aShape.at(transposeA ? -2 : -1) ?? 1;
  let m = outShape.at(-2) ?? 1;
  const aBatch = aShape.slice(0, -2);
  const bBatch = bShape.slice(0, -2);
  let batch = batchDimensions(aBatch, bBatch, m * k, k * n);
  // One B for all: the matrices of A lie one behind the other and are one tall matrix.
  if (sizeOf(bBatch) === 1 && !transposeA) {
    m *= sizeOf(aBatch);
    batch = [];
  }
  const columns = Math.min(Math.ceil(n / 8) * 8, BLOCK_COLUMNS);
  const terms = Math.max(1, Math.min(k, n <= NARROW_COLUMNS ? NARROW_TERMS : BLOCK_TERMS));
  const blocks = scratch({ dtype: "f32", shape: [2 * columns * terms] });
  const operands = [read(ins.a), read(ins.b), write(outs.out), write(blocks)];
  const words = [
    m,
    n,
    k,
    (transposeA ? 1 : 0) + (transposeB ? 2 : 0),
    terms,
    columns,
    batch.length,
    ...batch.flatMap(({ size, a, b }) => [size, a, b]),
  ];
  return [callHost("gemm", operands, words, { out: outs.out, epilogue })];
}

export const lowerProducts = { matmul: lowerMatmul } satisfies Partial<DeviceTraits["lower"]>;
