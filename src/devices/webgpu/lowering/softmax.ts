import type { KernelCall, Operand, Region } from "../../../scheduler/lowering.ts";
import { BYTES_PER_ELEMENT } from "../../../tensor/dtype.ts";
import { sizeOf, type TensorType } from "../../../tensor/shape.ts";
import { type Lowerings, maxBytes, type WebgpuTarget } from "../target.ts";
import { BINDING_ELEMENTS, elementsOf, isLarge } from "./divide.ts";
import { lineGrid } from "./grid.ts";
import { read, write } from "./operand.ts";

/** Rows in a workgroup where each has one invocation. */
const ROWS = 64;

export function softmaxLowerings(
  target: WebgpuTarget,
): Lowerings<"softmax" | "logSoftmax" | "crossEntropy" | "crossEntropyGrad"> {
  const call = (
    kernel: string,
    x: Region,
    operands: readonly Operand[],
    constants: Readonly<Record<string, number>> = {},
  ) => rowCall(target, kernel, x, operands, constants);
  return {
    softmax: ({ ins: { x }, outs: { out } }) =>
      call("softmax/softmax", x, [read(x), write(out)], { LOG: 0 }),
    logSoftmax: ({ ins: { x }, outs: { out } }) =>
      call("softmax/softmax", x, [read(x), write(out)], { LOG: 1 }),
    crossEntropy: ({ ins: { logits, labels }, outs: { out } }) =>
      call("softmax/cross_entropy", logits, [read(logits), read(labels), write(out)]),
    crossEntropyGrad: ({ ins: { logits, labels, g }, outs: { out } }) =>
      call(
        "softmax/cross_entropy_grad",
        logits,
        [read(logits), read(labels), read(g), write(out)],
        {
          UNIFORM: Number(g.type.shape.length === 0),
        },
      ),
  };
}

/** How many rows can be bound at a time; 0 where none can that begin where a binding may. */
function rowsAtOnce({ limits }: WebgpuTarget, { shape }: TensorType): number {
  const classes = shape.at(-1) ?? 1;
  const fitting = Math.floor(maxBytes(limits) / BYTES_PER_ELEMENT / classes);
  // Also of what has one element for each row.
  return fitting - (fitting % BINDING_ELEMENTS);
}

export function dividesRows(target: WebgpuTarget, x: TensorType): boolean {
  return rowsAtOnce(target, x) > 0;
}

/** A workgroup for each row; an invocation where rows are short, or where barriers are slow. */
function rowCall(
  target: WebgpuTarget,
  kernel: string,
  x: Region,
  operands: readonly Operand[],
  constants: Readonly<Record<string, number>>,
): readonly KernelCall[] {
  const classes = x.type.shape.at(-1) ?? 1;
  const rows = sizeOf(x.type.shape) / classes;
  const threads = target.isSoftware || classes <= 32 ? 1 : classes <= 512 ? 64 : 256;
  const call = (count: number, own: readonly Operand[]): KernelCall => ({
    kernel,
    constants: { ...constants, THREADS: threads, ROWS },
    operands: own,
    words: [count, classes],
    grid: lineGrid(threads === 1 ? Math.ceil(count / ROWS) : count),
  });
  if (!isLarge([x], maxBytes(target.limits))) return [call(rows, operands)];
  const atOnce = rowsAtOnce(target, x.type);
  return Array.from({ length: Math.ceil(rows / atOnce) }, (_, i) => {
    const at = i * atOnce;
    const count = Math.min(atOnce, rows - at);
    const own = operands.map(({ region, access }): Operand => {
      // One number is for all rows.
      if (region.type.shape.length === 0) return { region, access };
      const width = sizeOf(region.type.shape) / rows;
      return { region: elementsOf(region, at * width, count * width), access };
    });
    return call(count, own);
  });
}
