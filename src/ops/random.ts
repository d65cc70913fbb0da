import { checkDType, checkOption, checkShape, checkSizes } from "./check.ts";
import type { OpTable, VjpTable } from "./op.ts";

export const randomOps = {
  /**
   * f32 in [0, 1), the same bits on every device. Element i comes from block i >> 1 of Threefry-2x32 (20 rounds)
   * with the counter (i >> 1, stream) under `key`: (word[i & 1] >>> 8) · 2⁻²⁴. See src/tensor/random.ts.
   */
  uniform: {
    inputs: { key: "one" },
    outputs: { out: "one" },
    cost: "cheap",
    infer({ key }, { shape, stream }) {
      checkDType("uniform", "key", key, ["u32"]);
      checkShape("uniform", "key", key, [2], "A key is two random words.");
      checkSizes("uniform", "the shape", shape);
      const isWord = stream === stream >>> 0;
      checkOption("uniform", "stream", stream, isWord, "a whole number from 0 to 2^32 - 1");
      return { out: { dtype: "f32", shape } };
    },
  },
} satisfies Pick<OpTable, "uniform">;

export const randomVjps = {
  uniform: () => ({
    key: { notDifferentiable: "random numbers are no differentiable function of their key" },
  }),
} satisfies Pick<VjpTable, "uniform">;
