import { uniform } from "../../../tensor/random.ts";
import type { ReferenceTable } from "../kernel.ts";

export const randomKernels = {
  uniform({ ins: { key }, outs: { out }, attrs: { stream } }) {
    out.data.set(uniform([key.data[0] ?? 0, key.data[1] ?? 0], stream, out.data.length));
  },
} satisfies Pick<ReferenceTable, "uniform">;
