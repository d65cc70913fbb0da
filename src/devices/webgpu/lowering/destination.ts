/** Where a product's kernels put what they make: with an epilogue, in parts, with the sums of columns along with it. */
import type { Epilogue, KernelCall, Region, Site } from "../../../scheduler/lowering.ts";
import { printEpilogue } from "./epilogue.ts";
import { threadGrid } from "./grid.ts";
import { read, write, written } from "./operand.ts";

/** Where the results go, and what happens to them on the way. */
export interface Destination {
  readonly out: Region;
  readonly epilogue: Epilogue | undefined;
  /** Where the sums of b's columns go; only tiled kernels make them. */
  readonly sums: Region | undefined;
  readonly scratch: Site<"matmul">["scratch"];
}

/** Where a tiled kernel puts the sums of columns: nowhere, in their own binding, in a row of the partial sums. */
export function sumsConstant(sums: Region | undefined, partials: Region | undefined): 0 | 1 | 2 {
  if (sums === undefined) return 0;
  return partials === undefined ? 1 : 2;
}

/**
 * The second pass of a split k: `length` outputs of `n` columns from `splits` partial sums, in fixed order; where the
 * sums of columns are wanted they are one more row of every part.
 */
export function sumPartials(
  partials: Region,
  outBase: number,
  splits: number,
  length: number,
  n: number,
  { out, epilogue, sums }: Destination,
): KernelCall {
  const own = printEpilogue(epilogue, { binding: 1, width: 1, isAligned: false, columns: n });
  const slices = slicesOf(splits);
  const columns = slices === 1 ? 64 : 256 / slices;
  return {
    kernel: "matmul/sum_partials",
    constants: {
      ...own.constants,
      ...{ SUMS: Number(sums !== undefined), COLUMNS: columns, SLICES: slices },
    },
    operands: [read(partials), ...own.operands, write(out), ...written(sums)],
    words: [length, splits, n, outBase, ...own.words],
    grid: threadGrid(sums === undefined ? length : length + n, columns),
  };
}

/**
 * Invocations that share the parts of one output: one after the other they are waited for. At most 16, so that a row of a
 * workgroup is a whole sector of memory; one up to as many parts as a software adapter's products have.
 */
function slicesOf(splits: number): number {
  return splits >= 128 ? 16 : splits > 16 ? 4 : 1;
}
