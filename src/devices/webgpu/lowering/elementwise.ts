/**
 * Fused elementwise programs as calls of elementwise/map. What differs in values (sizes, strides, literals) goes into
 * words, so that all uses of one chain of functions share a pipeline.
 */
import type { ElementwiseSite, KernelCall, Region } from "../../../scheduler/lowering.ts";
import { BYTES_PER_ELEMENT } from "../../../tensor/dtype.ts";
import { sameShape, sizeOf, stridesOf } from "../../../tensor/shape.ts";
import { type Box, boxesOf, isLarge, rangeOf } from "./divide.ts";
import { threadGrid } from "./grid.ts";
import { isSameRegion, read, readWrite, write } from "./operand.ts";
import { at, printProgram } from "./print-program.ts";
import { mergeDimensions, type Walk } from "./strides.ts";

const THREADS = 128;

/** A region that is read while `shape` is walked. */
export interface Source {
  readonly region: Region;
  readonly base: number;
  readonly strides: readonly number[];
}

/** Statements over the words of `sources` (v0, v1 …) that return the words of `outs`. */
export interface MapBody {
  readonly text: string;
  /** The words behind `params.literal_0` …. */
  readonly literals: readonly number[];
}

export function lowerElementwise(
  { program, ins, outs }: ElementwiseSite,
  maxBytes: number,
): readonly KernelCall[] {
  const sources = ins.map(
    (region, i): Source => ({ region, base: 0, strides: program.inputStrides[i] ?? [] }),
  );
  const print: Print = (place, outOrder) => {
    const literals: number[] = [];
    const { lines, words } = printProgram(program, place, literals);
    const results = outOrder.map((o) => at(words, o)).join(", ");
    return { text: [...lines, `return Results(${results});`].join("\n"), literals };
  };
  return lowerMap(program.shape, sources, outs, print, maxBytes);
}

/** What is done with each element: told which v each source became, and the order of the outputs. */
export type Print = (place: (source: number) => number, outOrder: readonly number[]) => MapBody;

/** The calls that compute `outs`, all of shape `shape`, from `sources`: one, or one for each part of what is too large. */
export function lowerMap(
  shape: readonly number[],
  sources: readonly Source[],
  outs: readonly Region[],
  print: Print,
  maxBytes: number,
): readonly KernelCall[] {
  if (!isLarge([...sources.map(({ region }) => region), ...outs], maxBytes))
    return mapCalls(shape, sources, outs, 0, print);
  return lowerRange(shape, sources, outs, 0, print, maxBytes);
}

/** As lowerMap, in parts, with what is written beginning at element `to` of each of `outs`. */
export function lowerRange(
  shape: readonly number[],
  sources: readonly Source[],
  outs: readonly Region[],
  to: number,
  print: Print,
  maxBytes: number,
): readonly KernelCall[] {
  const dense = stridesOf(shape);
  const walk = mergeDimensions(shape, [dense, ...sources.map(({ strides }) => strides)]);
  const boxes = boxesOf(walk.shape, walk.strides, maxBytes / BYTES_PER_ELEMENT) ?? [wholeOf(walk)];
  return boxes.flatMap((box) => {
    const ranges = outs.map((out) => rangeOf(out, to, walk.strides[0] ?? [], box));
    const parts = sources.map(({ region, base }, i): Source => {
      const strides = walk.strides[i + 1] ?? [];
      const range = rangeOf(region, base, strides, box);
      return { region: range.region, base: range.first, strides };
    });
    const own = ranges.map(({ region }) => region);
    return mapCalls(box.shape, parts, own, ranges[0]?.first ?? 0, print);
  });
}

/** `first`: where outputs, and sources that are read like them, begin in their regions. */
function mapCalls(
  shape: readonly number[],
  sources: readonly Source[],
  outs: readonly Region[],
  first: number,
  print: Print,
): readonly KernelCall[] {
  const count = sizeOf(shape);
  if (count === 0) return [];
  const walk = mergeDimensions(shape, [stridesOf(shape), ...sources.map(({ strides }) => strides)]);
  const layout = arrange(walk.shape, sources, walk.strides.slice(1), outs, first);
  const { order, outOrder, width, inPlace, flat, splat, rank } = layout;
  const strides = (source: number) => walk.strides[source + 1] ?? [];
  const body = print((source) => order.indexOf(layout.representative[source] ?? source), outOrder);
  const words = [count / width];
  if (first > 0) words.push(first);
  if (rank > 0) words.push(...inVectors(walk.shape, width));
  order.forEach((source, place) => {
    if (place < flat) return;
    const isVector = place < splat;
    const base = sources[source]?.base ?? 0;
    words.push(isVector ? base / width : base);
    if (rank > 0)
      words.push(...(isVector ? vectorStrides(strides(source), width) : strides(source)));
  });
  words.push(...body.literals);
  const constants = {
    OUTPUTS: outs.length,
    INPUTS: order.length,
    INPLACE: inPlace,
    FLAT: flat,
    SPLAT: splat,
    RANK: rank,
    WIDTH: width,
    VALUE: width === 4 ? "vec4<u32>" : "u32",
    LITERALS: body.literals.length,
    THREADS,
    FIRST: first > 0 ? 1 : 0,
    BODY: body.text,
  };
  const regionOf = (source: number) => at(sources, source).region;
  const operands = [
    ...outOrder.map((o, i) => (i < inPlace ? readWrite(at(outs, o)) : write(at(outs, o)))),
    ...order.slice(inPlace).map((source) => read(regionOf(source))),
  ];
  return [
    {
      kernel: "elementwise/map",
      constants,
      operands,
      words,
      grid: threadGrid(count / width, THREADS),
    },
  ];
}

function wholeOf({ shape }: Walk): Box {
  return { starts: shape.map(() => 0), shape };
}

/** How sources and outputs are ordered for the shader's classes; see the head of elementwise/map. */
interface Arrangement {
  /** Sources without repetitions: in place, flat, strided, splat. */
  readonly order: readonly number[];
  /** For each source the one that stands for it. */
  readonly representative: readonly number[];
  /** Outputs, those that are updated in place first. */
  readonly outOrder: readonly number[];
  readonly width: 1 | 4;
  readonly inPlace: number;
  readonly flat: number;
  readonly splat: number;
  readonly rank: number;
}

function arrange(
  shape: readonly number[],
  sources: readonly Source[],
  strides: readonly (readonly number[])[],
  outs: readonly Region[],
  first: number,
): Arrangement {
  const representative = sources.map((source, i) =>
    sources.findIndex((other, k) => k === i || (k < i && isSameSource(other, source))),
  );
  const unique = representative.filter((source, i) => source === i);
  const strideOf = (i: number) => strides[i] ?? [];
  const isFlat = (i: number) =>
    at(sources, i).base === first && sameShape(strideOf(i), stridesOf(shape));
  const isScalar = (i: number) => strideOf(i).every((stride) => stride === 0);
  const flat = unique.filter(isFlat);
  const rest = unique.filter((i) => !isFlat(i));
  const rank = rest.every(isScalar) ? 0 : shape.length;
  const strided = rest.map((i) => ({ base: at(sources, i).base, strides: strideOf(i) }));
  const width = first > 0 ? 1 : widthOf(shape, rank, strided);
  const splat = rest.filter(
    (i) => (width === 4 ? strideOf(i).at(-1) === 0 : isScalar(i)) || rank === 0,
  );
  const vectors = rest.filter((i) => !splat.includes(i));
  const pairs = outs.map((out, o) => ({
    o,
    source: flat.find((i) => isSameRegion(at(sources, i).region, out)),
  }));
  const updated = pairs.filter(({ source }) => source !== undefined);
  const overwritten = updated.flatMap(({ source }) => source ?? []);
  return {
    order: [...overwritten, ...flat.filter((i) => !overwritten.includes(i)), ...vectors, ...splat],
    representative,
    outOrder: [...updated, ...pairs.filter(({ source }) => source === undefined)].map(({ o }) => o),
    width,
    inPlace: overwritten.length,
    flat: flat.length,
    splat: flat.length + vectors.length,
    rank,
  };
}

/** 4 where every source can be read four elements at a time along the last dimension, or is the same for all four. */
function widthOf(
  shape: readonly number[],
  rank: number,
  strided: readonly { readonly base: number; readonly strides: readonly number[] }[],
): 1 | 4 {
  if (rank === 0) return sizeOf(shape) % 4 === 0 ? 4 : 1;
  const fits = strided.every(({ base, strides }) => {
    if (strides.at(-1) === 0) return true;
    return strides.at(-1) === 1 && [base, ...strides.slice(0, -1)].every((n) => n % 4 === 0);
  });
  return fits && (shape.at(-1) ?? 1) % 4 === 0 ? 4 : 1;
}

function inVectors(shape: readonly number[], width: number): number[] {
  return shape.map((size, d) => (d === shape.length - 1 ? size / width : size));
}

function vectorStrides(strides: readonly number[], width: number): number[] {
  return strides.map((stride, d) => (d === strides.length - 1 ? stride : stride / width));
}

function isSameSource(a: Source, b: Source): boolean {
  return isSameRegion(a.region, b.region) && a.base === b.base && sameShape(a.strides, b.strides);
}
