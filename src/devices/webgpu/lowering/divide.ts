/**
 * Work on tensors that are larger than what a shader can bind: it is done in parts, each on a range of every tensor.
 * Ranges begin where bindings may, at multiples of 64 elements.
 */
import type { Region } from "../../../scheduler/lowering.ts";
import { BYTES_PER_ELEMENT } from "../../../tensor/dtype.ts";
import { bytesOf, sizeOf } from "../../../tensor/shape.ts";

/** WebGPU's alignment of bindings in elements (minStorageBufferOffsetAlignment, at its default). */
export const BINDING_ELEMENTS = 64;

/** More calls than this are not made of one: what would take them is left to the fallback. */
const MAX_BOXES = 4096;

/** How something is read or written while a shape is walked: the elements from index 0 on, between neighbours. */
export type Strides = readonly number[];

/** A part of a walk: rows of one dimension, one of each before it, all of those behind it. */
export interface Box {
  readonly starts: readonly number[];
  readonly shape: readonly number[];
}

/** Parts of `shape`, in order, each of which reaches over `most` elements at most with any of `strides`. */
export function boxesOf(
  shape: readonly number[],
  strides: readonly Strides[],
  most: number,
): Box[] | undefined {
  // What a range may begin before its first element, so that it begins where a binding may.
  const room = most - BINDING_ELEMENTS;
  const boxes: Box[] = [];
  const divide = (starts: readonly number[], depth: number): boolean => {
    const rest = shape.slice(depth);
    const span = (rows: number) =>
      Math.max(...strides.map((own) => extentOf([rows, ...rest.slice(1)], own.slice(depth))));
    const [size] = rest;
    if (size === undefined || boxes.length > MAX_BOXES) return false;
    const perRow = span(2) - span(1);
    const fitting = perRow === 0 ? size : Math.floor((room - span(1)) / perRow) + 1;
    if (span(1) > room) {
      for (let at = 0; at < size; at++) if (!divide([...starts, at], depth + 1)) return false;
      return true;
    }
    // Parts that begin where a binding may need no more care.
    const unit = alignedRows(rest.slice(1).reduce((product, n) => product * n, 1));
    const rows = fitting >= unit ? fitting - (fitting % unit) : fitting;
    const zeros = rest.slice(1).map(() => 0);
    const ones = starts.map(() => 1);
    for (let at = 0; at < size; at += rows) {
      const shape = [...ones, Math.min(rows, size - at), ...rest.slice(1)];
      boxes.push({ starts: [...starts, at, ...zeros], shape });
    }
    return true;
  };
  return divide([], 0) && boxes.length <= MAX_BOXES ? boxes : undefined;
}

/** `length` elements of `region` from `offset` on. */
export function elementsOf(region: Region, offset: number, length: number): Region {
  const { buffer, type } = region;
  const { dtype } = type;
  return { buffer, offset: region.offset + offset, type: { dtype, shape: [length] } };
}

/** The elements of `region` in parts that can be bound, the whole of it where that can be. */
export function linesOf(
  region: Region,
  maxBytes: number,
): { readonly region: Region; readonly first: number; readonly length: number }[] {
  const count = sizeOf(region.type.shape);
  if (!isLarge([region], maxBytes)) return [{ region, first: 0, length: count }];
  const most = alignedDown(maxBytes / BYTES_PER_ELEMENT);
  return Array.from({ length: Math.ceil(count / most) }, (_, i) => {
    const first = i * most;
    const length = Math.min(most, count - first);
    return { region: elementsOf(region, first, length), first, length };
  });
}

export function alignedDown(elements: number): number {
  return elements - (elements % BINDING_ELEMENTS);
}

/** The fewest rows of so many elements after which a binding may begin. */
function alignedRows(elements: number): number {
  let [a, b] = [BINDING_ELEMENTS, elements % BINDING_ELEMENTS];
  while (b > 0) [a, b] = [b, a % b];
  return BINDING_ELEMENTS / a;
}

export function isLarge(regions: readonly Region[], maxBytes: number): boolean {
  return regions.some(({ type }) => bytesOf(type) > maxBytes);
}

function extentOf(shape: readonly number[], strides: Strides): number {
  return shape.reduce((extent, size, d) => extent + (size - 1) * (strides[d] ?? 0), 1);
}
