import { check, checkOptions, count, finite, isListOf, rule, whole } from "../../arguments.ts";
import { ShapeError } from "../../errors.ts";
import {
  add,
  arange,
  cast,
  describe,
  floor,
  mul,
  padAs,
  reshape,
  slice,
  type Tensor,
  take,
} from "../../functions.ts";
import type { Module } from "../module.ts";
import { augmentation, draw } from "./pictures.ts";

/** What lies around a picture that is cropped. */
export interface CropOptions {
  /** Pixels of `fill` that are put around a picture first, while training; 0. */
  readonly padding?: number;
  /** What is there; 0. */
  readonly fill?: number;
}

const SIZE = rule("[rows, columns], whole numbers of 1 or more", (value) =>
  isListOf(value, count.holds, 2),
);

/**
 * While training, a part of `size` [rows, columns] from a place of chance in each picture of x f32[N, H, W, C]; after
 * `eval()` the one in the middle. With 28 × 28 pixels, `nn.randomCrop([28, 28], { padding: 2 })` moves by up to 2.
 * @throws ShapeError where pictures are smaller than that; ArgumentError for sizes and options that break their rules
 */
export function randomCrop(
  size: readonly [rows: number, columns: number],
  options: CropOptions = {},
): Module {
  check("randomCrop", "the size", size, SIZE);
  checkOptions<CropOptions>("randomCrop", options, { padding: whole, fill: finite });
  const { padding = 0, fill = 0 } = options;
  const [rows, columns] = size;
  return augmentation(
    ["randomCrop", size, options],
    `${rows} × ${columns}, padding ${padding}`,
    (given) => {
      const around = [padding, padding] as const;
      const x =
        padding === 0 ? given : padAs(given, [[0, 0], around, around, [0, 0]], { value: fill });
      const [n = 0, h = 0, w = 0, c = 0] = checked(x, rows, columns).shape;
      // The largest number below 1 times k is no k in f32 either.
      const start = (room: number) => cast(floor(mul(draw(x, 3), room + 1)), "i32");
      const y = add(reshape(arange(rows), [1, rows, 1]), start(h - rows));
      const z = add(reshape(arange(columns), [1, 1, columns]), start(w - columns));
      const first = mul(reshape(arange(n), [n, 1, 1]), h * w);
      return take(reshape(x, [n * h * w, c]), add(first, add(mul(y, w), z)));
    },
    (x) => {
      const [n = 0, h = 0, w = 0, c = 0] = checked(x, rows, columns).shape;
      const from = [0, Math.floor((h - rows) / 2), Math.floor((w - columns) / 2), 0];
      return slice(x, from, [n, rows, columns, c]);
    },
  );
}

function checked(x: Tensor, rows: number, columns: number): Tensor {
  const [, h = 0, w = 0] = x.shape;
  if (rows <= h && columns <= w) return x;
  throw new ShapeError(
    `randomCrop: the part must be no larger than the pictures; got ${rows} × ${columns} of ${describe(x.type)}. Take a smaller one, or padding while training.`,
  );
}
