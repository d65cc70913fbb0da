import { check, checkOptions, number, oneOf } from "../arguments.ts";
import { ShapeError } from "../errors.ts";
import type { Tensor } from "../runtime/tensor.ts";
import { describe } from "../tensor/shape.ts";
import { checkInput } from "./apply.ts";
import { arange, full } from "./creation.ts";
import {
  abs,
  add,
  and,
  cast,
  equal,
  floor,
  greaterEqual,
  lessEqual,
  mul,
  relu,
  sub,
  where,
} from "./elementwise.ts";
import { take } from "./gather.ts";
import { matmul } from "./matmul.ts";
import { reshape, slice } from "./movement.ts";
import { IMAGE_SIZE } from "./resize.ts";

/** How elements between pixels are made, and what lies outside. */
export interface CropAndResizeOptions {
  /** "nearest": the nearest element; "bilinear": between four of them. "bilinear". */
  readonly mode?: "nearest" | "bilinear";
  /** What stands where a box reaches out of its image; 0. */
  readonly fill?: number;
}

/**
 * Boxes of images, each in the same size: x [N, H, W, C], boxes f32[M, 4], images i32[M], which image each box is of →
 * [M, …size, C]. A box is [y₁, x₁, y₂, x₂] in shares of the image, 0 its first row and 1 its last; row i of the result lies
 * at y₁ (H − 1) + i (y₂ − y₁)(H − 1) / (rows − 1), in the middle where there is one row. As TensorFlow's crop_and_resize; a
 * box with y₂ < y₁ is upside down. Gradients reach the images, and by "bilinear" the boxes (He et al. 2017).
 * @throws ShapeError where x, boxes or images have another form; DTypeError unless they are f32, f32 and i32;
 *   ArgumentError for a size that is not two whole numbers, and for options that there are not
 */
export function cropAndResize(
  x: Tensor,
  boxes: Tensor,
  images: Tensor,
  size: readonly [number, number],
  options: CropAndResizeOptions = {},
): Tensor {
  const name = "cropAndResize";
  for (const [own, given, layout] of [
    ["x", x, "[N, H, W, C]"],
    ["boxes", boxes, "[M, 4]"],
    ["images", images, "[M]"],
  ] as const) {
    checkInput(name, own, given, layout, own === "images" ? "i32" : "f32");
  }
  check(name, "the size", size, IMAGE_SIZE);
  checkOptions(name, options, { mode: oneOf("nearest", "bilinear"), fill: number });
  const { mode = "bilinear", fill = 0 } = options;
  const [, H = 0, W = 0, C = 0] = x.shape;
  const [M = 0, corners] = boxes.shape;
  if (corners !== 4 || images.shape[0] !== M) {
    throw new ShapeError(
      `${name}: there must be four corners and an image for every box, [M, 4] and [M]; got boxes ${describe(boxes.type)}, images ${describe(images.type)}. A box is [y1, x1, y2, x2], its image an index of x.`,
    );
  }
  const corner = (at: number) => slice(boxes, [0, at], [M, 1]);
  const rows = samplesOf(corner(0), corner(2), H, size[0], mode);
  const columns = samplesOf(corner(1), corner(3), W, size[1], mode);
  const own = reshape(take(x, images, 0), [M, H, W * C]);
  const tall = reshape(matmul(rows.weights, own), [M, size[0], W, C]);
  const y = matmul(reshape(columns.weights, [M, 1, size[1], W]), tall);
  const isInside = and(
    reshape(rows.areInside, [M, size[0], 1, 1]),
    reshape(columns.areInside, [M, 1, size[1], 1]),
  );
  return where(isInside, y, full([], fill));
}

/** Where `count` samples between two shares of n elements lie: the weight of each element, and which lie within. */
function samplesOf(
  first: Tensor,
  last: Tensor,
  n: number,
  count: number,
  mode: "nearest" | "bilinear",
) {
  const ends = mul(count > 1 ? first : mul(add(first, last), 0.5), n - 1);
  const along = mul(sub(last, first), (n - 1) / Math.max(1, count - 1));
  const at = count > 1 ? add(ends, mul(along, arange(count, "f32"))) : ends;
  const places = reshape(at, [...at.shape, 1]);
  const weights =
    mode === "nearest"
      ? cast(equal(floor(add(places, 0.5)), arange(n, "f32")), "f32")
      : relu(sub(1, abs(sub(places, arange(n, "f32")))));
  return { weights, areInside: and(greaterEqual(at, 0), lessEqual(at, n - 1)) };
}
