/** Images in another size. Rows and columns are made one after the other, of those below and above them. */
import { check, checkOptions, isListOf, oneOf, rule } from "../arguments.ts";
import { ShapeError } from "../errors.ts";
import { arithmetic } from "../ops/arithmetic.ts";
import type { Emit, Value } from "../ops/op.ts";
import { isOf } from "../ops/window.ts";
import type { Tensor } from "../runtime/tensor.ts";
import { describe, sizeOf } from "../tensor/shape.ts";
import { apply, checkInput } from "./apply.ts";
import { repeat } from "./arrange.ts";
import { tensor } from "./creation.ts";
import { add, mul } from "./elementwise.ts";
import { take } from "./gather.ts";

/** How elements between pixels are made. */
export interface ResizeOptions {
  /** "nearest": the element below; "bilinear": between the two, in both directions. "nearest". */
  readonly mode?: "nearest" | "bilinear";
  /**
   * Where element i of the result lies in x. "halfPixel": (i + ½) · H / OH − ½, "alignCorners": i · (H − 1) / (OH − 1),
   * "asymmetric": i · H / OH. As in PyTorch "halfPixel" for bilinear, "asymmetric" for nearest. Nearest is, between two
   * elements, the closer one with "alignCorners", the one before with "asymmetric", and ⌊(i + ½) · H / OH⌋ with "halfPixel",
   * PyTorch's "nearest-exact". upsample2d has 1 / scale in the place of H / OH.
   */
  readonly coordinates?: "halfPixel" | "alignCorners" | "asymmetric";
}

/**
 * x [N, H, W, C] as images of `size`, [OH, OW]. f32.
 * @throws ShapeError unless x has four dimensions, and where it has no pixels; DTypeError unless it is f32;
 *   ArgumentError for a size that is not two whole numbers, and for options that there are not
 */
export function resize(
  x: Tensor,
  size: readonly [number, number],
  options: ResizeOptions = {},
): Tensor {
  return resized("resize", x, size, options);
}

/**
 * x [N, H, W, C] with so many times as many rows and columns, as torch.nn.Upsample. f32: [N, H, W, C] → [N, ⌊H · rows⌋,
 * ⌊W · columns⌋, C].
 * @throws ShapeError unless x has four dimensions, and where it has no pixels; DTypeError unless it is f32;
 *   ArgumentError for a scale that is not above 0, and for options that there are not
 */
export function upsample2d(
  x: Tensor,
  scale: number | readonly [number, number],
  options: ResizeOptions = {},
): Tensor {
  checkPictures("upsample2d", x);
  check("upsample2d", "the scale", scale, SCALE);
  const [rows, columns] = typeof scale === "number" ? [scale, scale] : scale;
  const [, h = 0, w = 0] = x.shape;
  const size = [Math.floor(h * rows), Math.floor(w * columns)] as const;
  return resized("upsample2d", x, size, options, [rows, columns]);
}

const above0 = (n: unknown) => typeof n === "number" && n > 0 && n < Number.POSITIVE_INFINITY;
export const SCALE = rule(
  "a number above 0, or [rows, columns]",
  (value) => above0(value) || isListOf(value, above0, 2),
);
export const IMAGE_SIZE = rule(
  "[rows, columns], whole numbers of 1 or more, at most 2^20",
  (value) => isListOf(value, isOf(1), 2),
);

/** @throws ArgumentError for options of resizing that are none */
export function checkResize(caller: string, options: ResizeOptions): void {
  const coordinates = oneOf("halfPixel", "alignCorners", "asymmetric");
  checkOptions(caller, options, { mode: oneOf("nearest", "bilinear"), coordinates });
}

function checkPictures(caller: string, x: Tensor): void {
  checkInput(caller, "x", x, "[N, H, W, C]");
  const [, rows, columns] = x.shape;
  if (rows !== 0 && columns !== 0) return;
  throw new ShapeError(
    `${caller}: images must have rows and columns; got ${describe(x.type)}. There is nothing to make pixels of.`,
  );
}

function resized(
  caller: string,
  x: Tensor,
  size: readonly [number, number],
  options: ResizeOptions,
  scales?: readonly [number, number],
): Tensor {
  checkPictures(caller, x);
  check(caller, "the size", size, IMAGE_SIZE);
  checkResize(caller, options);
  const { mode = "nearest" } = options;
  const own = options.coordinates ?? (mode === "nearest" ? "asymmetric" : "halfPixel");
  return size.reduce((y: Tensor, n, i) => along(y, i + 1, n, mode, own, scales?.[i]), x);
}

/** Elements of a dimension up to which its gradient is a product. */
const MOST_SHARES = 256;

/** Dimension d of x with `size` elements. They are `scale` times as close to each other, which a size is rounded from. */

function along(
  x: Tensor,
  d: 1 | 2 | number,
  size: number,
  mode: "nearest" | "bilinear",
  coordinates: "halfPixel" | "alignCorners" | "asymmetric",
  scale?: number,
): Tensor {
  const n = x.shape[d] ?? 0;
  const at = (i: number) => (scale === undefined ? (i * n) / size : i / scale);
  const place = (i: number) => {
    if (coordinates === "alignCorners") return size > 1 ? (i * (n - 1)) / (size - 1) : 0;
    return coordinates === "halfPixel" ? at(i + 0.5) - 0.5 : at(i);
  };
  if (mode === "nearest") {
    const times = scale ?? size / n;
    if (Number.isInteger(times) && coordinates !== "alignCorners") return repeat(x, times, d);
    // What is half way goes up, and halfPixel's centres are moved back onto the cells that they lie in.
    const up = coordinates === "asymmetric" ? 0 : 0.5;
    const ids = Int32Array.from({ length: size }, (_, i) =>
      Math.min(n - 1, Math.floor(place(i) + up)),
    );
    return take(x, tensor(ids), d);
  }
  const places = Array.from({ length: size }, (_, i) => {
    const inside = Math.min(n - 1, Math.max(0, place(i)));
    const below = Math.floor(inside);
    const share = inside - below;
    // What has no share is not read: it may be infinite.
    return { below, share, above: share > 0 ? below + 1 : below };
  });
  const read = (ids: readonly number[], shares: readonly number[]) =>
    mul(
      take(x, tensor(Int32Array.from(ids)), d),
      tensor(
        Float32Array.from(shares),
        x.shape.map((_, i) => (i === d ? size : 1)),
      ),
    );
  const y = add(
    read(
      places.map(({ below }) => below),
      places.map(({ share }) => 1 - share),
    ),
    read(
      places.map(({ above }) => above),
      places.map(({ share }) => share),
    ),
  );
  // Along a longer one the matrix is all zeros but for two numbers in hundreds.
  if (n > MOST_SHARES) return y;
  const name = `resize ${d} ${size} of ${n}, ${coordinates} ${scale ?? ""}`;
  return apply("withGradient", { x: y, of: [x] }, { rule: { name, gradient } });

  /** A product with the matrix of all shares: adding up what was read again and again would be a scatter. */
  function gradient(emit: Emit, _: Value, g: Value): readonly Value[] {
    const m = arithmetic(emit);
    const weights = new Float32Array(size * n);
    places.forEach(({ below, share, above }, i) => {
      weights[i * n + above] = share;
      weights[i * n + below] = 1 - share;
    });
    const { shape } = g.type;
    const outer = sizeOf(shape.slice(0, d));
    const rows = m.reshape(g, [outer, size, sizeOf(shape.slice(d + 1))]);
    const a = tensor(weights, [size, n]).value;
    const attrs = { transposeA: true, transposeB: false };
    return [m.reshape(emit("matmul", { a, b: rows }, attrs).out, shape.with(d, n))];
  }
}
