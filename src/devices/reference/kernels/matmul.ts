import { broadcastStrides, sizeOf } from "../../../tensor/shape.ts";
import type { ReferenceTable } from "../kernel.ts";

export const matmulKernels = {
  matmul({ ins: { a, b }, outs: { out }, attrs: { transposeA, transposeB } }) {
    const batch = out.type.shape.slice(0, -2);
    const [m, n] = lastTwo(out.type.shape);
    const [aRows, aColumns] = lastTwo(a.type.shape);
    const [bRows, bColumns] = lastTwo(b.type.shape);
    const depth = transposeA ? aRows : aColumns;
    // Elements from one i, k or j to the next in each operand.
    const [ai, ak] = transposeA ? [1, aColumns] : [aColumns, 1];
    const [bk, bj] = transposeB ? [1, bColumns] : [bColumns, 1];
    const aBatch = broadcastStrides(a.type.shape.slice(0, -2), batch);
    const bBatch = broadcastStrides(b.type.shape.slice(0, -2), batch);
    const position = batch.map(() => 0);
    for (let z = 0; z < sizeOf(batch); z++) {
      unravel(z, batch, position);
      const aStart = dot(position, aBatch) * aRows * aColumns;
      const bStart = dot(position, bBatch) * bRows * bColumns;
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < n; j++) {
          let sum = 0;
          for (let k = 0; k < depth; k++) {
            const x = a.data[aStart + i * ai + k * ak] ?? 0;
            sum += x * (b.data[bStart + k * bk + j * bj] ?? 0);
          }
          out.data[(z * m + i) * n + j] = sum;
        }
      }
    }
  },
} satisfies Pick<ReferenceTable, "matmul">;

function lastTwo(shape: readonly number[]): [number, number] {
  return [shape.at(-2) ?? 1, shape.at(-1) ?? 1];
}

/** Writes the multi-index of element `index` of a tensor of `shape` into `position`. */
function unravel(index: number, shape: readonly number[], position: number[]): void {
  let rest = index;
  for (let d = shape.length - 1; d >= 0; d--) {
    const size = shape[d] ?? 1;
    position[d] = rest % size;
    rest = Math.floor(rest / size);
  }
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, x, d) => sum + x * (b[d] ?? 0), 0);
}
