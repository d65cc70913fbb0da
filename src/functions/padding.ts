import { check, checkOptions, number, oneOf } from "../arguments.ts";
import { ShapeError } from "../errors.ts";
import type { Padding } from "../ops/vocabulary.ts";
import type { Tensor } from "../runtime/tensor.ts";
import { describe } from "../tensor/shape.ts";
import { checkTensor } from "./apply.ts";
import { full } from "./creation.ts";
import { cut } from "./cut.ts";
import { flip } from "./flip.ts";
import { broadcastTo, checkPadding, concat, pad } from "./movement.ts";

/** "constant": one number; "reflect": mirrored at the edge, which is not repeated; "symmetric": with the edge; "replicate": the edge; "circular": from the other end. */
export type PadMode = "constant" | "reflect" | "symmetric" | "replicate" | "circular";

/** What is put around a tensor. */
export interface PadOptions {
  /** "constant" where nothing is said. */
  readonly mode?: PadMode;
  /** What is around x with mode "constant", of x's dtype; 0. */
  readonly value?: number;
}

/**
 * x with something around it: for each dimension how many elements before and how many after, and what they are.
 * @throws ShapeError where not every dimension has a pair; ArgumentError where a reflection is longer than x, and for
 *   what is no list of [before, after]
 */
export function padAs(x: Tensor, padding: readonly Padding[], options: PadOptions = {}): Tensor {
  checkTensor("padAs", x);
  checkPadding("padAs", padding);
  checkPadOptions("padAs", options);
  const { mode = "constant", value = 0 } = options;
  if (padding.length !== x.shape.length) {
    throw new ShapeError(
      `padAs: padding must have an entry for every dimension; got ${padding.length} for ${describe(x.type)}. Give ${x.shape.length}.`,
    );
  }
  if (mode === "constant" && value === 0) return pad(x, padding);
  return padding.reduce((whole: Tensor, [before, after], d) => {
    if (before === 0 && after === 0) return whole;
    if (mode === "constant") {
      const block = (size: number) => full(whole.shape.with(d, size), value, whole.dtype);
      return joined(d, [block(before), whole, block(after)]);
    }
    const { most, fill } = fillings[mode];
    const n = x.shape[d] ?? 0;
    check("padAs", "padding", [before, after], {
      is: `at most ${most(n)} along a dimension of ${n} with mode "${mode}"`,
      holds: () => Math.max(before, after) <= most(n),
    });
    return joined(d, fill(whole, d, n, before, after));
  }, x);
}

/** Checks what is put around. @throws ArgumentError for a mode that there is not, and for a value that is no number */
export function checkPadOptions(caller: string, options: PadOptions): void {
  const mode = oneOf("constant", ...Object.keys(fillings));
  checkOptions(caller, options, { mode, value: number });
}

const joined = (d: number, parts: readonly Tensor[]) =>
  concat(
    parts.filter(({ shape }) => shape[d] !== 0),
    d,
  );

interface Filling {
  /** How many elements there are to fill with, of n. */
  most(n: number): number;
  /** Dimension d of x, n elements long, with what comes before and after it. */
  fill(x: Tensor, d: number, n: number, before: number, after: number): readonly Tensor[];
}

const fillings: { readonly [K in Exclude<PadMode, "constant">]: Filling } = {
  reflect: {
    most: (n) => Math.max(0, n - 1),
    fill: (x, d, n, before, after) => [
      flip(cut(x, d, 1, before), d),
      x,
      flip(cut(x, d, n - 1 - after, after), d),
    ],
  },
  symmetric: {
    most: (n) => n,
    fill: (x, d, n, before, after) => [
      flip(cut(x, d, 0, before), d),
      x,
      flip(cut(x, d, n - after, after), d),
    ],
  },
  replicate: {
    most: (n) => (n === 0 ? 0 : Number.POSITIVE_INFINITY),
    fill: (x, d, n, before, after) => [
      broadcastTo(cut(x, d, 0, 1), x.shape.with(d, before)),
      x,
      broadcastTo(cut(x, d, n - 1, 1), x.shape.with(d, after)),
    ],
  },
  circular: {
    most: (n) => n,
    fill: (x, d, n, before, after) => [cut(x, d, n - before, before), x, cut(x, d, 0, after)],
  },
};
