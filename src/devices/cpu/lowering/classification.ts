import type { DeviceTraits, Region } from "../../../scheduler/lowering.ts";
import { sizeOf } from "../../../tensor/shape.ts";
import { call, read, write } from "./operands.ts";

/** Rows of `x` and elements in each. */
function rowsOf(x: Region): [rows: number, columns: number] {
  const columns = x.type.shape.at(-1) ?? 1;
  return [columns === 0 ? 0 : sizeOf(x.type.shape) / columns, columns];
}

export const lowerClassification = {
  softmax: ({ ins: { x }, outs: { out } }) => [call("softmax", [read(x), write(out)], rowsOf(x))],
  logSoftmax: ({ ins: { x }, outs: { out } }) => [
    call("logSoftmax", [read(x), write(out)], rowsOf(x)),
  ],
  crossEntropy: ({ ins: { logits, labels }, outs: { out } }) => [
    call("crossEntropy", [read(logits), read(labels), write(out)], rowsOf(logits)),
  ],
  crossEntropyGrad: ({ ins: { logits, labels, g }, outs: { out } }) => [
    call(
      "crossEntropyGrad",
      [read(logits), read(labels), read(g), write(out)],
      [...rowsOf(logits), g.type.shape.length],
    ),
  ],
} satisfies Partial<DeviceTraits["lower"]>;
