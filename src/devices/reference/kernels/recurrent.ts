import type { ReferenceTable } from "../kernel.ts";

type Numbers = ArrayLike<number>;

/** The equations are in ops/recurrent.ts. Sequences are [T, B, U], gates [T, B, U, 4] in the order i f g o. */
export const recurrentKernels = {
  lstm({ ins: { projected, recurrent, h0, c0 }, outs: { y, cells, gates } }) {
    const [steps = 0, batch = 0, units = 0] = projected.type.shape;
    const size = batch * units;
    for (let t = 0; t < steps; t++) {
      for (let b = 0; b < batch; b++) {
        // h_{t-1} and c_{t-1} of this row; of the first step they are given.
        const [h, c, start] =
          t === 0
            ? [h0.data, c0.data, b * units]
            : [y.data, cells.data, (t - 1) * size + b * units];
        for (let u = 0; u < units; u++) {
          const at = t * size + b * units + u;
          const a = (gate: number) =>
            (projected.data[at * 4 + gate] ?? 0) +
            recur(h, start, recurrent.data, units, u * 4 + gate);
          const i = sigmoid(a(0));
          const f = sigmoid(a(1));
          const g = Math.tanh(a(2));
          const o = sigmoid(a(3));
          const cell = f * (c[start + u] ?? 0) + i * g;
          gates.data.set([i, f, g, o], at * 4);
          cells.data[at] = cell;
          y.data[at] = o * Math.tanh(cell);
        }
      }
    }
  },

  lstmGrad({ ins: { recurrent, c0, cells, gates, gY, gCells }, outs: { gProjected, gH0, gC0 } }) {
    const [steps = 0, batch = 0, units = 0] = cells.type.shape;
    const size = batch * units;
    // Gradients with respect to h_t and c_t that come from the steps after t.
    const gH = new Float64Array(size);
    const gC = new Float64Array(size);
    for (let t = steps - 1; t >= 0; t--) {
      for (let k = 0; k < size; k++) {
        const at = t * size + k;
        const i = gates.data[at * 4] ?? 0;
        const f = gates.data[at * 4 + 1] ?? 0;
        const g = gates.data[at * 4 + 2] ?? 0;
        const o = gates.data[at * 4 + 3] ?? 0;
        const before = (t === 0 ? c0.data[k] : cells.data[at - size]) ?? 0;
        const tanhC = Math.tanh(cells.data[at] ?? 0);
        const dh = (gY.data[at] ?? 0) + (gH[k] ?? 0);
        const dc = (gCells?.data[at] ?? 0) + (gC[k] ?? 0) + dh * o * (1 - tanhC * tanhC);
        gProjected.data.set(
          [
            dc * g * i * (1 - i),
            dc * before * f * (1 - f),
            dc * i * (1 - g * g),
            dh * tanhC * o * (1 - o),
          ],
          at * 4,
        );
        gC[k] = dc * f;
      }
      for (let k = 0; k < size; k++) {
        const row = (t * size + k - (k % units)) * 4;
        gH[k] = recurBack(gProjected.data, row, recurrent.data, units, k % units);
      }
    }
    gH0.data.set(gH);
    gC0.data.set(gC);
  },
} satisfies Pick<ReferenceTable, "lstm" | "lstmGrad">;

/** Σ_k h[k] · R[k][column], R [U, U · 4]. */
function recur(h: Numbers, start: number, r: Numbers, units: number, column: number): number {
  let sum = 0;
  for (let k = 0; k < units; k++) sum += (h[start + k] ?? 0) * (r[k * units * 4 + column] ?? 0);
  return sum;
}

/** Σ_column ga[column] · R[k][column]: the gradient with respect to h[k]. */
function recurBack(ga: Numbers, start: number, r: Numbers, units: number, k: number): number {
  let sum = 0;
  for (let column = 0; column < units * 4; column++) {
    sum += (ga[start + column] ?? 0) * (r[k * units * 4 + column] ?? 0);
  }
  return sum;
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
