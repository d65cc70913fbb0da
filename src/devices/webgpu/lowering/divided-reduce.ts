/**
 * Reductions of tensors that are larger than what a shader can bind. Where the first dimension is kept, its rows are
 * reduced in parts; where it goes, each part of it is reduced, and an elementwise program joins what the parts gave.
 */
import type { ReduceName } from "../../../ops/vocabulary.ts";
import type { KernelCall, Lower, Region, Site } from "../../../scheduler/lowering.ts";
import type { ElementwiseProgram, Instruction } from "../../../scheduler/program.ts";
import { BYTES_PER_ELEMENT } from "../../../tensor/dtype.ts";
import { type Shape, sizeOf, type TensorType } from "../../../tensor/shape.ts";
import { maxBytes, type WebgpuTarget } from "../target.ts";
import { alignedRows, BINDING_ELEMENTS, elementsOf, isLarge } from "./divide.ts";
import { lowerElementwise } from "./elementwise.ts";

/** More parts than this are not made. */
const MAX_PARTS = 1024;

interface Division {
  /** x with all that is reduced at the front as one dimension, or from the first dimension kept on. */
  readonly shape: Shape;
  readonly axes: readonly number[];
  /** Rows of its first dimension in a part. */
  readonly rows: number;
}

/** Undefined where no rows fit that begin where a binding may. */
function divisionOf(
  { shape }: TensorType,
  axes: readonly number[],
  mostBytes: number,
): Division | undefined {
  const first = shape.findIndex((size, d) => size !== 1 && !axes.includes(d));
  const leading = first === -1 ? shape.length : first;
  const front = sizeOf(shape.slice(0, leading));
  const rest = shape.slice(leading);
  const inner = axes.flatMap((axis) => (axis < leading ? [] : [axis - leading]));
  const most = mostBytes / BYTES_PER_ELEMENT;
  // [front, ...rest] over the first dimension and those inside, or [...rest] over those inside.
  const isFront = front > 1;
  const whole = isFront ? [front, ...rest] : rest;
  const own = isFront ? [0, ...inner.map((d) => d + 1)] : inner;
  const kept = isFront ? 0 : sizeOf(rest.slice(1).filter((_, d) => !inner.includes(d + 1)));
  const unit = Math.max(alignedRows(sizeOf(whole.slice(1))), kept === 0 ? 1 : alignedRows(kept));
  const fitting = Math.floor(most / sizeOf(whole.slice(1)));
  const rows = fitting - (fitting % unit);
  const parts = Math.ceil((whole[0] ?? 1) / rows);
  return rows > 0 && parts <= MAX_PARTS ? { shape: whole, axes: own, rows } : undefined;
}

export function dividesReduce(
  x: TensorType,
  out: TensorType,
  axes: readonly number[],
  most: number,
): boolean {
  const division = divisionOf(x, axes, most);
  return (
    division !== undefined &&
    (sizeOf(out.shape) * BYTES_PER_ELEMENT <= most || !division.axes.includes(0))
  );
}

export function divided(target: WebgpuTarget, lower: Lower<"reduce">): Lower<"reduce"> {
  const most = maxBytes(target.limits);
  return (site) => {
    const { ins, outs, attrs } = site;
    if (!isLarge([ins.x, outs.out], most)) return lower(site);
    const division = divisionOf(ins.x.type, attrs.axes, most);
    if (division === undefined) return lower(site);
    return division.axes.includes(0)
      ? reduceFront(site, division, lower, most)
      : reduceRows(site, division, lower);
  };
}

function partsOf({ shape, rows }: Division): { readonly at: number; readonly shape: Shape }[] {
  const [size = 0, ...rest] = shape;
  return Array.from({ length: Math.ceil(size / rows) }, (_, i) => {
    const at = i * rows;
    return { at, shape: [Math.min(rows, size - at), ...rest] };
  });
}

function rowsOf(region: Region, at: number, shape: Shape): Region {
  const inner = sizeOf(shape.slice(1));
  const { type, ...range } = elementsOf(region, at * inner, sizeOf(shape));
  return { ...range, type: { dtype: type.dtype, shape } };
}

function reduceRows(
  site: Site<"reduce">,
  division: Division,
  lower: Lower<"reduce">,
): readonly KernelCall[] {
  const { axes } = division;
  return partsOf(division).flatMap(({ at, shape }) => {
    const kept = shape.filter((_, d) => !axes.includes(d));
    const ins = { x: rowsOf(site.ins.x, at, shape) };
    const outs = { out: rowsOf(site.outs.out, at, kept) };
    return lower({ ...site, ins, outs, attrs: { ...site.attrs, axes, keepDims: false } });
  });
}

function reduceFront(
  site: Site<"reduce">,
  division: Division,
  lower: Lower<"reduce">,
  most: number,
): readonly KernelCall[] {
  const { ins, outs, attrs, scratch } = site;
  const { out } = outs;
  const count = sizeOf(out.type.shape);
  const parts = partsOf(division);
  const room = Math.ceil(count / BINDING_ELEMENTS) * BINDING_ELEMENTS;
  const all = scratch({ dtype: out.type.dtype, shape: [parts.length * room] });
  const fn = attrs.fn === "mean" ? "sum" : attrs.fn;
  const made = parts.map((_, i) => elementsOf(all, i * room, count));
  const calls = parts.flatMap(({ at, shape }, i) => {
    const x = rowsOf(ins.x, at, shape);
    const own = { ...site, ins: { x }, outs: { out: made[i] ?? out } };
    return lower({ ...own, attrs: { ...attrs, fn, axes: division.axes, keepDims: false } });
  });
  const scale = attrs.fn === "mean" ? count / sizeOf(ins.x.type.shape) : undefined;
  return [...calls, ...joinParts(fn, made, out, scale, most)];
}

/** So many at a time as a program may read, each time together with what came before. */
const JOINED = 6;

function joinParts(
  fn: Exclude<ReduceName, "mean">,
  parts: readonly Region[],
  out: Region,
  scale: number | undefined,
  most: number,
): KernelCall[] {
  const calls: KernelCall[] = [];
  for (let from = 0; from < parts.length; from += JOINED) {
    const some = parts.slice(from, from + JOINED);
    const isLast = from + JOINED >= parts.length;
    const ins = from === 0 ? some : [out, ...some];
    const program = joinProgram(fn, out.type, ins.length, isLast ? scale : undefined);
    calls.push(...lowerElementwise({ program, ins, outs: [out] }, most));
  }
  return calls;
}

function joinProgram(
  fn: Exclude<ReduceName, "mean">,
  { shape, dtype }: TensorType,
  count: number,
  scale: number | undefined,
): ElementwiseProgram {
  const instructions: Instruction[] = Array.from({ length: count }, (_, input) => ({
    kind: "input",
    input,
    dtype,
  }));
  let a = 0;
  for (let b = 1; b < count; b++)
    a = instructions.push({ kind: "binary", fn: fn === "sum" ? "add" : fn, a, b, dtype }) - 1;
  if (scale !== undefined) {
    const b = instructions.push({ kind: "literal", value: scale, dtype }) - 1;
    a = instructions.push({ kind: "binary", fn: "mul", a, b, dtype }) - 1;
  }
  const inputStrides = Array.from({ length: count }, () => [1]);
  return { shape: [sizeOf(shape)], inputStrides, instructions, outputs: [a] };
}
