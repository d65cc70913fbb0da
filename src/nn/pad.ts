import { check, isListOf, rule, whole } from "../arguments.ts";
import { ShapeError } from "../errors.ts";
import { describe, type Padding, type PadOptions, padAs, type Tensor } from "../functions.ts";
import { checkPadOptions, checkTensor } from "../internals.ts";
import { module } from "./define.ts";
import type { Module } from "./module.ts";

/**
 * Lines with something around them: x [N, L, C] → [N, before + L + behind, C]. `padding` is a number for both ends, or both by
 * themselves; mode "constant" puts `value` there, 0 where nothing is said, "reflect", "replicate" and "circular" what lies
 * within: torch.nn.ConstantPad1d, ReflectionPad1d, ReplicationPad1d.
 * @throws ArgumentError for padding that is no whole number of 0 or more, and for options that there are not; where it is
 *   called, ShapeError for x of another form, and ArgumentError where a reflection is longer than x
 */
export function pad1d(padding: number | Padding, options: PadOptions = {}): Module {
  check("pad1d", "the padding", padding, around);
  return padded("pad1d", "lines [N, L, C]", [padding, [bothOf(padding)]], options);
}

/**
 * Images with something around them: x [N, H, W, C] → [N, top + H + bottom, left + W + right, C]. `padding` is a number for all
 * sides, or `[[top, bottom], [left, right]]`; modes are those of `pad1d`: torch.nn.ZeroPad2d, ConstantPad2d, ReflectionPad2d,
 * ReplicationPad2d, whose four numbers are left, right, top and bottom.
 * @throws ArgumentError for padding that is neither, and for options that there are not; where it is called, ShapeError for x
 *   of another form, and ArgumentError where a reflection is longer than x
 */
export function pad2d(
  padding: number | readonly [rows: Padding, columns: Padding],
  options: PadOptions = {},
): Module {
  check("pad2d", "the padding", padding, sides);
  const both = typeof padding === "number" ? [padding, padding] : padding;
  return padded("pad2d", "images [N, H, W, C]", [padding, both.map(bothOf)], options);
}

function padded(
  kind: string,
  what: string,
  [padding, sizes]: readonly [given: unknown, sizes: readonly Padding[]],
  options: PadOptions,
): Module {
  checkPadOptions(kind, options);
  const own = { ...options };
  const rank = sizes.length + 2;
  const all: readonly Padding[] = [[0, 0], ...sizes, [0, 0]];
  return module(kind, {
    made: [kind, padding, own],
    description: `${kind}(${JSON.stringify(padding)}${own.mode === undefined ? "" : `, ${own.mode}`})`,
    forward(x: Tensor) {
      checkTensor(kind, x);
      if (x.shape.length === rank) return padAs(x, all, own);
      throw new ShapeError(
        `${kind}: the input must be ${what}; got ${describe(x.type)}. Reshape it, or use padAs.`,
      );
    },
  });
}

const bothOf = (one: number | Padding): Padding =>
  typeof one === "number" ? [one, one] : [...one];

const isBoth = (value: unknown) => isListOf(value, whole.holds, 2);

const around = rule(
  "a whole number of 0 or more, or [before, behind]",
  (value) => whole.holds(value) || isBoth(value),
);
const sides = rule(
  "a whole number of 0 or more, or [[top, bottom], [left, right]]",
  (value) => whole.holds(value) || isListOf(value, isBoth, 2),
);
