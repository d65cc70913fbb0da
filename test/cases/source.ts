import type { CaseTable } from "./case.ts";

export const sourceCases = {
  literal: [
    { name: "literal of f32", ins: {}, attrs: { value: 0.1, dtype: "f32" } },
    {
      name: "literal of a large f32",
      ins: {},
      attrs: { value: -3.4028234663852886e38, dtype: "f32" },
    },
    { name: "literal of a small f32", ins: {}, attrs: { value: 1.5e-30, dtype: "f32" } },
    { name: "literal of i32", ins: {}, attrs: { value: -2147483648, dtype: "i32" } },
    { name: "literal of u32", ins: {}, attrs: { value: 4294967295, dtype: "u32" } },
    { name: "literal of bool", ins: {}, attrs: { value: 1, dtype: "bool" } },
  ],
  iota: [
    { name: "iota of i32", ins: {}, attrs: { length: 259, dtype: "i32" } },
    { name: "iota of u32", ins: {}, attrs: { length: 65, dtype: "u32" } },
    { name: "iota of f32", ins: {}, attrs: { length: 33, dtype: "f32" } },
    { name: "iota of nothing", ins: {}, attrs: { length: 0, dtype: "i32" } },
  ],
} satisfies Pick<CaseTable, "literal" | "iota">;
