import type { Shape } from "../../src/tensor/shape.ts";
import type { Case, CaseTable, InputSpec } from "./case.ts";
import { each } from "./each.ts";

interface Lookup {
  readonly name: string;
  /** [V, D] */
  readonly table: readonly [number, number];
  readonly ids: Shape;
  readonly values?: readonly number[];
  /** Whether some ids are no rows. */
  readonly isOutside?: true;
}

/** Each is a case of embedding and of its gradient. */
const lookups: readonly [Lookup, ...Lookup[]] = [
  { name: "of one id in a table of one number", table: [1, 1], ids: [1], values: [0] },
  { name: "of a scalar id", table: [5, 3], ids: [], values: [4] },
  { name: "of no ids", table: [5, 3], ids: [0] },
  { name: "of a sequence of batches", table: [20, 12], ids: [7, 4] },
  { name: "of ids of three dimensions", table: [11, 5], ids: [2, 3, 5] },
  {
    name: "of the same id many times",
    table: [7, 17],
    ids: [9],
    values: [3, 3, 3, 0, 3, 6, 3, 3, 3],
  },
  { name: "of rows of 65 features", table: [33, 65], ids: [17] },
  { name: "of more ids than a workgroup", table: [13, 3], ids: [257] },
  { name: "of single numbers", table: [259, 1], ids: [65] },
  {
    name: "of ids outside the table",
    table: [5, 4],
    ids: [6],
    values: [-1, 4, 5, 0, 1000, -7],
    isOutside: true,
  },
  { name: "of padding", table: [5, 4], ids: [4], values: [-1, 4, 0, -7] },
];

const floats = each(
  lookups,
  (lookup): Case<"embedding"> => ({
    name: `embedding ${lookup.name}`,
    ins: { table: { shape: lookup.table }, ids: idsOf(lookup) },
    attrs: {},
    // NaN has no differences.
    ...(lookup.isOutside && { checkGradient: false }),
  }),
);

export const embeddingCases = {
  embedding: [
    ...floats,
    ...(["i32", "u32"] as const).map(
      (dtype): Case<"embedding"> => ({
        name: `embedding in a table of ${dtype}, unknown ids included`,
        ins: {
          table: { shape: [5, 3], dtype, range: [0, 2e9] },
          ids: { shape: [6], dtype: "i32", values: [0, 4, -1, 2, 5, 1] },
        },
        attrs: {},
      }),
    ),
  ],
  embeddingGrad: each(
    lookups,
    (lookup): Case<"embeddingGrad"> => ({
      name: `embeddingGrad ${lookup.name}`,
      ins: { ids: idsOf(lookup), g: { shape: [...lookup.ids, lookup.table[1]] } },
      attrs: { rows: lookup.table[0] },
    }),
  ),
} satisfies Pick<CaseTable, "embedding" | "embeddingGrad">;

function idsOf({ table, ids, values }: Lookup): InputSpec {
  return { shape: ids, dtype: "i32", range: [0, table[0]], ...(values && { values }) };
}
