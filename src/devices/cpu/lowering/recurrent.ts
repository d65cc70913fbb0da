import type { DeviceTraits } from "../../../scheduler/lowering.ts";
import { call, read, readWrite, write } from "./operands.ts";

export const lowerRecurrence = {
  /** Scratch holds the recurrent matrix in panels of 8 columns, packed once a sequence. */
  lstm({ ins: { projected, recurrent, h0, c0 }, outs: { y, cells, gates }, scratch }) {
    const [steps = 0, batch = 0, units = 0] = projected.type.shape;
    if (steps * batch * units === 0) return [];
    const packed = scratch({ dtype: "f32", shape: [Math.ceil(units / 2) * 8 * units] });
    const operands = [
      ...[readWrite(gates), read(recurrent), read(h0), read(c0)],
      ...[write(y), write(cells), write(packed)],
    ];
    return [call("lstm", operands, [steps, batch, units])];
  },

  lstmGrad({ ins: { recurrent, c0, cells, gY, gCells }, outs, scratch }) {
    const [steps = 0, batch = 0, units = 0] = cells.type.shape;
    if (batch * units === 0) return [];
    const packed = scratch({ dtype: "f32", shape: [Math.ceil(units / 8) * 32 * units] });
    const operands = [
      ...[readWrite(outs.gProjected), read(recurrent), read(c0), read(cells), read(gY)],
      // The running gradients of h and c are kept in these.
      ...[readWrite(outs.gH0), readWrite(outs.gC0), write(packed)],
    ];
    const words = [steps, batch, units];
    return gCells === undefined
      ? [call("lstmGrad", operands, words)]
      : [call("lstmGradCells", [...operands, read(gCells)], words)];
  },
} satisfies Partial<DeviceTraits["lower"]>;
