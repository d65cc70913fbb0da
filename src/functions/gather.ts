/**
 * Elements by their numbers. A look-up is a row of a table (the op embedding, whose gradient adds rows up where they came
 * from), with ids that are computed: along an axis, tables of all outer indices lie one behind the other.
 *
 * Ids are i32; negative ones count from the end. An id that is out of range, which a device cannot throw, reads NaN, or 0
 * among whole numbers.
 */
import { check, checkOptions, number, shown, whole } from "../arguments.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import { checkDType } from "../ops/check.ts";
import type { Tensor } from "../runtime/tensor.ts";
import type { DType } from "../tensor/dtype.ts";
import { checkDTypeName } from "../tensor/dtype.ts";
import { describe, type Shape, sizeOf } from "../tensor/shape.ts";
import { apply, checkTensor } from "./apply.ts";
import { wholeAxis } from "./axes.ts";
import { arange, full } from "./creation.ts";
import { add, and, cast, equal, greaterEqual, less, mul, or, where } from "./elementwise.ts";
import { broadcastTo, reshape, slice, squeeze, unsqueeze } from "./movement.ts";

/**
 * What is at `ids` i32[...] along `axis`: x [A, n, B], ids [I] → [A, I, B], whatever A, I and B are. As np.take,
 * tf.gather and ONNX's Gather. Negative ids count from the end; one out of range reads NaN, or 0 among whole numbers. A
 * number takes that one alone: `take(x, -1)` is x[-1], and `take(x, t, 1)` is x[:, t].
 * @throws DTypeError for ids that are not i32; ArgumentError for an axis that x does not have, and for a number that is not
 *   one of its places
 */
export function take(x: Tensor, ids: Tensor | number, axis = 0): Tensor {
  checkTensor("take", x);
  const d = wholeAxis("take", axis, x);
  if (typeof ids === "number") return one(x, ids, d);
  checkIds("take", ids);
  const [outer, inner] = [x.shape.slice(0, d), x.shape.slice(d + 1)];
  const [rows, n] = [sizeOf(outer), x.shape[d] ?? 0];
  const own = fromFront(x, reshape(ids, [1, ids.size]), n, rows * n);
  const first = mul(reshape(arange(rows), [rows, 1]), n);
  const places = atPlaces(x, own, first, rows * n);
  const found = lookUp(reshape(x, [rows * n, sizeOf(inner)]), places);
  return reshape(found, [...outer, ...ids.shape, ...inner]);
}

/** x without dimension d, at one of its places. */
function one(x: Tensor, place: number, d: number): Tensor {
  const n = x.shape[d] ?? 0;
  if (!Number.isInteger(place) || place < -n || place >= n) {
    throw new ArgumentError(
      `take: a place must be a whole number of at least ${-n} and less than ${n}, the size of axis ${d}; got ${shown(place)} for ${describe(x.type)}. Negative ones count from the end.`,
    );
  }
  const starts = x.shape.map((_, own) => (own === d ? (place + n) % n : 0));
  const sizes = x.shape.map((size, own) => (own === d ? 1 : size));
  return squeeze(slice(x, starts, sizes), d);
}

/**
 * For every element of `ids` what is at that place along `axis`, at its own along the others: out[i][j] =
 * x[ids[i][j]][j] for axis 0 of two. ids has x's rank, and along the other axes at most x's sizes. As torch.gather,
 * np.take_along_axis and ONNX's GatherElements. Negative ids count from the end; one out of range reads NaN, or 0 among
 * whole numbers.
 * @throws ShapeError where ids do not fit x; DTypeError for ids that are not i32; ArgumentError for an axis that x does
 *   not have
 */
export function gather(x: Tensor, ids: Tensor, axis: number): Tensor {
  const places = placesAlong("gather", x, ids, axis);
  return reshape(lookUp(reshape(x, [x.size, 1]), reshape(places, [ids.size])), ids.shape);
}

/**
 * Blocks of x by their first indices: ids [..., K], K at most x's rank → [..., x's sizes from dimension K on]. As
 * tf.gatherNd and ONNX's GatherND. Negative ids count from the end; one out of range reads NaN, or 0 among whole
 * numbers.
 * @throws ShapeError where K is more than x's rank; DTypeError for ids that are not i32; ArgumentError for what is no
 *   tensor
 */
export function gatherNd(x: Tensor, ids: Tensor): Tensor {
  const { places, outer, inner } = placesNd("gatherNd", x, ids);
  const found = lookUp(reshape(x, [sizeOf(outer), sizeOf(inner)]), places);
  return reshape(found, [...ids.shape.slice(0, -1), ...inner]);
}

/**
 * x with the elements of `source` added where `ids` says, as gather reads: x[ids[i][j]][j] += source[i][j] for axis 0 of
 * two. f32; ids that are out of range add nowhere. Its gradient for `source` is a gather. As torch.scatter_add.
 * @throws ShapeError where ids and `source` do not fit x; DTypeError for ids that are not i32 and values that are not
 *   f32; ArgumentError for an axis that x does not have
 */
export function scatterAdd(x: Tensor, ids: Tensor, source: Tensor, axis: number): Tensor {
  checkSource("scatterAdd", x, ids, source);
  const places = placesAlong("scatterAdd", x, ids, axis);
  return add(x, reshape(summedAt(places, source, x.size, 1), x.shape));
}

/**
 * x with the elements of `source` in the places that `ids` says, as gather reads. f32. No place may be named twice: it
 * would get the sum. As torch.scatter and ONNX's ScatterElements.
 * @throws ShapeError where ids and `source` do not fit x; DTypeError for ids that are not i32 and values that are not
 *   f32; ArgumentError for an axis that x does not have
 */
export function scatter(x: Tensor, ids: Tensor, source: Tensor, axis: number): Tensor {
  checkSource("scatter", x, ids, source);
  const places = placesAlong("scatter", x, ids, axis);
  const isHit = reshape(hits(places, x.size), x.shape);
  return where(isHit, reshape(summedAt(places, source, x.size, 1), x.shape), x);
}

/**
 * x with the blocks of `source` in the places that `ids` [..., K] says, as gatherNd reads; f32. No place may be named
 * twice: it would get the sum. As ONNX's ScatterND and tf.tensorScatterUpdate.
 * @throws ShapeError where ids and `source` do not fit x; DTypeError for ids that are not i32 and values that are not
 *   f32; ArgumentError for what is no tensor
 */
export function scatterNd(x: Tensor, ids: Tensor, source: Tensor): Tensor {
  const { places, outer, inner } = placesNd("scatterNd", x, ids);
  float("scatterNd", x, source);
  const expected = [...ids.shape.slice(0, -1), ...inner];
  if (source.shape.join() !== expected.join()) {
    throw new ShapeError(
      `scatterNd: source must have a block for every row of ids, [${expected.join(", ")}]; got x ${describe(x.type)}, ids ${describe(ids.type)}, source ${describe(source.type)}. Reshape it.`,
    );
  }
  const rows = sizeOf(outer);
  const isHit = reshape(hits(places, rows), [rows, 1]);
  const sums = summedAt(places, source, rows, sizeOf(inner));
  return reshape(where(isHit, sums, reshape(x, [rows, sizeOf(inner)])), x.shape);
}

/** What stands for yes and no. */
export interface OneHotOptions {
  /** Where the new dimension is; −1, the last one, where nothing is said. */
  readonly axis?: number;
  /** What is at the place that an id names, 1, and what is elsewhere, 0. */
  readonly on?: number;
  /** Everywhere else; 0. */
  readonly off?: number;
  /** f32 where nothing is said. */
  readonly dtype?: DType;
}

/**
 * `depth` elements for every id, of which one is `on`: none where the id is below 0 or not below depth. ids i32[...] →
 * [..., depth], f32 where nothing is said.
 * @throws DTypeError for ids that are not i32; ArgumentError for a depth that is not a whole number of 0 or more, and
 *   for options that there are not
 */
export function oneHot(ids: Tensor, depth: number, options: OneHotOptions = {}): Tensor {
  checkIds("oneHot", ids);
  const rules = { axis: number, on: number, off: number, dtype: { is: "a dtype", holds: isDType } };
  checkOptions("oneHot", options, rules);
  const { axis = -1, on = 1, off = 0, dtype = "f32" } = options;
  check("oneHot", "depth", depth, whole);
  const d = wholeAxis("oneHot", axis, ids, 1);
  const classes = arange(depth);
  const along = ids.shape.toSpliced(d, 0, depth).map((n, i) => (i === d ? n : 1));
  const isHit = equal(unsqueeze(ids, d), reshape(classes, along));
  return where(isHit, full([], on, dtype), full([], off, dtype));
}

function isDType(value: unknown): boolean {
  checkDTypeName("oneHot", value);
  return true;
}

function checkIds(caller: string, ids: Tensor): void {
  checkTensor(caller, ids, "ids");
  checkDType(caller, "ids", ids, ["i32"]);
}

function float(caller: string, x: Tensor, source: Tensor): void {
  checkDType(caller, "x", x, ["f32"]);
  checkTensor(caller, source, "source");
  checkDType(caller, "source", source, ["f32"]);
}

function checkSource(caller: string, x: Tensor, ids: Tensor, source: Tensor): void {
  checkTensor(caller, x);
  checkTensor(caller, ids, "ids");
  float(caller, x, source);
  if (source.shape.join() === ids.shape.join()) return;
  throw new ShapeError(
    `${caller}: source must have the shape of ids; got ids ${describe(ids.type)}, source ${describe(source.type)}. Slice or broadcast it.`,
  );
}

/** Ids of n elements counted from the front. */
function fromFront(x: Tensor, ids: Tensor, n: number, outside: number): Tensor {
  const counted = where(less(ids, 0), add(ids, n), ids);
  const isInside = and(greaterEqual(counted, 0), less(counted, n));
  return where(isInside, counted, outsideOf(x, outside));
}

/** The row that reads what an unknown id reads: behind all of them NaN, before all of them 0. */
function outsideOf(x: Tensor, rows: number): number {
  return x.dtype === "f32" ? rows : -1;
}

/** Places in all tables, of places in each; those that are outside stay so. */
function atPlaces(x: Tensor, own: Tensor, first: Tensor, rows: number): Tensor {
  const outside = outsideOf(x, rows);
  return where(equal(own, outside), outside, add(own, first));
}

/** Rows of a table of any dtype. */
function lookUp(table: Tensor, ids: Tensor): Tensor {
  if (table.dtype !== "bool") return apply("embedding", { table, ids }, {});
  return cast(apply("embedding", { table: cast(table, "i32"), ids }, {}), "bool");
}

/** Σ of the rows of `source` where `places` names them, [rows, size]. */
function summedAt(places: Tensor, source: Tensor, rows: number, size: number): Tensor {
  const ids = reshape(places, [places.size]);
  return apply("embeddingGrad", { ids, g: reshape(source, [places.size, size]) }, { rows });
}

/** bool[rows]: those that are named. */
function hits(places: Tensor, rows: number): Tensor {
  const counts = summedAt(places, full([places.size], 1), rows, 1);
  return reshape(cast(counts, "bool"), [rows]);
}

/** Where the elements that gather reads lie in x, for each of ids. */
function placesAlong(caller: string, x: Tensor, ids: Tensor, axis: number): Tensor {
  const d = wholeAxis(caller, axis, x);
  checkIds(caller, ids);
  const fits =
    ids.shape.length === x.shape.length &&
    ids.shape.every((n, i) => i === d || n <= (x.shape[i] ?? 0));
  if (!fits) {
    throw new ShapeError(
      `${caller}: ids must have x's rank, and at most its sizes along the other axes; got x ${describe(x.type)}, ids ${describe(ids.type)}, axis ${axis}. take looks up the same ids everywhere.`,
    );
  }
  const strides = x.shape.map((_, i) => sizeOf(x.shape.slice(i + 1)));
  const own = fromFront(x, ids, x.shape[d] ?? 0, x.size);
  const isOutside = equal(own, outsideOf(x, x.size));
  const first = ids.shape.reduce<Tensor>(
    (sum, n, i) => {
      if (i === d) return sum;
      const along = ids.shape.map((_, k) => (k === i ? n : 1));
      return add(sum, mul(reshape(arange(n), along), strides[i] ?? 1));
    },
    mul(own, strides[d] ?? 1),
  );
  return where(isOutside, outsideOf(x, x.size), first);
}

/** Blocks of x by ids [..., K]: where they lie, and x's sizes before and from dimension K on. */
function placesNd(caller: string, x: Tensor, ids: Tensor) {
  checkTensor(caller, x);
  checkIds(caller, ids);
  const depth = ids.shape.at(-1);
  if (depth === undefined || depth > x.shape.length) {
    throw new ShapeError(
      `${caller}: ids must be [..., K], K at most x's rank; got x ${describe(x.type)}, ids ${describe(ids.type)}. The last dimension of ids holds the indices of one block.`,
    );
  }
  const [outer, inner]: [Shape, Shape] = [x.shape.slice(0, depth), x.shape.slice(depth)];
  const [count, rows] = [sizeOf(ids.shape.slice(0, -1)), sizeOf(outer)];
  const apart = reshape(ids, [count, depth]);
  const outside = outsideOf(x, rows);
  let places = broadcastTo(full([], 0, "i32"), [count]);
  let isOutside = cast(places, "bool");
  outer.forEach((n, k) => {
    const index = reshape(slice(apart, [0, k], [count, 1]), [count]);
    const own = fromFront(x, index, n, n);
    isOutside = or(isOutside, equal(own, outsideOf(x, n)));
    places = add(places, mul(own, sizeOf(outer.slice(k + 1))));
  });
  return { places: where(isOutside, outside, places), outer, inner };
}
