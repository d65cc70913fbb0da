/** How convolutions and pooling move over images, in ONNX's attributes. */
import type { Conv2dOptions } from "../../functions.ts";
import type { Attribute } from "./encode.ts";

type PaddingOption = NonNullable<Conv2dOptions["padding"]>;
type Pair = number | readonly [number, number];

export interface WindowOptions {
  readonly stride?: Pair;
  readonly padding?: PaddingOption;
  readonly dilation?: Pair;
}

const pair = (size: Pair) => (typeof size === "number" ? [size, size] : [...size]);

/** Undefined where ONNX cannot say it: "same" with strides and dilations depends on the image's size. */
export function windowAttributes(
  kernel: Pair,
  stride: Pair,
  { padding = "valid", dilation = 1 }: WindowOptions,
): Readonly<Record<string, Attribute>> | undefined {
  const [sizes, strides, dilations] = [pair(kernel), pair(stride), pair(dilation)];
  const common = { kernel_shape: sizes, strides, dilations };
  if (padding !== "same") {
    const [rows, columns] = sidesOf(padding);
    return { ...common, pads: [rows[0], columns[0], rows[1], columns[1]] };
  }
  if (strides.every((one) => one === 1)) {
    // What is odd goes behind.
    const total = sizes.map((size, i) => (dilations[i] ?? 1) * (size - 1));
    const before = total.map((all) => Math.floor(all / 2));
    const after = total.map((all) => Math.ceil(all / 2));
    return { ...common, pads: [...before, ...after] };
  }
  if (dilations.some((one) => one !== 1)) return undefined;
  return { kernel_shape: sizes, strides, auto_pad: "SAME_UPPER" };
}

type Sides = readonly [before: number, after: number];

function sidesOf(padding: Exclude<PaddingOption, "same">): readonly [Sides, Sides] {
  if (padding === "valid") return sidesOf(0);
  const [rows, columns] = typeof padding === "number" ? [padding, padding] : padding;
  const both = (side: number | Sides): Sides => (typeof side === "number" ? [side, side] : side);
  return [both(rows), both(columns)];
}
