import type { ReduceName } from "../../../ops/vocabulary.ts";
import type { Combine, GroupInstruction, GroupProgram } from "../../../scheduler/group-program.ts";
import type { DeviceTraits, Region } from "../../../scheduler/lowering.ts";
import { sizeOf, stridesOf } from "../../../tensor/shape.ts";
import { mergeDimensions } from "../../../tensor/walk.ts";
import { lowerGroup } from "./group.ts";
import { lowerCopy } from "./movement.ts";
import { call, read, write } from "./operands.ts";

const combines: { readonly [R in ReduceName]: Combine } = {
  sum: "sum",
  mean: "sum",
  max: "max",
  min: "min",
};

/** A reduction as the group of itself; the mean is a sum that is divided. */
function programOf(fn: ReduceName, x: Region, axes: readonly number[]): GroupProgram {
  const { dtype, shape } = x.type;
  const part = (isReduced: boolean) => {
    const own = <T>(list: readonly T[]) => list.filter((_, d) => axes.includes(d) === isReduced);
    return mergeDimensions(own(shape), [own(stridesOf(shape))]);
  };
  const [kept, reduced] = [part(false), part(true)];
  const instructions: GroupInstruction[] = [
    { kind: "input", input: 0, dtype },
    { kind: "reduce", combine: combines[fn], x: 0, dtype },
  ];
  if (fn === "mean") {
    instructions.push({ kind: "literal", value: sizeOf(reduced.shape), dtype });
    instructions.push({ kind: "binary", fn: "div", a: 1, b: 2, dtype });
  }
  const strides = [...stridesOf(kept.shape), ...reduced.shape.map(() => 0)];
  return {
    shape: [...kept.shape, ...reduced.shape],
    kept: kept.shape.length,
    inputs: [{ offset: 0, strides: [...kept.strides.flat(), ...reduced.strides.flat()] }],
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
