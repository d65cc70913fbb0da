/**
 * Fused elementwise programs as calls of elementwise/map. What differs in values (sizes, strides, literals) goes into
 * words, so that all uses of one chain of functions share a pipeline.
 */
import type { ElementwiseSite, KernelCall, Region } from "../../../scheduler/lowering.ts";
import { sameShape, sizeOf, stridesOf } from "../../../tensor/shape.ts";
import { threadGrid } from "./grid.ts";
import { isSameRegion, read, readWrite, write } from "./operand.ts";
import { at, printProgram } from "./print-program.ts";
import { mergeDimensions } from "./strides.ts";

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

export function lowerElementwise({ program, ins, outs }: ElementwiseSite): readonly KernelCall[] {
  const sources = ins.map(
    (region, i): Source => ({ region, base: 0, strides: program.inputStrides[i] ?? [] }),
  );
  return lowerMap(program.shape, sources, outs, (place, outOrder) => {
    const literals: number[] = [];
    const { lines, words } = printProgram(program, place, literals);
    const results = outOrder.map((o) => at(words, o)).join(", ");
    return { text: [...lines, `return Results(${results});`].join("\n"), literals };
  });
}

/** The calls that compute `outs`, all of shape `shape`, from `sources`. `print` is told which v each source became. */
export function lowerMap(
  shape: readonly number[],
  sources: readonly Source[],
  outs: readonly Region[],
  print: (place: (source: number) => number, outOrder: readonly number[]) => MapBody,
): readonly KernelCall[] {
  const count = sizeOf(shape);
  if (count === 0) return [];
  const walk = mergeDimensions(shape, [stridesOf(shape), ...sources.map(({ strides }) => strides)]);
  const layout = arrange(walk.shape, sources, walk.strides.slice(1), outs);
  const { order, outOrder, width, inPlace, flat, splat, rank } = layout;
  const strides = (source: number) => walk.strides[source + 1] ?? [];
  const body = print((source) => order.indexOf(layout.representative[source] ?? source), outOrder);
  const words = [count / width];
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
): Arrangement {
  const representative = sources.map((source, i) =>
    sources.findIndex((other, k) => k === i || (k < i && isSameSource(other, source))),
  );
  const unique = representative.filter((source, i) => source === i);
  const strideOf = (i: number) => strides[i] ?? [];
  const isFlat = (i: number) =>
    at(sources, i).base === 0 && sameShape(strideOf(i), stridesOf(shape));
  const isScalar = (i: number) => strideOf(i).every((stride) => stride === 0);
  const flat = unique.filter(isFlat);
  const rest = unique.filter((i) => !isFlat(i));
  const rank = rest.every(isScalar) ? 0 : shape.length;
  const width = widthOf(
    shape,
    rank,
    rest.map((i) => ({ base: at(sources, i).base, strides: strideOf(i) })),
  );
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
