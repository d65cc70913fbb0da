/** Ops that make tensors from nothing but their attributes. */
import { ArgumentError } from "../errors.ts";
import type { DType } from "../tensor/dtype.ts";
import { checkOption, complaint } from "./check.ts";
import type { OpTable, VjpTable } from "./op.ts";

/** Whole numbers below it are exact in f32. */
const EXACT_IN_F32 = 2 ** 24;

const holds: { readonly [D in DType]: (value: number) => boolean } = {
  f32: (value) => !Number.isFinite(value) || Number.isFinite(Math.fround(value)),
  i32: (value) => value === (value | 0),
  u32: (value) => value === value >>> 0,
  bool: (value) => value === 0 || value === 1,
};

export const sourceOps = {
  /** A scalar that is part of the plan. */
  literal: {
    inputs: {},
    outputs: { out: "one" },
    cost: "cheap",
    infer(_ins, { value, dtype }) {
      if (!holds[dtype](value)) {
        throw new ArgumentError(
          complaint(
            "literal",
            `the value must be a number that ${dtype} can hold`,
            `${value}`,
            dtype === "f32"
              ? "The largest are ±3.4028234e38; Infinity is one, too."
              : "Choose another dtype, or round the value.",
          ),
        );
      }
      return { out: { dtype, shape: [] } };
    },
  },

  /** 0, 1, 2, … length − 1. */
  iota: {
    inputs: {},
    outputs: { out: "one" },
    cost: "cheap",
    infer(_ins, { length, dtype }) {
      const isCount = Number.isSafeInteger(length) && length >= 0;
      checkOption("iota", "length", length, isCount, "a whole number of 0 or more");
      if (dtype === "bool") {
        const remedy = 'Make an i32 iota and compare it, for example equal(iota(n, "i32"), 0).';
        throw new ArgumentError(complaint("iota", "the dtype must be a number", dtype, remedy));
      }
      const isExact = dtype !== "f32" || length <= EXACT_IN_F32;
      checkOption(
        "iota",
        "length",
        length,
        isExact,
        "at most 2^24 for f32, which counts no further",
      );
      return { out: { dtype, shape: [length] } };
    },
  },
} satisfies Pick<OpTable, "literal" | "iota">;

export const sourceVjps = {
  literal: () => ({}),

  iota: () => ({}),
} satisfies Pick<VjpTable, "literal" | "iota">;
