import type { CaseTable } from "./case.ts";

const key = { shape: [2], dtype: "u32", values: [0x13198a2e, 0x03707344] } as const;

export const randomCases = {
  // Every value is a multiple of 2⁻²⁴, exact in f32: devices agree to the bit.
  uniform: [
    { name: "uniform", ins: { key }, attrs: { shape: [7, 37], stream: 0 }, tolerance: 0 },
    {
      name: "uniform of another stream",
      ins: { key },
      attrs: { shape: [1], stream: 4294967295 },
      tolerance: 0,
    },
    { name: "uniform of a scalar", ins: { key }, attrs: { shape: [], stream: 3 }, tolerance: 0 },
    { name: "uniform of nothing", ins: { key }, attrs: { shape: [0], stream: 3 }, tolerance: 0 },
    {
      name: "uniform of the key 0, over several workgroups",
      ins: { key: { shape: [2], dtype: "u32", values: [0, 0] } },
      attrs: { shape: [1025], stream: 1 },
      tolerance: 0,
    },
  ],
} satisfies Pick<CaseTable, "uniform">;
