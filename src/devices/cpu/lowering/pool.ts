import type { Pool2d } from "../../../ops/vocabulary.ts";
import type { DeviceTraits } from "../../../scheduler/lowering.ts";
import { type Shape, sizeOf } from "../../../tensor/shape.ts";
import { callHost } from "./epilogue.ts";
import { call, read, write } from "./operands.ts";

/** The words of wasm/pool.ts for x [N, H, W, C] pooled to [N, OH, OW, C]. */
function poolWords(x: Shape, out: Shape, attrs: Pool2d): number[] {
  const { window, stride, padding, dilation = [1, 1], bins } = attrs;
  const [n = 0, height = 0, width = 0, channels = 0] = x;
  const [, outRows = 0, outColumns = 0] = out;
  return [
    ...[n, height, width, channels, outRows, outColumns, window[0], window[1]],
    ...(bins ? [0, 0] : stride),
    ...[padding[0][0], padding[1][0], ...dilation],
  ];
}

export const lowerPools = {
  maxPool2d({ ins: { x }, outs: { out, index }, attrs, epilogue }) {
    if (sizeOf(out.type.shape) === 0) return [];
    const words = poolWords(x.type.shape, out.type.shape, attrs);
    return [callHost("maxPool2d", [read(x), write(out), write(index)], words, { out, epilogue })];
  },

  maxPool2dGrad({ ins: { g, index }, outs: { out }, attrs, epilogue }) {
    if (sizeOf(out.type.shape) === 0) return [];
    const words = poolWords(out.type.shape, g.type.shape, attrs);
    return [
      callHost("maxPool2dGrad", [read(g), read(index), write(out)], words, { out, epilogue }),
    ];
  },

  maxPool2dGather({ ins: { x, index }, outs: { out }, attrs }) {
    if (sizeOf(out.type.shape) === 0) return [];
    const words = poolWords(x.type.shape, out.type.shape, attrs);
    return [call("maxPool2dGather", [read(x), read(index), write(out)], words)];
  },

  avgPool2d({ ins: { x }, outs: { out }, attrs, epilogue }) {
    if (sizeOf(out.type.shape) === 0) return [];
    const words = poolWords(x.type.shape, out.type.shape, attrs);
    return [callHost("avgPool2d", [read(x), write(out)], words, { out, epilogue })];
  },

  avgPool2dGrad({ ins: { g }, outs: { out }, attrs, epilogue }) {
    if (sizeOf(out.type.shape) === 0) return [];
    const words = poolWords(out.type.shape, g.type.shape, attrs);
    return [callHost("avgPool2dGrad", [read(g), write(out)], words, { out, epilogue })];
  },
} satisfies Partial<DeviceTraits["lower"]>;
