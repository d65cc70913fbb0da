/** Tensors taken apart, put together and turned: nothing is computed. */

import { check, count, integer, isListOf, list, rule, shown, whole } from "../arguments.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import { checkSameDType } from "../ops/check.ts";
import type { Tensor } from "../runtime/tensor.ts";
import { describe, sizeOf } from "../tensor/shape.ts";
import { checkTensor, checkTensorList } from "./apply.ts";
import { axesInOrder, wholeAxis } from "./axes.ts";
import { cut } from "./cut.ts";
import { broadcastTo, concat, reshape, transpose, unsqueeze } from "./movement.ts";

/**
 * Tensors of one shape side by side along a new dimension `axis`. [...] each → [..., n, ...]; the axis is 0 where
 * nothing is said.
 * @throws ShapeError where shapes differ; DTypeError where dtypes do; ArgumentError for an empty list and an axis that
 *   there is not
 */
export function stack(xs: readonly Tensor[], axis = 0): Tensor {
  checkTensorList("stack", xs);
  const [first] = xs;
  if (first === undefined) {
    throw new ArgumentError(
      "stack: at least one tensor is needed; got an empty list. Leave stack out where there is nothing to join.",
    );
  }
  const other = xs.find((x) => x.shape.join() !== first.shape.join());
  if (other !== undefined) {
    throw new ShapeError(
      `stack: all must have one shape; got ${describe(first.type)}, ${describe(other.type)}. concat joins tensors of different lengths.`,
    );
  }
  for (const x of xs) checkSameDType("stack", first, x);
  const place = wholeAxis("stack", axis, first, 1);
  return concat(
    xs.map((x) => unsqueeze(x, place)),
    place,
  );
}

/**
 * The parts of x along `axis`, each without that dimension. The axis is 0 where nothing is said.
 * @throws ArgumentError for an axis that x does not have
 */
export function unstack(x: Tensor, axis = 0): Tensor[] {
  const d = wholeAxis("unstack", axis, x);
  const shape = x.shape.toSpliced(d, 1);
  return Array.from({ length: x.shape[d] ?? 0 }, (_, i) => reshape(cut(x, d, i, 1), shape));
}

/**
 * x in pieces along `axis`: so many of one size, where that goes, or of the sizes that are listed, of which one may be
 * −1 and is what is left. The axis is 0 where nothing is said.
 * @throws ShapeError where the pieces do not make up the axis; ArgumentError for an axis that x does not have, and for
 *   pieces that are neither a number nor sizes
 */
export function split(x: Tensor, pieces: number | readonly number[], axis = 0): Tensor[] {
  const d = wholeAxis("split", axis, x);
  let start = 0;
  return pieceSizes(x, d, pieces).map((size) => {
    start += size;
    return cut(x, d, start - size, size);
  });
}

function pieceSizes(x: Tensor, d: number, pieces: number | readonly number[]): readonly number[] {
  const n = x.shape[d] ?? 0;
  if (!Array.isArray(pieces)) {
    check("split", "pieces", pieces, PIECES);
    const parts = pieces as number;
    if (n % parts === 0 && parts <= Math.max(1, n))
      return Array.from({ length: parts }, () => n / parts);
    throw wrongPieces(x, d, pieces, "List the sizes of pieces that differ.");
  }
  check("split", "pieces", pieces, SIZES);
  const known = pieces.reduce((sum: number, size: number) => (size < 0 ? sum : sum + size), 0);
  const sizes = pieces.map((size: number) => (size < 0 ? n - known : size));
  const total = sizes.reduce((a: number, b: number) => a + b, 0);
  if (total === n && sizes.every((size: number) => size >= 0)) return sizes;
  throw wrongPieces(x, d, pieces, "One of them may be -1, which is what is left.");
}

function wrongPieces(x: Tensor, d: number, pieces: unknown, remedy: string): ShapeError {
  return new ShapeError(
    `split: the pieces must make up the axis; got ${shown(pieces)} for axis ${d} of ${describe(x.type)}. ${remedy}`,
  );
}

const PIECES = rule("a number of pieces of 1 or more, or a list of sizes", count.holds);
const SIZES = rule(
  "a number of pieces, or a list of sizes, of which one may be -1",
  (value) =>
    isListOf(value, (size) => size === -1 || whole.holds(size)) &&
    value.filter((size) => size === -1).length <= 1,
);

/**
 * x with its elements moved on along `axis` by `shift` places; what leaves at one end comes in at the other. A negative
 * shift moves towards the front; the axis is the last one where nothing is said. Several axes have a shift each:
 * `roll(x, [-2, -2], [1, 2])`.
 * @throws ArgumentError for an axis that x does not have or that is named twice, for a shift that is not whole, and for
 *   lists that are not of one length
 */
export function roll(
  x: Tensor,
  shift: number | readonly number[],
  axis: number | readonly number[] = -1,
): Tensor {
  const axes = axesInOrder("roll", Array.isArray(axis) ? axis : [axis], x);
  const shifts = Array.isArray(shift) ? Array.from<number>(shift) : [shift as number];
  for (const one of shifts) check("roll", "the shift", one, integer);
  if (shifts.length !== axes.length) {
    throw new ArgumentError(
      `roll: every axis must have a shift of its own; got shift ${shown(shift)}, axis ${shown(axis)}. Write roll(x, [1, 1], [0, 1]).`,
    );
  }
  return axes.reduce((rolled, d, i) => rolledAlong(rolled, d, shifts[i] ?? 0), x);
}

function rolledAlong(x: Tensor, d: number, shift: number): Tensor {
  const n = x.shape[d] ?? 0;
  const start = n === 0 ? 0 : (n - (shift % n)) % n;
  return start === 0 ? x : concat([cut(x, d, start, n - start), cut(x, d, 0, start)], d);
}

/**
 * x again and again: `repeats[d]` times along dimension d; more repeats than dimensions make new ones in front.
 * @throws ArgumentError for repeats that are not whole numbers of 0 or more
 */
export function tile(x: Tensor, repeats: readonly number[]): Tensor {
  checkTensor("tile", x);
  check("tile", "repeats", repeats, list);
  for (const one of repeats) check("tile", "every one of repeats", one, whole, "0 leaves nothing.");
  const rank = Math.max(repeats.length, x.shape.length);
  const before = (from: readonly number[]) => [...Array(rank - from.length).fill(1), ...from];
  const [sizes, times] = [before(x.shape), before(repeats)];
  const apart = reshape(
    x,
    sizes.flatMap((n) => [1, n]),
  );
  const spread = broadcastTo(
    apart,
    sizes.flatMap((n, d) => [times[d] ?? 1, n]),
  );
  return reshape(
    spread,
    sizes.map((n, d) => n * (times[d] ?? 1)),
  );
}

/**
 * Every element along `axis` `times` times, one beside the other. [..., n, ...] → [..., n · times, ...].
 * @throws ArgumentError for an axis that x does not have, and for times that are not a whole number of 0 or more
 */
export function repeat(x: Tensor, times: number, axis = -1): Tensor {
  const d = wholeAxis("repeat", axis, x);
  check("repeat", "the number of times", times, whole);
  const spread = broadcastTo(unsqueeze(x, d + 1), x.shape.toSpliced(d + 1, 0, times));
  return reshape(spread, x.shape.with(d, (x.shape[d] ?? 0) * times));
}

/**
 * x with dimension `from` at the place `to`; the others keep their order. Negative ones count from the end.
 * @throws ArgumentError for an axis that x does not have
 */
export function moveAxis(x: Tensor, from: number, to: number): Tensor {
  const [source, target] = [wholeAxis("moveAxis", from, x), wholeAxis("moveAxis", to, x)];
  const others = x.shape.map((_, d) => d).toSpliced(source, 1);
  return transpose(x, others.toSpliced(target, 0, source));
}

/**
 * x with two dimensions exchanged. Negative ones count from the end.
 * @throws ArgumentError for an axis that x does not have
 */
export function swapAxes(x: Tensor, first: number, second: number): Tensor {
  const [a, b] = [wholeAxis("swapAxes", first, x), wholeAxis("swapAxes", second, x)];
  return transpose(
    x,
    x.shape.map((_, d) => (d === a ? b : d === b ? a : d)),
  );
}

/**
 * The elements of x, all in one dimension, or those from dimension `from` to dimension `to`. A single number becomes
 * [1].
 * @throws ArgumentError for a dimension that x does not have, and where `from` is behind `to`
 */
export function flatten(x: Tensor, from = 0, to = -1): Tensor {
  checkTensor("flatten", x);
  if (x.shape.length === 0) return reshape(x, [1]);
  const [first, last] = [wholeAxis("flatten", from, x), wholeAxis("flatten", to, x)];
  if (last < first) {
    throw new ArgumentError(
      `flatten: the first dimension must not be behind the last; got ${shown(from)} and ${shown(to)} for ${describe(x.type)}. Exchange them.`,
    );
  }
  const size = sizeOf(x.shape.slice(first, last + 1));
  return reshape(x, x.shape.toSpliced(first, last + 1 - first, size));
}

/**
 * Blocks of `size` × `size` cells that lie in the channels, side by side: [N, H, W, C · size²] → [N, H · size, W · size, C].
 * Channels are cell by cell, as TensorFlow's depthToSpace has them; pixelShuffle has PyTorch's. Shi et al. 2016.
 * @throws ShapeError unless x has four dimensions and size² divides the channels; ArgumentError for a size that is not
 *   a whole number of 1 or more
 */
export function depthToSpace(x: Tensor, size: number): Tensor {
  const [n, h, w, c] = blocksOf("depthToSpace", x, size);
  const apart = reshape(x, [n, h, w, size, size, c]);
  return reshape(transpose(apart, [0, 1, 3, 2, 4, 5]), [n, h * size, w * size, c]);
}

/**
 * As depthToSpace, [N, H, W, C · size²] → [N, H · size, W · size, C], with the cells of one channel side by side, as those of
 * torch.nn.PixelShuffle: channel (c · size + i) · size + j is row i and column j of channel c.
 * @throws ShapeError unless x has four dimensions and size² divides the channels; ArgumentError for a size that is not
 *   a whole number of 1 or more
 */
export function pixelShuffle(x: Tensor, size: number): Tensor {
  const [n, h, w, c] = blocksOf("pixelShuffle", x, size);
  const apart = reshape(x, [n, h, w, c, size, size]);
  return reshape(transpose(apart, [0, 1, 4, 2, 5, 3]), [n, h * size, w * size, c]);
}

function blocksOf(caller: string, x: Tensor, size: number): [number, number, number, number] {
  const [n, h, w, c] = imagesOf(caller, x, size);
  if (c % size ** 2 === 0) return [n, h, w, c / size ** 2];
  throw new ShapeError(
    `${caller}: size² must divide the channels; got ${describe(x.type)}, size ${size}. Images are [N, H, W, C].`,
  );
}

/**
 * The inverse of depthToSpace: [N, H, W, C] → [N, H / size, W / size, C · size²].
 * @throws ShapeError unless x has four dimensions and `size` divides rows and columns; ArgumentError for a size that is
 *   not a whole number of 1 or more
 */
export function spaceToDepth(x: Tensor, size: number): Tensor {
  const [n, h, w, c] = imagesOf("spaceToDepth", x, size);
  if (h % size !== 0 || w % size !== 0) {
    throw new ShapeError(
      `spaceToDepth: size must divide rows and columns; got ${describe(x.type)}, size ${size}. Images are [N, H, W, C].`,
    );
  }
  const apart = reshape(x, [n, h / size, size, w / size, size, c]);
  return reshape(transpose(apart, [0, 1, 3, 2, 4, 5]), [n, h / size, w / size, c * size ** 2]);
}

function imagesOf(caller: string, x: Tensor, size: number): [number, number, number, number] {
  checkTensor(caller, x);
  check(caller, "size", size, count);
  const [n, h, w, c] = x.shape;
  if (
    n === undefined ||
    h === undefined ||
    w === undefined ||
    c === undefined ||
    x.shape.length > 4
  )
    throw new ShapeError(
      `${caller}: the input must be images [N, H, W, C]; got ${describe(x.type)}. Reshape it; a grey image has C = 1.`,
    );
  return [n, h, w, c];
}
