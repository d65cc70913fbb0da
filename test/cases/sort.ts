import type { CaseTable } from "./case.ts";

const { POSITIVE_INFINITY: INF, NaN: NAN } = Number;
/** Ties, both zeros, infinities and NaN. */
const special = [3, 1, NAN, 1, -2, 0, -INF, 1, INF, NAN, -0, 0];
const attrs = { descending: false };
const descending = { descending: true };

export const sortCases = {
  argsort: [
    { name: "argsort of rows", ins: { x: { shape: [17, 65] } }, attrs },
    { name: "argsort of columns' worth of rows of 3", ins: { x: { shape: [129, 3] } }, attrs },
    { name: "argsort of special values", ins: { x: { shape: [1, 12], values: special } }, attrs },
    {
      name: "argsort of special values, descending",
      ins: { x: { shape: [2, 6], values: special } },
      attrs: descending,
    },
    {
      name: "argsort of one more than a run, with many equals",
      ins: { x: { shape: [3, 257], dtype: "i32", range: [-4, 4] } },
      attrs,
    },
    {
      name: "argsort of a number of runs that is none of 2",
      ins: { x: { shape: [2, 643] } },
      attrs: descending,
    },
    {
      name: "argsort of i32 of every size",
      ins: {
        x: { shape: [1, 7], dtype: "i32", values: [0, -2147483648, 2147483647, -1, 1, 256, -256] },
      },
      attrs: descending,
    },
    {
      name: "argsort of u32 is unsigned",
      ins: { x: { shape: [5, 131], dtype: "u32", range: [0, 4294967295] } },
      attrs,
    },
    {
      name: "argsort of the largest 5 of rows, special values among them",
      ins: { x: { shape: [3, 12], values: [...special, ...special.toReversed(), ...special] } },
      attrs: { descending: true, first: 5 },
    },
    {
      name: "argsort of the first 7",
      ins: { x: { shape: [5, 131] } },
      attrs: { ...attrs, first: 7 },
    },
    {
      name: "argsort of the first 40 of rows in the reverse order, with equals",
      ins: {
        x: {
          shape: [2, 259],
          dtype: "i32",
          values: Array.from({ length: 518 }, (_, i) => -(i >> 1)),
        },
      },
      attrs: { ...attrs, first: 40 },
    },
    {
      name: "argsort of the first 200 of u32",
      ins: { x: { shape: [2, 301], dtype: "u32", range: [0, 4294967295] } },
      attrs: { ...descending, first: 200 },
    },
    { name: "argsort of equals", ins: { x: { shape: [2, 70], range: [1, 1] } }, attrs },
    { name: "argsort of one", ins: { x: { shape: [3, 1] } }, attrs },
    { name: "argsort of no rows", ins: { x: { shape: [0, 3] } }, attrs },
    { name: "argsort of empty rows", ins: { x: { shape: [3, 0] } }, attrs },
  ],
} satisfies Pick<CaseTable, "argsort">;
