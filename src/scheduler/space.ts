/**
 * The index space of a group: what its elementwise ops and reductions walk. Tensors of different shapes may be walked
 * together where one shape only cuts the other's dimensions finer: [32, 784] and [32, 28, 28].
 */
import { keptShape } from "../ops/reduce.ts";
import { type Shape, sizeOf, stridesOf } from "../tensor/shape.ts";

export interface Space {
  /** Without dimensions of size 1. */
  readonly shape: Shape;
  /** Of each dimension, whether reductions run along it. */
  readonly reduced: readonly boolean[];
}

/** The space of a tensor that is reduced along `axes`, or along none. */
export function spaceOf(shape: Shape, axes: readonly number[] = []): Space {
  const dimensions = shape.flatMap((size, d) => (size === 1 ? [] : [d]));
  return {
    shape: dimensions.map((d) => shape[d] ?? 1),
    reduced: dimensions.map((d) => axes.includes(d)),
  };
}

export function isReduced({ reduced }: Space): boolean {
  return reduced.includes(true);
}

function keptOf({ shape, reduced }: Space): number[] {
  return shape.filter((_, d) => !reduced[d]);
}

/** How many rows it has: one for each index of the kept dimensions. */
export function rowsOf(space: Space): number {
  return sizeOf(keptOf(space));
}

/** Elements of a tensor of the space between neighbours along each dimension. */
export function elementStrides({ shape }: Space): number[] {
  return stridesOf(shape);
}

/** The same for a tensor with an element for each row. */
export function rowStrides(space: Space): number[] {
  const axes = space.reduced.flatMap((is, d) => (is ? [d] : []));
  const strides = stridesOf(keptShape(space.shape, axes));
  return strides.map((stride, d) => (space.reduced[d] ? 0 : stride));
}

/** A space in which both can be walked: of one size, or one of them over the other's rows. Undefined where there is none. */
export function commonSpace(a: Space, b: Space): Space | undefined {
  const [sizeA, sizeB] = [sizeOf(a.shape), sizeOf(b.shape)];
  if (sizeA === sizeB) return commonElements(a, b);
  if (!isReduced(b) && sizeB === rowsOf(a)) return refineRows(a, b.shape);
  if (!isReduced(a) && sizeA === rowsOf(b)) return refineRows(b, a.shape);
  return undefined;
}

/**
 * A space of the same elements as `a`, walked as `a` is, in which `b` is reduced along exactly the other dimensions; `b` as
 * well. Undefined where there is none.
 */
export function crossedSpace(a: Space, b: Space): Space | undefined {
  if (!isReduced(a) || !isReduced(b) || sizeOf(a.shape) !== sizeOf(b.shape)) return undefined;
  const shape = commonRefinement(a.shape, b.shape);
  if (shape === undefined) return undefined;
  const [mine, its] = [reducedIn(a, shape), reducedIn(b, shape)];
  return mine.every((is, d) => is !== its[d]) ? { shape, reduced: mine } : undefined;
}

/** The space whose rows are the columns of this one. */
export function across({ shape, reduced }: Space): Space {
  return { shape, reduced: reduced.map((is) => !is) };
}

function commonElements(a: Space, b: Space): Space | undefined {
  const shape = commonRefinement(a.shape, b.shape);
  if (shape === undefined) return undefined;
  const [mine, its] = [reducedIn(a, shape), reducedIn(b, shape)];
  if (!isReduced(a)) return { shape, reduced: its };
  if (!isReduced(b)) return { shape, reduced: mine };
  return mine.every((is, d) => is === its[d]) ? { shape, reduced: mine } : undefined;
}

function refineRows(space: Space, rows: Shape): Space | undefined {
  const pieces = commonRefinement(keptOf(space), rows);
  if (pieces === undefined) return undefined;
  const shape: number[] = [];
  const reduced: boolean[] = [];
  let next = 0;
  space.shape.forEach((size, d) => {
    const isPiece = space.reduced[d] !== true;
    for (let left = size; left > 1; ) {
      const piece = isPiece ? (pieces[next++] ?? left) : left;
      shape.push(piece);
      reduced.push(!isPiece);
      left /= piece;
    }
  });
  return { shape, reduced };
}

/** The coarsest shape whose neighbours merge into both, or undefined: [4, 6] and [6, 4] have none. */
function commonRefinement(a: Shape, b: Shape): number[] | undefined {
  const counts = [...new Set([...stridesOf(a), ...stridesOf(b), sizeOf(a)])].sort((x, y) => x - y);
  const refined: number[] = [];
  for (let i = 1; i < counts.length; i++) {
    const size = (counts[i] ?? 1) / (counts[i - 1] ?? 1);
    if (!Number.isInteger(size)) return undefined;
    refined.unshift(size);
  }
  return refined;
}

/** Which dimensions of `shape`, a refinement of the space's, are reduced. */
function reducedIn(space: Space, shape: Shape): boolean[] {
  const own = stridesOf(space.shape);
  return stridesOf(shape).map((stride) => {
    const d = own.findIndex((coarse) => coarse <= stride);
    return space.reduced[d] ?? false;
  });
}

/**
 * For a contiguous tensor of shape `from` that is broadcast to `to`: the strides with which it is walked where a
 * contiguous tensor of shape `to` is walked with `strides` over a space of `sizes`. Undefined where a dimension is not
 * walked as a whole.
 */
export function throughBroadcast(
  from: Shape,
  to: Shape,
  strides: readonly number[],
  sizes: Shape,
): number[] | undefined {
  if (sizeOf(from) === sizeOf(to)) return [...strides];
  if (sizeOf(from) === 1 || sizeOf(to) === 0) return strides.map(() => 0);
  const runs = runsOf(to, strides, sizes);
  if (runs === undefined) return undefined;
  const own = stridesOf(from);
  const walked = strides.map(() => 0);
  from.forEach((size, d) => {
    if (size !== 1) walkRun(walked, runs[d + to.length - from.length] ?? [], own[d] ?? 1, sizes);
  });
  return walked;
}

/** The strides with which the argument of a reduction of `shape` along `axes` is walked where its result is with `strides`. */
export function throughReduction(
  shape: Shape,
  axes: readonly number[],
  strides: readonly number[],
  { shape: sizes, reduced }: Space,
): number[] | undefined {
  if (strides.some((stride, f) => stride !== 0 && reduced[f])) return undefined;
  if (sizeOf(shape) !== sizeOf(sizes)) return undefined;
  const runs = runsOf(keptShape(shape, axes), strides, sizes);
  if (runs === undefined) return undefined;
  const own = stridesOf(shape);
  const walked = strides.map(() => 0);
  // Reduced dimensions are walked in their order, from the last to the first.
  const left = reduced.flatMap((is, f) => (is ? [f] : []));
  for (let d = shape.length - 1; d >= 0; d--) {
    let run: number[] = [...(runs[d] ?? [])];
    if (axes.includes(d) && shape[d] !== 1) {
      run = [];
      for (let size = 1; size < (shape[d] ?? 1); ) {
        const f = left.pop();
        if (f === undefined) return undefined;
        run.push(f);
        size *= sizes[f] ?? 1;
      }
      if (run.reduce((size, f) => size * (sizes[f] ?? 1), 1) !== shape[d]) return undefined;
    }
    walkRun(walked, run, own[d] ?? 1, sizes);
  }
  return left.length === 0 ? walked : undefined;
}

/**
 * For a contiguous tensor of which a view is read, whose dimension d walks the tensor's with `viewed[d]` elements from one
 * to the next: the strides with which it is walked where the view, of `shape`, is with `strides`.
 */
export function throughView(
  shape: Shape,
  viewed: readonly number[],
  strides: readonly number[],
  sizes: Shape,
): number[] | undefined {
  const runs = runsOf(shape, strides, sizes);
  if (runs === undefined) return undefined;
  const walked = strides.map(() => 0);
  shape.forEach((size, d) => {
    if (size !== 1) walkRun(walked, runs[d] ?? [], viewed[d] ?? 0, sizes);
  });
  return walked;
}

/** Dimensions of the space that walk one of a tensor's, the innermost first. */
type Run = readonly number[];

function walkRun(walked: number[], run: Run, stride: number, sizes: Shape): void {
  let step = stride;
  for (const f of run) {
    walked[f] = step;
    step *= sizes[f] ?? 1;
  }
}

/** Which dimensions of a space of `sizes` walk each of `shape`, if `strides` are those of its elements. */
function runsOf(shape: Shape, strides: readonly number[], sizes: Shape): Run[] | undefined {
  const runs: Run[] = [];
  for (const [d, stride] of stridesOf(shape).entries()) {
    const end = stride * (shape[d] ?? 1);
    const run = strides
      .flatMap((own, f) => (own >= stride && own < end ? [f] : []))
      .sort((f, g) => (strides[f] ?? 0) - (strides[g] ?? 0));
    let next = stride;
    for (const f of run) {
      if (strides[f] !== next) return undefined;
      next *= sizes[f] ?? 1;
    }
    if (next !== end) return undefined;
    runs.push(run);
  }
  return runs;
}
