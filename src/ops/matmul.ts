import { ShapeError } from "../errors.ts";
import { broadcastShapes, sizeOf, type TensorType } from "../tensor/shape.ts";
import { arithmetic } from "./arithmetic.ts";
import { checkDType, complaint, given, listTypes } from "./check.ts";
import type { Emit, Maker, Op, OpTable, Value, VjpTable } from "./op.ts";
import { unbroadcast } from "./unbroadcast.ts";

/**
 * out[..., i, j] = Σ_k a[..., i, k] · b[..., k, j]; the dimensions in front of the last two broadcast.
 * a [..., M, K], or [..., K, M] with `transposeA`; b [..., K, N], or [..., N, K] with `transposeB`.
 */
const matmul: Op<"matmul"> = {
  inputs: { a: "one", b: "one" },
  outputs: { out: "one" },
  cost: "expensive",

  infer({ a, b }, { transposeA, transposeB }) {
    checkMatrix("a", a);
    checkMatrix("b", b);
    const [m, aDepth] = rowsAndColumns(a, transposeA);
    const [bDepth, n] = rowsAndColumns(b, transposeB);
    if (aDepth !== bDepth) {
      throw new ShapeError(
        complaint(
          "matmul",
          "the columns of a must equal the rows of b",
          `${listTypes({ a, b })}, transposeA ${transposeA}, transposeB ${transposeB}`,
          `Here a has ${aDepth} columns and b ${bDepth} rows: transpose or reshape one of them.`,
        ),
      );
    }
    const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2));
    if (!batch) {
      throw new ShapeError(
        complaint(
          "matmul",
          "the dimensions in front of the last two must broadcast",
          listTypes({ a, b }),
          "Aligned at the right, sizes must be equal or 1.",
        ),
      );
    }
    return { out: { dtype: "f32", shape: [...batch, m, n] } };
  },

  /** A transpose of the last two dimensions is read by the kernels' own loaders. */
  simpler({ emit, ins, attrs: { transposeA, transposeB }, makerOf }) {
    const [a, b] = [untransposed(makerOf(ins.a)), untransposed(makerOf(ins.b))];
    if (a === undefined && b === undefined) return undefined;
    const attrs = {
      transposeA: transposeA !== (a !== undefined),
      transposeB: transposeB !== (b !== undefined),
    };
    return emit("matmul", { a: a ?? ins.a, b: b ?? ins.b }, attrs).out;
  },
};

/** What is transposed, if the last two dimensions alone are. */
function untransposed(maker: Maker | undefined): Value | undefined {
  if (maker?.op !== "transpose") return undefined;
  const { permutation } = maker.attrs;
  const rank = permutation.length;
  const swapped = (d: number) => (d < rank - 2 ? d : 2 * rank - 3 - d);
  const { x } = maker.ins;
  const swapsLast = permutation.every((from, d) => from === swapped(d));
  return swapsLast && sizeOf(x.type.shape) > 0 ? x : undefined;
}

export const matmulOps = { matmul } satisfies Pick<OpTable, "matmul">;

export const matmulVjps = {
  matmul(emit, { ins: { a, b }, cotangents, attrs: { transposeA, transposeB } }) {
    const g = given(cotangents.out);
    const product = (x: Value, y: Value, transposeX: boolean, transposeY: boolean) =>
      emit("matmul", { a: x, b: y }, { transposeA: transposeX, transposeB: transposeY }).out;
    const gA = transposeA ? product(b, g, transposeB, true) : product(g, b, false, !transposeB);
    if (isBatchOfRows(a, b) && !transposeA) {
      const [rows, gRows] = [asOneMatrix(emit, a), asOneMatrix(emit, g)];
      const gB = transposeB ? product(gRows, rows, true, false) : product(rows, gRows, true, false);
      return { a: unbroadcast(emit, gA, a.type.shape), b: gB };
    }
    const gB = transposeB ? product(g, a, true, transposeA) : product(a, g, !transposeA, false);
    return {
      a: unbroadcast(emit, gA, a.type.shape),
      b: unbroadcast(emit, gB, b.type.shape),
    };
  },
} satisfies Pick<VjpTable, "matmul">;

function checkMatrix(name: string, type: TensorType): void {
  checkDType("matmul", name, type, ["f32"]);
  if (type.shape.length >= 2) return;
  throw new ShapeError(
    complaint(
      "matmul",
      `${name} must have at least 2 dimensions`,
      listTypes({ [name]: type }),
      "Reshape a vector to [1, n] or [n, 1] first.",
    ),
  );
}

/** Of the matrix as it is multiplied, after transposition. */
function rowsAndColumns({ shape }: TensorType, transpose: boolean): [number, number] {
  const [first, second] = [shape.at(-2) ?? 0, shape.at(-1) ?? 0];
  return transpose ? [second, first] : [first, second];
}

/**
 * A batch of matrices times one matrix, as in a linear layer over a sequence. The gradient of that one matrix is
 * then one product over all rows, not a product for each member of the batch and a sum.
 */
function isBatchOfRows(a: Value, b: Value): boolean {
  return a.type.shape.length > 2 && b.type.shape.length === 2;
}

function asOneMatrix(emit: Emit, x: Value): Value {
  const columns = x.type.shape.at(-1) ?? 0;
  const rows = sizeOf(x.type.shape.slice(0, -1));
  return arithmetic(emit).reshape(x, [rows, columns]);
}
