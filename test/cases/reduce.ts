import type { ReduceName } from "../../src/ops/vocabulary.ts";
import type { Case, CaseTable } from "./case.ts";

const names: Readonly<Record<ReduceName, true>> = { sum: true, mean: true, max: true, min: true };

const { POSITIVE_INFINITY: INF, NaN: NAN } = Number;
/** Rows with a NaN in front, in the middle and at the end, with infinities, and with nothing else. */
const special = [
  ...[NAN, 3, 1, 2, 1],
  ...[1, 2, NAN, INF, 0],
  ...[-INF, 2, 1, 0, NAN],
  ...[INF, 1, 2, 3, 1],
  ...[-INF, 1, -INF, 2, 1],
  ...[-INF, -INF, -INF, -INF, -INF],
  ...[INF, 0, -INF, 1, 2],
  ...[NAN, NAN, NAN, NAN, NAN],
];

/** The forms of a reduction, for each of sum, mean, max and min. */
const everyReduction = (Object.keys(names) as ReduceName[]).flatMap((fn): Case<"reduce">[] => [
  {
    name: `${fn} over rows`,
    ins: { x: { shape: [17, 65] } },
    attrs: { fn, axes: [1], keepDims: false },
  },
  {
    name: `${fn} over columns, kept`,
    ins: { x: { shape: [129, 13] } },
    attrs: { fn, axes: [0], keepDims: true },
  },
  {
    name: `${fn} of everything, more than two workgroups of 256`,
    ins: { x: { shape: [7, 11, 13] } },
    attrs: { fn, axes: [0, 1, 2], keepDims: false },
  },
  {
    name: `${fn} over the middle axis`,
    ins: { x: { shape: [3, 33, 5] } },
    attrs: { fn, axes: [1], keepDims: false },
  },
  {
    name: `${fn} over the outer axes, given in reverse`,
    ins: { x: { shape: [5, 7, 3] } },
    attrs: { fn, axes: [2, 0], keepDims: true },
  },
  {
    name: `${fn} around a kept axis, over runs that are long enough to be added up one by one`,
    ins: { x: { shape: [3, 2, 257] } },
    attrs: { fn, axes: [0, 2], keepDims: false },
  },
  {
    name: `${fn} of rows with NaN and infinities`,
    ins: { x: { shape: [8, 5], values: special } },
    attrs: { fn, axes: [1], keepDims: false },
    checkGradient: false,
  },
  {
    name: `${fn} of columns with NaN and infinities`,
    ins: { x: { shape: [5, 8], values: special } },
    attrs: { fn, axes: [0], keepDims: false },
    checkGradient: false,
  },
  {
    name: `${fn} of everything, with a NaN`,
    ins: {
      x: {
        shape: [65, 8],
        values: Array.from({ length: 65 * 8 }, (_, i) => (i === 333 ? NAN : i % 7)),
      },
    },
    attrs: { fn, axes: [0, 1], keepDims: false },
    checkGradient: false,
  },
  {
    name: `${fn} of one element`,
    ins: { x: { shape: [1] } },
    attrs: { fn, axes: [0], keepDims: false },
  },
  {
    name: `${fn} over no axes is x`,
    ins: { x: { shape: [5, 3] } },
    attrs: { fn, axes: [], keepDims: false },
  },
  {
    name: `${fn} of no rows is no result`,
    ins: { x: { shape: [0, 3] } },
    attrs: { fn, axes: [1], keepDims: false },
  },
]);

const whole = (fn: ReduceName, dtype: "i32" | "u32"): Case<"reduce"> => ({
  name: `${fn} of ${dtype}`,
  ins: { x: { shape: [7, 37], dtype, range: dtype === "i32" ? [-99, 99] : [0, 99] } },
  attrs: { fn, axes: [1], keepDims: false },
});

export const reduceCases = {
  reduce: [
    {
      name: "sum of a scalar",
      ins: { x: { shape: [] } },
      attrs: { fn: "sum", axes: [], keepDims: false },
    },
    ...everyReduction,
    {
      name: "sum of many elements, over a tile in both directions",
      ins: { x: { shape: [33, 513] } },
      attrs: { fn: "sum", axes: [0], keepDims: false },
    },
    {
      name: "sum of a long vector takes more than one pass",
      ins: { x: { shape: [16411], range: [0, 1] } },
      attrs: { fn: "sum", axes: [0], keepDims: false },
    },
    {
      name: "max of a long vector takes more than one pass",
      ins: { x: { shape: [16411] } },
      attrs: { fn: "max", axes: [0], keepDims: false },
    },
    {
      name: "sum over an empty axis is 0",
      ins: { x: { shape: [3, 0] } },
      attrs: { fn: "sum", axes: [1], keepDims: false },
    },
    {
      name: "sum over axes that are not neighbours",
      ins: { x: { shape: [3, 5, 7, 2] } },
      attrs: { fn: "sum", axes: [0, 2], keepDims: false },
    },
    whole("sum", "i32"),
    whole("max", "i32"),
    whole("min", "i32"),
    whole("sum", "u32"),
    whole("max", "u32"),
    whole("min", "u32"),
    {
      name: "max of negative numbers is negative",
      ins: { x: { shape: [5, 33], range: [-9, -1] } },
      attrs: { fn: "max", axes: [1], keepDims: false },
    },
    {
      name: "max with ties",
      ins: { x: { shape: [2, 3], values: [1, 5, 5, 2, 2, 2] } },
      attrs: { fn: "max", axes: [1], keepDims: false },
      checkGradient: false,
    },
  ],
  argmax: [
    { name: "argmax of rows", ins: { x: { shape: [17, 65] } }, attrs: { axis: 1 } },
    { name: "argmax of columns", ins: { x: { shape: [129, 5] } }, attrs: { axis: 0 } },
    { name: "argmax along the middle axis", ins: { x: { shape: [3, 13, 5] } }, attrs: { axis: 1 } },
    {
      name: "argmax of equals is the first",
      ins: { x: { shape: [2, 4], values: [1, 3, 3, 0, 7, 7, 7, 7] } },
      attrs: { axis: 1 },
    },
    {
      name: "argmax of negative numbers",
      ins: { x: { shape: [7, 33], range: [-9, -1] } },
      attrs: { axis: 1 },
    },
    {
      name: "argmax of a row with NaN is the first NaN",
      ins: { x: { shape: [8, 5], values: special } },
      attrs: { axis: 1 },
    },
    {
      name: "argmax of columns with NaN is the first NaN",
      ins: { x: { shape: [5, 8], values: special } },
      attrs: { axis: 0 },
    },
    {
      name: "argmax of i32",
      ins: { x: { shape: [5, 7], dtype: "i32", range: [-9, 9] } },
      attrs: { axis: 1 },
    },
    {
      name: "argmax of u32 is unsigned",
      ins: { x: { shape: [3], dtype: "u32", values: [1, 4294967295, 7] } },
      attrs: { axis: 0 },
    },
    { name: "argmax of one", ins: { x: { shape: [3, 1] } }, attrs: { axis: 1 } },
    { name: "argmax of no rows", ins: { x: { shape: [0, 3] } }, attrs: { axis: 1 } },
  ],
} satisfies Pick<CaseTable, "reduce" | "argmax">;
