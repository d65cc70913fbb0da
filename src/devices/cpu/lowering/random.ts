import type { DeviceTraits } from "../../../scheduler/lowering.ts";
import { sizeOf } from "../../../tensor/shape.ts";
import { call, read, write } from "./operands.ts";

export const lowerSources = {
  uniform: ({ ins: { key }, outs: { out }, attrs: { stream } }) => [
    call("uniform", [read(key), write(out)], [sizeOf(out.type.shape), stream]),
  ],
  iota: ({ outs: { out }, attrs: { length, dtype } }) => [
    call("iota", [write(out)], [length, dtype === "f32" ? 1 : 0]),
  ],
} satisfies Partial<DeviceTraits["lower"]>;
