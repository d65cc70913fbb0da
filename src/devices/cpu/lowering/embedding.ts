import type { DeviceTraits } from "../../../scheduler/lowering.ts";
import { sizeOf } from "../../../tensor/shape.ts";
import { call, read, write } from "./operands.ts";

export const lowerEmbedding = {
  embedding({ ins: { table, ids }, outs: { out } }) {
    const [rows = 0, features = 0] = table.type.shape;
    const words = [rows, features, sizeOf(ids.type.shape)];
    return [call("embedding", [read(table), read(ids), write(out)], words)];
  },

  embeddingGrad({ ins: { ids, g }, outs: { out } }) {
    const [rows = 0, features = 0] = out.type.shape;
    const words = [rows, features, sizeOf(ids.type.shape)];
    return [call("embeddingGrad", [read(ids), read(g), write(out)], words)];
  },
} satisfies Partial<DeviceTraits["lower"]>;
