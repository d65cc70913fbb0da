import type { Shape } from "../../src/tensor/shape.ts";
import type { Case, CaseTable } from "./case.ts";
import { each } from "./each.ts";

/** Shapes as they are multiplied: a [...batch, M, K], b [...batch, K, N]; stored transposed where the flags say so. */
interface Product {
  readonly name: string;
  readonly a: Shape;
  readonly b: Shape;
  readonly transposeA?: true;
  readonly transposeB?: true;
}

export const matmulCases = {
  matmul: each<Product, Case<"matmul">>(
    [
      { name: "matmul multiplies a small matrix by another", a: [2, 3], b: [3, 4] },
      { name: "matmul of 1 × 1 matrices is a product of numbers", a: [1, 1], b: [1, 1] },
      { name: "matmul of no rows is empty", a: [0, 5], b: [5, 3] },
      { name: "matmul over a depth of 0 is all zeros", a: [3, 0], b: [0, 4] },
      { name: "matmul of a row by a matrix", a: [1, 37], b: [37, 65] },
      { name: "matmul of a matrix by a column", a: [67, 31], b: [31, 1] },
      { name: "matmul of a column by a row is an outer product", a: [17, 1], b: [1, 33] },
      { name: "matmul of prime sizes", a: [7, 11], b: [11, 13] },
      { name: "matmul one more than a small tile in every dimension", a: [17, 33], b: [33, 17] },
      { name: "matmul one more than a medium tile in every dimension", a: [65, 33], b: [33, 65] },
      { name: "matmul one more than a large tile of rows", a: [129, 17], b: [17, 65] },
      { name: "matmul one more than a large tile of columns", a: [33, 17], b: [17, 129] },
      { name: "matmul of sizes that are whole tiles", a: [64, 32], b: [32, 64] },
      { name: "matmul of few rows over a great depth", a: [3, 1031], b: [1031, 5] },
      { name: "matmul with a transposed", a: [17, 33], b: [33, 19], transposeA: true },
      { name: "matmul with b transposed", a: [17, 33], b: [33, 19], transposeB: true },
      {
        name: "matmul with both transposed",
        a: [17, 33],
        b: [33, 19],
        transposeA: true,
        transposeB: true,
      },
      { name: "matmul with a transposed, whole tiles", a: [32, 64], b: [64, 32], transposeA: true },
      { name: "matmul with b transposed, whole tiles", a: [32, 64], b: [64, 32], transposeB: true },
      {
        name: "matmul with a transposed over a great depth, as for weight gradients",
        a: [9, 517],
        b: [517, 36],
        transposeA: true,
      },
      { name: "matmul of a batch by a batch", a: [3, 5, 7], b: [3, 7, 4] },
      {
        name: "matmul of a batch by one matrix, as a linear layer over a sequence",
        a: [5, 3, 17],
        b: [17, 9],
      },
      {
        name: "matmul of a batch by one transposed matrix",
        a: [5, 3, 17],
        b: [17, 9],
        transposeB: true,
      },
      { name: "matmul of one matrix by a batch", a: [4, 5], b: [3, 5, 2] },
      {
        name: "matmul of a transposed batch by one matrix",
        a: [2, 5, 3],
        b: [3, 4],
        transposeA: true,
      },
      { name: "matmul broadcasts the batch of both", a: [2, 1, 3, 5], b: [3, 5, 4] },
      {
        name: "matmul broadcasts the batch of both with both transposed",
        a: [1, 3, 4, 5],
        b: [2, 1, 5, 6],
        transposeA: true,
        transposeB: true,
      },
      { name: "matmul of a batch of none", a: [0, 2, 3], b: [3, 4] },
    ],
    ({ name, a, b, transposeA = false, transposeB = false }) => ({
      name,
      ins: {
        a: { shape: transposeA ? swapLastTwo(a) : a },
        b: { shape: transposeB ? swapLastTwo(b) : b },
      },
      attrs: { transposeA, transposeB },
    }),
  ),
} satisfies Pick<CaseTable, "matmul">;

function swapLastTwo(shape: Shape): Shape {
  return [...shape.slice(0, -2), shape.at(-1) ?? 1, shape.at(-2) ?? 1];
}
