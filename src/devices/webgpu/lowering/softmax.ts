import type { KernelCall, Operand, Region } from "../../../scheduler/lowering.ts";
import { sizeOf } from "../../../tensor/shape.ts";
import type { Lowerings, WebgpuTarget } from "../target.ts";
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
  return [
    {
      kernel,
      constants: { ...constants, THREADS: threads, ROWS },
      operands,
      words: [rows, classes],
      grid: lineGrid(threads === 1 ? Math.ceil(rows / ROWS) : rows),
    },
  ];
}
