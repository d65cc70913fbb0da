/** Order along an axis. */
import { checkDType, checkRank } from "./check.ts";
import type { OpTable, VjpTable } from "./op.ts";

export const sortOps = {
  /**
   * Where along the last axis the elements of x, in order, are, or so many that come first; the smallest, or the largest.
   * Of equals the first one comes first, either way; NaN is the largest.
   */
  argsort: {
    inputs: { x: "one" },
    outputs: { out: "one" },
    cost: "expensive",
    infer({ x }, { first }) {
      checkDType("argsort", "x", x, ["f32", "i32", "u32"]);
      checkRank("argsort", "x", x, 2, "[rows, elements of a row]");
      const [rows = 0, n = 0] = x.shape;
      return { out: { dtype: "i32", shape: [rows, first ?? n] } };
    },
  },
} satisfies Pick<OpTable, "argsort">;

export const sortVjps = {
  argsort: () => ({
    x: {
      notDifferentiable:
        "argsort gives indices, which do not change when x changes a little; use sort",
    },
  }),
} satisfies Pick<VjpTable, "argsort">;
