/**
 * Blocks of scratch, for what lies at odd distances or does not grow evenly: elements [start, start + count) of a row, one
 * behind the other.
 */
import { elementRank, elementSizes, elementStrides } from "./group";
import { copyRow } from "./strides";
import { at } from "./threads";

/** Elements from the row's start to its element `(row, 0)`; `row` counts in all element dimensions but the last. */
// @ts-ignore: decorator
@inline
function startOf(row: i32, strides: usize): i32 {
  let offset = 0;
  for (let d = elementRank - 2; d >= 0; d--) {
    const size = at(elementSizes, d);
    const above = row / size;
    offset += (row - above * size) * at(strides, d);
    row = above;
  }
  return offset;
}

/** Size and stride of the last dimension but one, along which rows are walked without looking for each. */
// @ts-ignore: decorator
@inline
function sizeAbove(): i32 {
  return elementRank > 1 ? at(elementSizes, elementRank - 2) : 1;
}

// @ts-ignore: decorator
@inline
function strideAbove(strides: usize): i32 {
  return elementRank > 1 ? at(strides, elementRank - 2) : 0;
}

/** `count` pieces of `bytes` bytes, whole vectors, which may be short: a call for each would take longer than they do. */
// @ts-ignore: decorator
@inline
function copyPieces(to: usize, toStep: usize, from: usize, fromStep: usize, bytes: usize, count: i32): void {
  for (; count > 0; count--) {
    for (let at: usize = 0; at < bytes; at += 16) v128.store(to + at, v128.load(from + at));
    to += toStep, from += fromStep;
  }
}

/** Between the block and where an entry's row lies, from `base` on: into the block, or out of it. */
export function moveBlock(block: usize, base: usize, entry: usize, start: i32, count: i32, isOut: bool): void {
  const strides = elementStrides(entry);
  const columns = at(elementSizes, elementRank - 1);
  const stride = at(strides, elementRank - 1);
  const rows = sizeAbove();
  const apart = strideAbove(strides);
  const bytes = <usize>columns << 2;
  const areVectors = stride == 1 && (columns & 3) == 0;
  let row = start / columns;
  let column = start - row * columns;
  let left = rows - (row % rows);
  let offset = startOf(row, strides);
  while (count > 0) {
    const present = min(count, columns - column);
    const place = base + (<usize>(offset + column * stride) << 2);
    if (areVectors && column == 0 && count >= columns) {
      const whole = min(left, count / columns), step = <usize>apart << 2;
      if (isOut) copyPieces(place, step, block, bytes, bytes, whole);
      else copyPieces(block, bytes, place, step, bytes, whole);
      block += <usize>whole * bytes;
      count -= whole * columns, row += whole, left -= whole, offset += whole * apart;
      if (left == 0) offset = startOf(row, strides), left = rows;
      continue;
    }
    if (isOut) copyRow(place, stride, block, 1, present);
    else copyRow(block, 1, place, stride, present);
    block += <usize>present << 2;
    count -= present;
    column = 0;
    row++;
    if (--left > 0) offset += apart;
    else offset = startOf(row, strides), left = rows;
  }
}

/** An index by its strides. */
export function countBlock(block: usize, offset: i32, entry: usize, start: i32, count: i32): void {
  const strides = elementStrides(entry);
  const columns = at(elementSizes, elementRank - 1);
  const stride = at(strides, elementRank - 1);
  let row = start / columns;
  let column = start - row * columns;
  while (count > 0) {
    const present = min(count, columns - column);
    let value = offset + startOf(row, strides) + column * stride;
    for (let i = 0; i < present; i++) {
      store<i32>(block, value);
      value += stride;
      block += 4;
    }
    count -= present;
    column = 0;
    row++;
  }
}
