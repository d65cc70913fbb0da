import {
  checkOptions,
  isListOf,
  notNegative,
  positive,
  probability,
  rule,
} from "../../arguments.ts";
import {
  add,
  arange,
  cast,
  cos,
  div,
  exp,
  mul,
  reshape,
  sin,
  sub,
  type Tensor,
} from "../../functions.ts";
import type { Module } from "../module.ts";
import { augmentation, draw } from "./pictures.ts";
import { type Fill, sampled } from "./sample.ts";

/** How far pictures may be moved, turned and scaled. */
export interface AffineOptions {
  /** Up to which share of height and width a picture is moved in each direction: one number, or [rows, columns]. 0. */
  readonly shift?: number | readonly [rows: number, columns: number];
  /** Up to how many degrees it is turned about its centre, to either side; 0. */
  readonly rotate?: number;
  /** How many times as large it becomes, from the least to the most, as likely larger as smaller: [0.8, 1.25]. [1, 1]. */
  readonly scale?: readonly [least: number, most: number];
  /** What comes in from outside: a number, or "edge" for what is nearest; 0. */
  readonly fill?: Fill;
}

const isSize = (n: unknown) => positive.holds(n) && Number.isFinite(n);
const SHIFT = rule(
  "a number from 0 to 1, or [rows, columns]",
  (value) => probability.holds(value) || isListOf(value, probability.holds, 2),
);
const SCALE = rule(
  "[least, most], finite numbers above 0",
  (value) => isListOf(value, isSize, 2) && Number(value[0]) <= Number(value[1]),
);
const FILL = rule(
  'a finite number, or "edge"',
  (value) => value === "edge" || Number.isFinite(value),
);

/**
 * While training, each picture of x f32[N, H, W, C] moved, turned about its centre and made larger or smaller by chance,
 * in one bilinear sampling, so that nothing is blurred twice. As torchvision's RandomAffine and Keras'
 * RandomTranslation, RandomRotation and RandomZoom, all evenly distributed, the scale in its logarithm.
 * @throws ArgumentError for options that break their rules; where it is called, ShapeError unless x is images,
 *   DTypeError unless it is f32
 */
export function randomAffine(options: AffineOptions = {}): Module {
  checkOptions<AffineOptions>("randomAffine", options, {
    shift: SHIFT,
    rotate: notNegative,
    scale: SCALE,
    fill: FILL,
  });
  const { shift = 0, rotate = 0, scale = [1, 1], fill = 0 } = options;
  const [down, right] = typeof shift === "number" ? [shift, shift] : shift;
  const description = `shift ${down}, ${right}, rotate ${rotate}, scale ${scale.join(" to ")}`;
  return augmentation(["randomAffine", options], description, (x) => {
    const [, h = 0, w = 0] = x.shape;
    const angle = between(x, (-rotate * Math.PI) / 180, (rotate * Math.PI) / 180);
    const size = exp(between(x, Math.log(scale[0]), Math.log(scale[1])));
    const y = sub(fromCentre(h, [1, h, 1]), between(x, -down * h, down * h));
    const z = sub(fromCentre(w, [1, 1, w]), between(x, -right * w, right * w));
    // The place in x that comes to (y, z): turned back, and made smaller again.
    const [c, s] = [div(cos(angle), size), div(sin(angle), size)];
    const rows = add(sub(mul(c, y), mul(s, z)), (h - 1) / 2);
    const columns = add(add(mul(s, y), mul(c, z)), (w - 1) / 2);
    return sampled(x, rows, columns, fill);
  });
}

/** A number from a to b for each picture, [N, 1, 1]. */
function between(x: Tensor, a: number, b: number): Tensor {
  return add(mul(draw(x, 3), b - a), a);
}

function fromCentre(n: number, shape: readonly number[]): Tensor {
  return sub(reshape(cast(arange(n), "f32"), shape), (n - 1) / 2);
}
