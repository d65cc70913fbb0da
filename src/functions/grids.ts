/** Tensors that a formula gives: ranges, grids, diagonals and triangles. */
import { check, finite, integer, rule, whole } from "../arguments.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import type { Tensor } from "../runtime/tensor.ts";
import { checkDTypeName, type DType } from "../tensor/dtype.ts";
import { describe } from "../tensor/shape.ts";
import { checkTensor, checkTensorList } from "./apply.ts";
import { axesInOrder } from "./axes.ts";
import { arange, zeros } from "./creation.ts";
import { add, cast, equal, greaterEqual, lessEqual, mul, sub, where } from "./elementwise.ts";
import { broadcastTo, pad, reshape, slice, transpose } from "./movement.ts";

/**
 * start, start + step, … up to `end`, which is not among them. i32 of whole numbers, f32 of others, or as is said.
 * @throws ArgumentError for numbers that are not finite and a step of 0; DTypeError for a dtype that does not count
 */
export function range(start: number, end: number, step = 1, dtype?: DType): Tensor {
  check("range", "start", start, finite);
  check("range", "end", end, finite);
  check("range", "step", step, finite);
  if (step === 0) {
    throw new ArgumentError("range: the step must not be 0; got 0. full() repeats a number.");
  }
  if (dtype !== undefined) checkDTypeName("range", dtype);
  const length = Math.max(0, Math.ceil((end - start) / step));
  const own = dtype ?? ([start, step].every(Number.isInteger) ? "i32" : "f32");
  return add(mul(arange(length, own), step), start);
}

/**
 * `length` numbers from `start` to `end`, both among them, at equal distances; f32. [length].
 * @throws ArgumentError for ends that are not finite and a length that is not a whole number of 0 or more
 */
export function linspace(start: number, end: number, length: number): Tensor {
  check("linspace", "start", start, finite);
  check("linspace", "end", end, finite);
  check("linspace", "the length", length, whole);
  const i = arange(length, "f32");
  // Each half from its own end, so that both ends are exact.
  const step = length > 1 ? (end - start) / (length - 1) : 0;
  const back = add(mul(sub(i, length - 1), step), end);
  return where(lessEqual(i, (length - 1) / 2), add(mul(i, step), start), back);
}

/**
 * [rows, columns] with 1 on the diagonal; square where columns are not given. f32 where nothing is said.
 * @throws ArgumentError for sizes that are not whole numbers of 0 or more; DTypeError for a dtype that there is not
 */
export function eye(rows: number, columns = rows, dtype: DType = "f32"): Tensor {
  check("eye", "rows", rows, whole);
  check("eye", "columns", columns, whole);
  checkDTypeName("eye", dtype);
  return cast(
    equal(reshape(arange(rows), [rows, 1]), reshape(arange(columns), [1, columns])),
    dtype,
  );
}

/**
 * The matrices of x [..., M, N] with zeros above diagonal `k`, 0 the main one, positive ones above it. `k` is 0 where
 * nothing is said.
 * @throws ShapeError unless x has two dimensions or more; ArgumentError for a k that is not whole
 */
export function tril(x: Tensor, k = 0): Tensor {
  return triangle("tril", x, k, greaterEqual);
}

/**
 * The matrices of x [..., M, N] with zeros below diagonal `k`. `k` is 0 where nothing is said.
 * @throws ShapeError unless x has two dimensions or more; ArgumentError for a k that is not whole
 */
export function triu(x: Tensor, k = 0): Tensor {
  return triangle("triu", x, k, lessEqual);
}

function triangle(
  caller: string,
  x: Tensor,
  k: number,
  isKept: (row: Tensor, column: Tensor) => Tensor,
): Tensor {
  checkTensor(caller, x);
  check(caller, "the diagonal", k, integer);
  const [rows, columns] = x.shape.slice(-2);
  if (rows === undefined || columns === undefined) {
    throw new ShapeError(
      `${caller}: x must be matrices [..., M, N]; got ${describe(x.type)}. Reshape it.`,
    );
  }
  const row = reshape(add(arange(rows), k), [rows, 1]);
  const kept = isKept(row, reshape(arange(columns), [1, columns]));
  return where(kept, x, zeros([], x.dtype));
}

/**
 * The elements of x whose indices along two dimensions, the last two where nothing is said, differ by `k` (the second
 * is larger), as a new last dimension. `k` is 0 where nothing is said.
 * @throws ArgumentError for a k that is not whole, and for axes that are not two different ones of x
 */
export function diagonal(x: Tensor, k = 0, axes: readonly [number, number] = [-2, -1]): Tensor {
  checkTensor("diagonal", x);
  check("diagonal", "k", k, integer);
  check("diagonal", "axes", axes, PAIR);
  const [first = 0, second = 1] = axesInOrder("diagonal", axes, x);
  const others = x.shape.flatMap((_, d) => (d === first || d === second ? [] : [d]));
  const shape = others.map((d) => x.shape[d] ?? 1);
  const last = transpose(x, [...others, first, second]);
  const [above, left] = k < 0 ? [-k, 0] : [0, k];
  const length = Math.max(
    0,
    Math.min((x.shape[first] ?? 0) - above, (x.shape[second] ?? 0) - left),
  );
  const none = shape.map(() => 0);
  if (length === 0) return zeros([...shape, 0], x.dtype);
  const square = slice(last, [...none, above, left], [...shape, length, length]);
  // In rows that are one longer than the matrix's, each begins one element further along: the diagonal is a column.
  const flat = pad(reshape(square, [...shape, length ** 2]), [
    ...shape.map(() => [0, 0] as const),
    [0, length],
  ]);
  const rows = reshape(flat, [...shape, length, length + 1]);
  return reshape(slice(rows, [...none, 0, 0], [...shape, length, 1]), [...shape, length]);
}

const PAIR = rule("a list of two axes", (value) => Array.isArray(value) && value.length === 2);

/**
 * Vectors x [..., N] on the diagonals of matrices [..., N, N].
 * @throws ShapeError for a single number; ArgumentError for what is no tensor
 */
export function diag(x: Tensor): Tensor {
  checkTensor("diag", x);
  const n = x.shape.at(-1);
  if (n === undefined) {
    throw new ShapeError("diag: x must have a dimension; got a single number. Reshape it.");
  }
  return where(eye(n, n, "bool"), reshape(x, [...x.shape, 1]), zeros([], x.dtype));
}

/**
 * For vectors of lengths N₀, N₁, …: each as a tensor [N₀, N₁, …] that varies along its own dimension. NumPy's "ij".
 * @throws ShapeError for what is no vector; ArgumentError for what is no tensor
 */
export function meshgrid(...xs: readonly Tensor[]): Tensor[] {
  checkTensorList("meshgrid", xs);
  const wrong = xs.find(({ shape }) => shape.length !== 1);
  if (wrong !== undefined) {
    throw new ShapeError(
      `meshgrid: every x must be a vector; got ${describe(wrong.type)}. Reshape it to [N].`,
    );
  }
  const shape = xs.map(({ size }) => size);
  return xs.map((x, d) =>
    broadcastTo(
      reshape(
        x,
        shape.map((n, i) => (i === d ? n : 1)),
      ),
      shape,
    ),
  );
}
