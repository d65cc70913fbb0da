import { arithmetic } from "../../src/ops/arithmetic.ts";
import type { CaseTable } from "./case.ts";

export const movementCases = {
  reshape: [
    { name: "reshape keeps the order", ins: { x: { shape: [6, 35] } }, attrs: { shape: [7, 30] } },
    { name: "reshape to a scalar", ins: { x: { shape: [1, 1] } }, attrs: { shape: [] } },
    { name: "reshape of nothing", ins: { x: { shape: [0, 4] } }, attrs: { shape: [2, 0] } },
    {
      name: "reshape of i32",
      ins: { x: { shape: [9], dtype: "i32", range: [-9, 9] } },
      attrs: { shape: [3, 3] },
    },
  ],
  recompute: [
    { name: "recompute is x", ins: { x: { shape: [5, 7] } }, attrs: {} },
    { name: "recompute of one integer", ins: { x: { shape: [1], dtype: "i32" } }, attrs: {} },
  ],
  stopGradient: [
    { name: "stopGradient is x", ins: { x: { shape: [5, 7] } }, attrs: {} },
    { name: "stopGradient of nothing", ins: { x: { shape: [0] } }, attrs: {} },
  ],
  withGradient: [
    {
      name: "withGradient is x, and its gradient what the rule says",
      ins: { x: { shape: [5, 7] }, of: [{ shape: [5, 7] }] },
      attrs: { rule: { name: "twice", gradient: (emit, _, g) => [arithmetic(emit).mul(g, 2)] } },
      // The value does not change with `of`.
      checkGradient: false,
    },
  ],
  broadcastTo: [
    { name: "a scalar fills a matrix", ins: { x: { shape: [] } }, attrs: { shape: [13, 33] } },
    { name: "a row is repeated", ins: { x: { shape: [33] } }, attrs: { shape: [17, 33] } },
    { name: "a column is repeated", ins: { x: { shape: [17, 1] } }, attrs: { shape: [17, 33] } },
    {
      name: "a middle dimension is repeated",
      ins: { x: { shape: [3, 1, 7] } },
      attrs: { shape: [2, 3, 5, 7] },
    },
    { name: "broadcastTo the same shape", ins: { x: { shape: [5] } }, attrs: { shape: [5] } },
    { name: "broadcastTo no rows", ins: { x: { shape: [1, 3] } }, attrs: { shape: [0, 3] } },
    {
      name: "broadcastTo of u32",
      ins: { x: { shape: [1], dtype: "u32", range: [0, 99] } },
      attrs: { shape: [65] },
    },
  ],
  transpose: [
    {
      name: "transpose of a matrix",
      ins: { x: { shape: [33, 65] } },
      attrs: { permutation: [1, 0] },
    },
    {
      name: "transpose that changes nothing",
      ins: { x: { shape: [3, 5] } },
      attrs: { permutation: [0, 1] },
    },
    {
      name: "NHWC to NCHW",
      ins: { x: { shape: [2, 5, 7, 3] } },
      attrs: { permutation: [0, 3, 1, 2] },
    },
    {
      name: "transpose of a cycle",
      ins: { x: { shape: [3, 5, 7] } },
      attrs: { permutation: [2, 0, 1] },
    },
    { name: "transpose of a scalar", ins: { x: { shape: [] } }, attrs: { permutation: [] } },
    { name: "transpose of nothing", ins: { x: { shape: [0, 3] } }, attrs: { permutation: [1, 0] } },
    {
      name: "transpose of i32",
      ins: { x: { shape: [5, 17], dtype: "i32", range: [-99, 99] } },
      attrs: { permutation: [1, 0] },
    },
  ],
  flip: [
    { name: "flip of rows", ins: { x: { shape: [129, 5] } }, attrs: { axes: [0] } },
    { name: "flip of columns", ins: { x: { shape: [17, 64] } }, attrs: { axes: [1] } },
    { name: "flip of both", ins: { x: { shape: [7, 33] } }, attrs: { axes: [1, 0] } },
    {
      name: "flip of the outer two of three",
      ins: { x: { shape: [3, 5, 8] } },
      attrs: { axes: [0, 2] },
    },
    { name: "flip of rows of pixels", ins: { x: { shape: [3, 7, 3] } }, attrs: { axes: [1] } },
    { name: "flip of no axis is x", ins: { x: { shape: [5] } }, attrs: { axes: [] } },
    { name: "flip of nothing", ins: { x: { shape: [0, 3] } }, attrs: { axes: [0, 1] } },
    {
      name: "flip of i32",
      ins: { x: { shape: [259], dtype: "i32", range: [-99, 99] } },
      attrs: { axes: [0] },
    },
  ],
  slice: [
    {
      name: "slice of rows",
      ins: { x: { shape: [129, 3] } },
      attrs: { starts: [64, 0], sizes: [65, 3] },
    },
    {
      name: "slice of columns",
      ins: { x: { shape: [7, 33] } },
      attrs: { starts: [0, 5], sizes: [7, 17] },
    },
    {
      name: "slice of a block in three dimensions",
      ins: { x: { shape: [5, 7, 11] } },
      attrs: { starts: [1, 2, 3], sizes: [3, 1, 8] },
    },
    { name: "slice of everything", ins: { x: { shape: [5] } }, attrs: { starts: [0], sizes: [5] } },
    {
      name: "slice of nothing at the end",
      ins: { x: { shape: [5] } },
      attrs: { starts: [5], sizes: [0] },
    },
    { name: "slice of a scalar", ins: { x: { shape: [] } }, attrs: { starts: [], sizes: [] } },
  ],
  pad: [
    {
      name: "pad around an image",
      ins: { x: { shape: [5, 7] } },
      attrs: {
        padding: [
          [1, 2],
          [3, 0],
        ],
      },
    },
    { name: "pad by nothing", ins: { x: { shape: [5] } }, attrs: { padding: [[0, 0]] } },
    {
      name: "pad of nothing gives zeros",
      ins: { x: { shape: [0] } },
      attrs: { padding: [[2, 3]] },
    },
    {
      name: "pad in three dimensions",
      ins: { x: { shape: [3, 5, 7] } },
      attrs: {
        padding: [
          [0, 1],
          [0, 0],
          [2, 0],
        ],
      },
    },
    {
      name: "pad of i32",
      ins: { x: { shape: [65], dtype: "i32", range: [1, 9] } },
      attrs: { padding: [[1, 1]] },
    },
  ],
  concat: [
    { name: "concat of one", ins: { xs: [{ shape: [5, 3] }] }, attrs: { axis: 0 } },
    {
      name: "concat of rows",
      ins: { xs: [{ shape: [3, 7] }, { shape: [1, 7] }, { shape: [65, 7] }] },
      attrs: { axis: 0 },
    },
    {
      name: "concat of columns, an empty one among them",
      ins: { xs: [{ shape: [5, 2] }, { shape: [5, 0] }, { shape: [5, 33] }] },
      attrs: { axis: 1 },
    },
    {
      name: "concat along the middle of three axes",
      ins: { xs: [{ shape: [2, 3, 5] }, { shape: [2, 1, 5] }] },
      attrs: { axis: 1 },
    },
    {
      name: "concat of many",
      ins: { xs: Array.from({ length: 13 }, (_, i) => ({ shape: [i + 1] })) },
      attrs: { axis: 0 },
    },
  ],
  // Of whole lines: what lies between others is nobody's.
  pack: [
    { name: "pack of one", ins: { xs: [{ shape: [64] }] }, attrs: {} },
    {
      name: "pack of several shapes, an empty one among them",
      ins: { xs: [{ shape: [8, 16] }, { shape: [0] }, { shape: [2, 2, 16] }, { shape: [192] }] },
      attrs: {},
    },
    {
      name: "pack of i32",
      ins: {
        xs: [
          { shape: [64], dtype: "i32" },
          { shape: [128], dtype: "i32" },
        ],
      },
      attrs: {},
    },
  ],
} satisfies Pick<
  CaseTable,
  | "reshape"
  | "stopGradient"
  | "withGradient"
  | "recompute"
  | "broadcastTo"
  | "transpose"
  | "flip"
  | "slice"
  | "pad"
  | "concat"
  | "pack"
>;
