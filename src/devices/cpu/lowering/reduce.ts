import type { ReduceName } from "../../../ops/vocabulary.ts";
import type { Combine, GroupInstruction, GroupProgram } from "../../../scheduler/group-program.ts";
import type { DeviceTraits, Region } from "../../../scheduler/lowering.ts";
import { type Shape, sizeOf, stridesOf } from "../../../tensor/shape.ts";
import { lowerGroup } from "./group.ts";
import { lowerCopy } from "./movement.ts";
import { call, read, write } from "./operands.ts";

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

const combines: { readonly [R in ReduceName]: Combine } = {
  sum: "sum",
  mean: "sum",
  max: "max",
  min: "min",
};

/** A reduction as the group of itself; the mean is a sum that is divided. */
function programOf(fn: ReduceName, x: Region, axes: readonly number[]): GroupProgram {
  const { dtype, shape } = x.type;
  const dimensions = mergeDimensions(shape, axes);
  const kept = dimensions.filter(({ isReduced }) => !isReduced);
  const reduced = dimensions.filter(({ isReduced }) => isReduced);
  const space = [...kept, ...reduced];
  const sizes = kept.map(({ size }) => size);
  const instructions: GroupInstruction[] = [
    { kind: "input", input: 0, dtype },
    { kind: "reduce", combine: combines[fn], x: 0, dtype },
  ];
  if (fn === "mean") {
    const value = reduced.reduce((product, { size }) => product * size, 1);
    instructions.push({ kind: "literal", value, dtype });
    instructions.push({ kind: "binary", fn: "div", a: 1, b: 2, dtype });
  }
  const strides = [...stridesOf(sizes), ...reduced.map(() => 0)];
  return {
    shape: space.map(({ size }) => size),
    kept: kept.length,
    inputs: [{ offset: 0, strides: space.map(({ stride }) => stride) }],
    indices: [],
    instructions,
    stores: [{ register: instructions.length - 1, offset: 0, strides }],
  };
}

export const lowerReductions = {
  reduce({ ins: { x }, outs: { out }, attrs: { fn, axes }, scratch }) {
    // One element for each: nothing to combine, and the mean of one is itself.
    if (axes.every((axis) => x.type.shape[axis] === 1)) return lowerCopy(x, out);
    return lowerGroup({ program: programOf(fn, x, axes), ins: [x], outs: [out], scratch });
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
