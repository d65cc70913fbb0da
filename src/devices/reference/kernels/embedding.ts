import type { ReferenceTable } from "../kernel.ts";

/** What a row beyond a table of whole numbers reads: rows are copied as they are. */
const BITS_OF_NAN = 0x7fc00000;

export const embeddingKernels = {
  embedding({ ins: { table, ids }, outs: { out } }) {
    const [rows = 0, features = 0] = table.type.shape;
    for (let i = 0; i < ids.data.length; i++) {
      const id = ids.data[i] ?? -1;
      const unknown = id < 0 ? 0 : table.type.dtype === "f32" ? Number.NaN : BITS_OF_NAN;
      for (let d = 0; d < features; d++) {
        out.data[i * features + d] =
          id >= 0 && id < rows ? (table.data[id * features + d] ?? 0) : unknown;
      }
    }
  },

  embeddingGrad({ ins: { ids, g }, outs: { out }, attrs: { rows } }) {
    const features = out.type.shape[1] ?? 0;
    const sums = new Float64Array(out.data.length);
    for (let i = 0; i < ids.data.length; i++) {
      const id = ids.data[i] ?? -1;
      if (id < 0 || id >= rows) continue;
      for (let d = 0; d < features; d++) {
        sums[id * features + d] = (sums[id * features + d] ?? 0) + (g.data[i * features + d] ?? 0);
      }
    }
    out.data.set(sums);
  },
} satisfies Pick<ReferenceTable, "embedding" | "embeddingGrad">;
