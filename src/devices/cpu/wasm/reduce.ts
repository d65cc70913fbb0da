/**
 * Reductions of a contiguous tensor whose dimensions are split into kept and reduced ones. Where the last dimension
 * is reduced, an output is a few contiguous runs, folded in 16 lanes; where it is kept, 32 outputs are folded at a
 * time, a row of the tensor after the other. Sums of f32 are made as in sums.ts. Few outputs over many elements are cut into chunks of fixed size whose
 * partial results are folded in a second pass. Nothing depends on the number of threads: neither do the bits.
 *
 * Operands x, out, partials [chunks, outputs] (only where chunks > 1). Words: function, whether the last dimension is
 * kept, outputs, reduced elements per output, elements per chunk, chunks, divisor (f32, 0 for none), kept rank,
 * reduced rank; shape and strides of the kept, shape and strides of the reduced dimensions.
 */
import { addNarrow, addWide, round, RUN, sumOf } from "./sums";
import { barrier, float, operand, operandCount, shareStart, threadScratch, word } from "./threads";

const enum Fold {
  /** Not for `combine`. */
  sumF,
  maxF,
  minF,
  sumI,
  maxI,
  minI,
  maxU,
  minU,
}

// Inlined with a constant `fold`.

// @ts-ignore: decorator
@inline
function combine(fold: i32, x: v128, y: v128): v128 {
  if (fold == Fold.maxF) return f32x4.max(x, y);
  if (fold == Fold.minF) return f32x4.min(x, y);
  if (fold == Fold.sumI) return i32x4.add(x, y);
  if (fold == Fold.maxI) return i32x4.max_s(x, y);
  if (fold == Fold.minI) return i32x4.min_s(x, y);
  if (fold == Fold.maxU) return i32x4.max_u(x, y);
  return i32x4.min_u(x, y);
}

// @ts-ignore: decorator
@inline
function neutral(fold: i32): v128 {
  if (fold == Fold.maxF) return f32x4.splat(-Infinity);
  if (fold == Fold.minF) return f32x4.splat(Infinity);
  if (fold == Fold.maxI) return i32x4.splat(i32.MIN_VALUE);
  if (fold == Fold.minI) return i32x4.splat(i32.MAX_VALUE);
  if (fold == Fold.minU) return i32x4.splat(-1);
  return i32x4.splat(0);
}

let keptRank: i32 = 0;
let reducedRank: i32 = 0;
let kept: usize = 0;
let reduced: usize = 0;
/** Room of the thread for 32 sums in f64. */
let own: usize = 0;

// @ts-ignore: decorator
@inline
function at(words: usize, index: i32): i32 {
  return load<i32>(words + (<usize>index << 2));
}

/** Elements from the start to coordinates `index` of the first `dimensions` of `rank` dimensions. */
function offsetOf(index: i32, dimensions: i32, rank: i32, shape: usize): i32 {
  let offset = 0;
  for (let d = dimensions - 1; d >= 0; d--) {
    const size = at(shape, d);
    const above = index / size;
    offset += (index - above * size) * at(shape, rank + d);
    index = above;
  }
  return offset;
}

// @ts-ignore: decorator
@inline
function foldRows(fold: i32, base: usize, start: i32, end: i32): i32 {
  const last = reducedRank - 1;
  const columns = at(reduced, last);
  let a = neutral(fold);
  let b = a;
  let c = a;
  let d = a;
  while (start < end) {
    const row = start / columns;
    const column = start - row * columns;
    const run = min(columns - column, end - start);
    let from = base + (<usize>(offsetOf(row, last, reducedRank, reduced) + column) << 2);
    const stop = from + (<usize>run << 2);
    for (; from + 64 <= stop; from += 64) {
      a = combine(fold, a, v128.load(from));
      b = combine(fold, b, v128.load(from, 16));
      c = combine(fold, c, v128.load(from, 32));
      d = combine(fold, d, v128.load(from, 48));
    }
    for (; from + 16 <= stop; from += 16) a = combine(fold, a, v128.load(from));
    for (; from < stop; from += 4) b = combine(fold, b, i32x4.replace_lane(neutral(fold), 0, load<i32>(from)));
    start += run;
  }
  a = combine(fold, combine(fold, a, b), combine(fold, c, d));
  a = combine(fold, a, v128.shuffle<i32>(a, a, 2, 3, 0, 1));
  a = combine(fold, a, v128.shuffle<i32>(a, a, 1, 0, 3, 2));
  return i32x4.extract_lane(a, 0);
}

/** Folds 32 neighbouring outputs over reduced elements [start, end). */
// @ts-ignore: decorator
@inline
function foldWide(fold: i32, to: usize, base: usize, start: i32, end: i32): void {
  const last = reducedRank - 1;
  const rows = at(reduced, last);
  const step = <usize>at(reduced, reducedRank + last) << 2;
  let a = neutral(fold);
  let b = a;
  let c = a;
  let d = a;
  let e = a;
  let f = a;
  let g = a;
  let h = a;
  while (start < end) {
    const outer = start / rows;
    const row = start - outer * rows;
    const run = min(rows - row, end - start);
    let from = base + (<usize>offsetOf(outer, last, reducedRank, reduced) << 2) + <usize>row * step;
    for (let i = 0; i < run; i++) {
      a = combine(fold, a, v128.load(from));
      b = combine(fold, b, v128.load(from, 16));
      c = combine(fold, c, v128.load(from, 32));
      d = combine(fold, d, v128.load(from, 48));
      e = combine(fold, e, v128.load(from, 64));
      f = combine(fold, f, v128.load(from, 80));
      g = combine(fold, g, v128.load(from, 96));
      h = combine(fold, h, v128.load(from, 112));
      from += step;
    }
    start += run;
  }
  v128.store(to, a);
  v128.store(to, b, 16);
  v128.store(to, c, 32);
  v128.store(to, d, 48);
  v128.store(to, e, 64);
  v128.store(to, f, 80);
  v128.store(to, g, 96);
  v128.store(to, h, 112);
}

/** The same for up to four outputs; reads, but does not write, past the last. */
// @ts-ignore: decorator
@inline
function foldNarrow(fold: i32, to: usize, base: usize, start: i32, end: i32, count: i32): void {
  const last = reducedRank - 1;
  const rows = at(reduced, last);
  const step = <usize>at(reduced, reducedRank + last) << 2;
  let a = neutral(fold);
  while (start < end) {
    const outer = start / rows;
    const row = start - outer * rows;
    const run = min(rows - row, end - start);
    let from = base + (<usize>offsetOf(outer, last, reducedRank, reduced) << 2) + <usize>row * step;
    for (let i = 0; i < run; i++) {
      a = combine(fold, a, v128.load(from));
      from += step;
    }
    start += run;
  }
  if (count >= 4) {
    v128.store(to, a);
    return;
  }
  store<i32>(to, i32x4.extract_lane(a, 0));
  if (count > 1) store<i32>(to, i32x4.extract_lane(a, 1), 4);
  if (count > 2) store<i32>(to, i32x4.extract_lane(a, 2), 8);
}

// @ts-ignore: decorator
@inline
function columnsOf(fold: i32, to: usize, base: usize, start: i32, end: i32, count: i32): void {
  if (count >= 32) {
    foldWide(fold, to, base, start, end);
    return;
  }
  for (let c = 0; c < count; c += 4) {
    foldNarrow(fold, to + (<usize>c << 2), base + (<usize>c << 2), start, end, count - c);
  }
}

function sumRows(base: usize, start: i32, end: i32): i32 {
  const last = reducedRank - 1;
  const columns = at(reduced, last);
  let sum: f64 = 0;
  while (start < end) {
    const row = start / columns;
    const column = start - row * columns;
    const run = min(columns - column, end - start);
    const from = base + (<usize>(offsetOf(row, last, reducedRank, reduced) + column) << 2);
    sum += sumOf(from, <usize>run << 2);
    start += run;
  }
  return reinterpret<i32>(<f32>sum);
}

/** The sums of reduced elements [start, end) of up to 32 neighbouring outputs; reads past them as foldNarrow does. */
function sumColumns(to: usize, base: usize, start: i32, end: i32, count: i32): void {
  const last = reducedRank - 1;
  const rows = at(reduced, last);
  const step = <usize>at(reduced, reducedRank + last) << 2;
  memory.fill(own, 0, 256);
  while (start < end) {
    const outer = start / rows;
    const row = start - outer * rows;
    const run = min(min(rows - row, end - start), RUN);
    const from = base + (<usize>offsetOf(outer, last, reducedRank, reduced) << 2) + <usize>row * step;
    if (count >= 32) addWide(own, from, run, step);
    else for (let c = 0; c < count; c += 4) addNarrow(own + (<usize>c << 3), from + (<usize>c << 2), run, step);
    start += run;
  }
  round(to, own, count);
}

function rowOf(fold: i32, base: usize, start: i32, end: i32): i32 {
  switch (fold) {
    case Fold.sumF: return sumRows(base, start, end);
    case Fold.maxF: return foldRows(Fold.maxF, base, start, end);
    case Fold.minF: return foldRows(Fold.minF, base, start, end);
    case Fold.sumI: return foldRows(Fold.sumI, base, start, end);
    case Fold.maxI: return foldRows(Fold.maxI, base, start, end);
    case Fold.minI: return foldRows(Fold.minI, base, start, end);
    case Fold.maxU: return foldRows(Fold.maxU, base, start, end);
    default: return foldRows(Fold.minU, base, start, end);
  }
}

function columns(fold: i32, to: usize, base: usize, start: i32, end: i32, count: i32): void {
  switch (fold) {
    case Fold.sumF: return sumColumns(to, base, start, end, count);
    case Fold.maxF: return columnsOf(Fold.maxF, to, base, start, end, count);
    case Fold.minF: return columnsOf(Fold.minF, to, base, start, end, count);
    case Fold.sumI: return columnsOf(Fold.sumI, to, base, start, end, count);
    case Fold.maxI: return columnsOf(Fold.maxI, to, base, start, end, count);
    case Fold.minI: return columnsOf(Fold.minI, to, base, start, end, count);
    case Fold.maxU: return columnsOf(Fold.maxU, to, base, start, end, count);
    default: return columnsOf(Fold.minU, to, base, start, end, count);
  }
}

/** Folds one output's partial results, `step` bytes apart. */
function foldScalars(fold: i32, from: usize, step: usize, count: i32): i32 {
  if (fold == Fold.sumF) {
    let sum: f64 = 0;
    for (let i = 0; i < count; i++) sum += <f64>load<f32>(from + <usize>i * step);
    return reinterpret<i32>(<f32>sum);
  }
  let result = i32x4.extract_lane(startOf(fold), 0);
  for (let i = 0; i < count; i++) {
    result = i32x4.extract_lane(combineAny(fold, i32x4.splat(result), v128.load32_splat(from)), 0);
    from += step;
  }
  return result;
}

function startOf(fold: i32): v128 {
  return neutral(fold);
}

function combineAny(fold: i32, x: v128, y: v128): v128 {
  return combine(fold, x, y);
}

export function reduce(args: usize, thread: i32, threads: i32): void {
  const operands = operandCount(args);
  const fold = word(args, operands, 0);
  const isLastKept = word(args, operands, 1);
  const outputs = word(args, operands, 2);
  const reducedCount = word(args, operands, 3);
  const chunkSize = word(args, operands, 4);
  const chunks = word(args, operands, 5);
  const divisor = float(args, operands, 6);
  keptRank = word(args, operands, 7);
  reducedRank = word(args, operands, 8);
  kept = args + (<usize>(operands + 9) << 2);
  reduced = kept + (<usize>keptRank << 3);
  own = threadScratch(thread);
  const x = operand(args, 0);
  const out = operand(args, 1);
  const target = chunks > 1 ? operand(args, 2) : out;

  // Outputs that one unit of work makes: a row, or up to 32 neighbours along the last dimension.
  const width = isLastKept ? at(kept, keptRank - 1) : 1;
  const groups = (width + 31) / 32;
  const units = (outputs / max(width, 1)) * groups * chunks;
  const end = shareStart(units, thread + 1, threads, 1);
  for (let unit = shareStart(units, thread, threads, 1); unit < end; unit++) {
    const rest = unit / chunks;
    const chunk = unit - rest * chunks;
    const row = rest / groups;
    const column = (rest - row * groups) * 32;
    const from = chunk * chunkSize;
    const to = min(from + chunkSize, reducedCount);
    const base = x + (<usize>(offsetOf(row, isLastKept ? keptRank - 1 : keptRank, keptRank, kept) + column) << 2);
    const place = target + (<usize>(chunk * outputs + row * width + column) << 2);
    if (isLastKept) columns(fold, place, base, from, to, min(32, width - column));
    else store<i32>(place, rowOf(fold, base, from, to));
  }
  if (chunks == 1 && divisor == 0) return;

  barrier();
  const first = shareStart(outputs, thread, threads, 16);
  const stop = shareStart(outputs, thread + 1, threads, 16);
  for (let i = first; i < stop; i++) {
    const place = out + (<usize>i << 2);
    if (chunks > 1) store<i32>(place, foldScalars(fold, target + (<usize>i << 2), <usize>outputs << 2, chunks));
    if (divisor != 0) store<f32>(place, load<f32>(place) / divisor);
  }
}

/** Operands x [outer, n, inner], out [outer, inner]; words: dtype (0 f32, 1 i32, 2 u32), outer, n, inner. */
export function argmax(args: usize, thread: i32, threads: i32): void {
  const dtype = word(args, 2, 0);
  const outer = word(args, 2, 1);
  const count = word(args, 2, 2);
  const inner = word(args, 2, 3);
  const x = operand(args, 0);
  const out = operand(args, 1);
  const end = shareStart(outer * inner, thread + 1, threads, 16);
  for (let i = shareStart(outer * inner, thread, threads, 16); i < end; i++) {
    const row = i / inner;
    const from = x + (<usize>(row * count * inner + (i - row * inner)) << 2);
    const step = <usize>inner << 2;
    const place = out + (<usize>i << 2);
    if (dtype == 0) store<i32>(place, largest<f32>(from, step, count));
    else if (dtype == 1) store<i32>(place, largest<i32>(from, step, count));
    else store<i32>(place, largest<u32>(from, step, count));
  }
}

function largest<T>(from: usize, step: usize, count: i32): i32 {
  let best = load<T>(from);
  let index = 0;
  for (let i = 1; i < count; i++) {
    const value = load<T>(from + <usize>i * step);
    // The first NaN is larger than all numbers.
    if (value > best || (value != value && best == best)) {
      best = value;
      index = i;
    }
  }
  return index;
}
