import type { ReduceName } from "../../../ops/vocabulary.ts";
import {
  type DeviceTraits,
  floatBits,
  type KernelCall,
  type Region,
} from "../../../scheduler/lowering.ts";
import type { DType } from "../../../tensor/dtype.ts";
import { type Shape, sizeOf, stridesOf } from "../../../tensor/shape.ts";
import { lowerCopy } from "./movement.ts";
import { call, read, write } from "./operands.ts";

/** Numbers of the functions in wasm/reduce.ts. */
const folds: { readonly [R in ReduceName]: { readonly [D in DType]: number } } = {
  sum: { f32: 0, i32: 3, u32: 3, bool: 3 },
  mean: { f32: 0, i32: 3, u32: 3, bool: 3 },
  max: { f32: 1, i32: 4, u32: 6, bool: 6 },
  min: { f32: 2, i32: 5, u32: 7, bool: 7 },
};

/** Few outputs over more elements than this are reduced in chunks, so that all threads have a part. */
const CHUNK = 4096;
const MAX_CHUNKS = 64;
const FEW_UNITS = 32;

interface Dimension {
  readonly size: number;
  readonly stride: number;
  readonly isReduced: boolean;
}

/** Neighbours that are both kept or both reduced are one; dimensions of size 1 are none. */
function mergeDimensions(shape: Shape, axes: readonly number[]): Dimension[] {
  const strides = stridesOf(shape);
  const merged: Dimension[] = [];
  shape.forEach((size, d) => {
    if (size === 1) return;
    const next = { size, stride: strides[d] ?? 1, isReduced: axes.includes(d) };
    const last = merged.at(-1);
    if (last?.isReduced === next.isReduced) {
      merged[merged.length - 1] = { ...next, size: last.size * size };
    } else merged.push(next);
  });
  return merged;
}

function lowerReduce(
  fold: number,
  divisor: number,
  x: Region,
  out: Region,
  axes: readonly number[],
  scratch: (elements: number) => Region,
): KernelCall[] {
  const outputs = sizeOf(out.type.shape);
  if (outputs === 0) return [];
  const dimensions = mergeDimensions(x.type.shape, axes);
  const reduced = dimensions.filter(({ isReduced }) => isReduced);
  const kept = dimensions.filter(({ isReduced }) => !isReduced);
  const count = reduced.reduce((product, { size }) => product * size, 1);
  // One element per output: nothing to fold, and the mean of one is itself.
  if (reduced.length === 0) return lowerCopy(x, out);

  const isLastKept = dimensions.at(-1)?.isReduced === false;
  const width = isLastKept ? (kept.at(-1)?.size ?? 1) : 1;
  const units = (outputs / width) * Math.ceil(width / 32);
  const isCut = units < FEW_UNITS && outputs * count > 4 * CHUNK;
  const chunkSize = isCut
    ? Math.ceil(count / Math.min(MAX_CHUNKS, Math.ceil((outputs * count) / CHUNK)))
    : count;
  const chunks = chunkSize === 0 ? 1 : Math.ceil(count / chunkSize);
  const operands = [read(x), write(out)];
  if (chunks > 1) operands.push(write(scratch(chunks * outputs)));
  return [
    call("reduce", operands, [
      fold,
      isLastKept ? 1 : 0,
      outputs,
      count,
      chunkSize,
      chunks,
      floatBits(divisor),
      kept.length,
      reduced.length,
      ...kept.map(({ size }) => size),
      ...kept.map(({ stride }) => stride),
      ...reduced.map(({ size }) => size),
      ...reduced.map(({ stride }) => stride),
    ]),
  ];
}

export const lowerReductions = {
  reduce({ ins: { x }, outs: { out }, attrs: { fn, axes }, scratch }) {
    const count = axes.reduce((product, axis) => product * (x.type.shape[axis] ?? 1), 1);
    const divisor = fn === "mean" && count !== 1 ? count : 0;
    return lowerReduce(folds[fn][x.type.dtype], divisor, x, out, axes, (elements) =>
      scratch({ dtype: x.type.dtype, shape: [elements] }),
    );
  },

  argmax({ ins: { x }, outs: { out }, attrs: { axis } }) {
    const { dtype, shape } = x.type;
    const outer = sizeOf(shape.slice(0, axis));
    const inner = sizeOf(shape.slice(axis + 1));
    if (outer * inner === 0) return [];
    const kind = dtype === "f32" ? 0 : dtype === "i32" ? 1 : 2;
    return [call("argmax", [read(x), write(out)], [kind, outer, shape[axis] ?? 0, inner])];
  },
} satisfies Partial<DeviceTraits["lower"]>;
