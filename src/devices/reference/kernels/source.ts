import type { ReferenceTable } from "../kernel.ts";

export const sourceKernels = {
  literal({ outs: { out }, attrs: { value } }) {
    out.data[0] = value;
  },

  iota({ outs: { out } }) {
    for (let i = 0; i < out.data.length; i++) out.data[i] = i;
  },
} satisfies Pick<ReferenceTable, "literal" | "iota">;
