import type { ReferenceTable, ReferenceTensor } from "../kernel.ts";

export const softmaxKernels = {
  softmax({ ins: { x }, outs: { out } }) {
    overRows(x, (start, columns) => {
      const shift = logSumExp(x, start, columns);
      for (let c = start; c < start + columns; c++)
        out.data[c] = Math.exp((x.data[c] ?? 0) - shift);
    });
  },

  logSoftmax({ ins: { x }, outs: { out } }) {
    overRows(x, (start, columns) => {
      const shift = logSumExp(x, start, columns);
      for (let c = start; c < start + columns; c++) out.data[c] = (x.data[c] ?? 0) - shift;
    });
  },

  crossEntropy({ ins: { logits, labels }, outs: { out } }) {
    overRows(logits, (start, columns, row) => {
      const label = labels.data[row] ?? -1;
      const picked = label < columns ? (logits.data[start + label] ?? 0) : Number.NaN;
      out.data[row] = label < 0 ? 0 : logSumExp(logits, start, columns) - picked;
    });
  },

  crossEntropyGrad({ ins: { logits, labels, g }, outs: { out } }) {
    overRows(logits, (start, columns, row) => {
      const label = labels.data[row] ?? -1;
      const weight = g.data[g.type.shape.length === 0 ? 0 : row] ?? 0;
      const scale = label < columns ? weight : Number.NaN;
      const shift = logSumExp(logits, start, columns);
      for (let c = 0; c < columns; c++) {
        const probability = Math.exp((logits.data[start + c] ?? 0) - shift);
        out.data[start + c] = label < 0 ? 0 : (probability - (c === label ? 1 : 0)) * scale;
      }
    });
  },
} satisfies Pick<ReferenceTable, "softmax" | "logSoftmax" | "crossEntropy" | "crossEntropyGrad">;

/** Visits the rows along the last dimension: where each starts, how long it is, its number. */
function overRows(
  x: ReferenceTensor,
  visit: (start: number, columns: number, row: number) => void,
): void {
  const columns = x.type.shape.at(-1) ?? 1;
  for (let start = 0, row = 0; start < x.data.length; start += columns, row++) {
    visit(start, columns, row);
  }
}

/** log Σ exp(x), shifted by the row's maximum so that no exponential overflows. */
function logSumExp(x: ReferenceTensor, start: number, columns: number): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let c = start; c < start + columns; c++) largest = Math.max(largest, x.data[c] ?? 0);
  let sum = 0;
  for (let c = start; c < start + columns; c++) sum += Math.exp((x.data[c] ?? 0) - largest);
  return largest + Math.log(sum);
}
