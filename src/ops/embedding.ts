import { arithmetic } from "./arithmetic.ts";
import { checkDType, checkOption, checkRank, checkShape, given } from "./check.ts";
import type { Emit, Op, OpTable, Value, VjpTable } from "./op.ts";

const ROW_NUMBERS = { notDifferentiable: "ids are row numbers" };

/**
 * out[..., d] = table[ids[...], d]: table [V, D], ids i32 of any rank; an id below 0 reads zeros, one beyond NaN, or in a
 * table of whole numbers the bits of one.
 */
const embedding: Op<"embedding"> = {
  inputs: { table: "one", ids: "one" },
  outputs: { out: "one" },
  cost: "cheap",

  infer({ table, ids }) {
    checkDType("embedding", "table", table, ["f32", "i32", "u32"]);
    checkRank("embedding", "table", table, 2, "[V, D], a row of D features for each id");
    checkDType("embedding", "ids", ids, ["i32"]);
    return { out: { dtype: table.dtype, shape: [...ids.shape, table.shape[1] ?? 0] } };
  },
};

/** out[v, d] = Σ of g[..., d] where ids[...] = v: ids i32[...], g f32[..., D] → f32[rows, D]. Other ids count nowhere. */
const embeddingGrad: Op<"embeddingGrad"> = {
  inputs: { ids: "one", g: "one" },
  outputs: { out: "one" },
  cost: "expensive",

  infer({ ids, g }, { rows }) {
    const op = "embeddingGrad";
    checkDType(op, "ids", ids, ["i32"]);
    checkDType(op, "g", g, ["f32"]);
    checkOption(
      op,
      "rows",
      rows,
      Number.isSafeInteger(rows) && rows >= 0,
      "a whole number of 0 or more",
    );
    const features = g.shape.at(-1) ?? 0;
    checkShape(op, "g", g, [...ids.shape, features], "It has a row of D features for each id.");
    return { out: { dtype: "f32", shape: [rows, features] } };
  },
};

/** Rows of `table` by `ids`, and 0 for those outside of it. */
function lookUpKnown(emit: Emit, table: Value, ids: Value): Value {
  const m = arithmetic(emit);
  const isKnown = m.binary(
    "and",
    m.binary("greaterEqual", ids, m.literal(0, "i32")),
    m.binary("less", ids, m.literal(table.type.shape[0] ?? 0, "i32")),
  );
  const found = emit("embedding", { table, ids }, {}).out;
  return m.where(m.reshape(isKnown, [...ids.type.shape, 1]), found, 0);
}

export const embeddingOps = { embedding, embeddingGrad } satisfies Pick<
  OpTable,
  "embedding" | "embeddingGrad"
>;

export const embeddingVjps = {
  embedding(emit, { ins: { table, ids }, cotangents }) {
    const rows = table.type.shape[0] ?? 0;
    return {
      table: emit("embeddingGrad", { ids, g: given(cotangents.out) }, { rows }).out,
      ids: ROW_NUMBERS,
    };
  },

  embeddingGrad(emit, { ins: { ids }, cotangents }) {
    return {
      ids: ROW_NUMBERS,
      g: lookUpKnown(emit, given(cotangents.out), ids),
    };
  },
} satisfies Pick<VjpTable, "embedding" | "embeddingGrad">;
