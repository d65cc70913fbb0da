/**
 * How a generated kernel reads and writes: an *access* is a view into a binding, or one that is only counted. Where a
 * kernel does four elements at a time, accesses whose innermost stride is 1 move vectors; others are the same for all
 * four.
 */
import type { View } from "../../../../scheduler/group-program.ts";
import type { Region } from "../../../../scheduler/lowering.ts";
import { sizeOf } from "../../../../tensor/shape.ts";
import type { Bindings, Place } from "./bindings.ts";
import type { Words } from "./words.ts";

export interface Access extends View {
  /** Undefined for a place that is counted, not read. */
  readonly binding: number | undefined;
}

/** Elements that an invocation does at a time. */
export type Width = 1 | 4;

export function accessOf({ offset, strides, reachesBeyond }: View, place?: Place): Access {
  const own = { binding: place?.binding, offset: offset + (place?.start ?? 0), strides };
  return reachesBeyond ? { ...own, reachesBeyond } : own;
}

/** The same for all elements along the innermost dimension, or without one. */
export function isSingle({ strides }: View): boolean {
  return (strides.at(-1) ?? 0) === 0;
}

/**
 * 4 where every access can be made in whole vectors along an innermost dimension of `size`, or is the same for four.
 * `regionOf`: what a binding covers; undefined for what is in registers.
 */
export function widthOf(
  size: number,
  accesses: readonly Access[],
  regionOf: (binding: number) => Region | undefined,
): Width {
  // A binding of vectors ends with the last whole one, and what is read of it element by element may lie behind.
  const isWholeVectors = (region: Region | undefined) =>
    region === undefined || sizeOf(region.type.shape) % 4 === 0;
  const fits = accesses.every(({ binding, offset, strides }) => {
    if (binding === undefined || strides.at(-1) === 0) return true;
    const isAligned = [offset, ...strides.slice(0, -1)].every((n) => n % 4 === 0);
    return strides.at(-1) === 1 && isAligned && isWholeVectors(regionOf(binding));
  });
  return fits && size % 4 === 0 ? 4 : 1;
}

/** Which bindings are arrays of vectors: those with an access of vectors. */
export function vectorBindings(width: Width, accesses: readonly Access[]): ReadonlySet<number> {
  const vectors = width === 1 ? [] : accesses.filter((access) => !isSingle(access));
  return new Set(vectors.flatMap(({ binding }) => binding ?? []));
}

/** The declarations; the parameters come behind. */
export function declareBindings({ operands }: Bindings, vectors: ReadonlySet<number>): string {
  return [
    ...operands.map(({ access }, b) => declareBinding(b, access === "read", vectors.has(b))),
    `@group(0) @binding(${operands.length}) var<uniform> params: Params;`,
  ].join("\n");
}

/** In the form that shaders/README.md asks for. */
export function declareBinding(binding: number, isRead: boolean, isVector: boolean): string {
  const mode = isRead ? "read" : "read_write";
  const element = isVector ? "vec4<u32>" : "u32";
  return `@group(0) @binding(${binding}) var<storage, ${mode}> b${binding}: array<${element}>;`;
}

/** Σ index · stride, as terms of a sum; nothing is multiplied where a stride is 0 or 1. */
export function strideTerms(
  names: readonly string[],
  strides: readonly number[],
  words: Words,
): string[] {
  return names.flatMap((name, d) => {
    const stride = strides[d] ?? 0;
    if (stride === 0) return [];
    return stride === 1 ? [name] : [`${name} * ${words.word(stride)}`];
  });
}

export function sumOf(terms: readonly string[]): string {
  return terms.length === 0 ? "0u" : terms.join(" + ");
}

/** What is read at `place`, in vectors where whole ones are, else in elements. */
export function loaded(
  access: Access,
  place: string,
  isVector: boolean,
  vectors: ReadonlySet<number>,
): string {
  const binding = access.binding ?? 0;
  // An access out of bounds reads something by WGSL's rules, or ends the invocation.
  const unit = isVector || !vectors.has(binding) ? "" : " * 4u";
  const inside = access.reachesBeyond
    ? `min(${place}, arrayLength(&b${binding})${unit} - 1u)`
    : place;
  return isVector ? `b${binding}[${inside}]` : wordAt(binding, inside, vectors);
}

/** The word at `place`, in elements, of a binding that may hold vectors. */
export function wordAt(binding: number, place: string, vectors: ReadonlySet<number>): string {
  return vectors.has(binding)
    ? `b${binding}[(${place}) >> 2u][(${place}) & 3u]`
    : `b${binding}[${place}]`;
}

/** Statements that take the number `name` apart: `${prefix}0` … along dimensions of `sizes`, the innermost last. */
export function takeApart(
  name: string,
  prefix: string,
  sizes: readonly number[],
  words: Words,
): string[] {
  const lines: string[] = [];
  let rest = name;
  for (let d = sizes.length - 1; d > 0; d--) {
    const size = words.word(sizes[d] ?? 1);
    lines.push(`let ${prefix}${d} = ${rest} % ${size};`);
    lines.push(`let ${prefix}_rest${d} = ${rest} / ${size};`);
    rest = `${prefix}_rest${d}`;
  }
  if (sizes.length > 0) lines.push(`let ${prefix}0 = ${rest};`);
  return lines;
}
