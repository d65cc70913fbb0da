/** The cells' equations, written again with plain numbers: what the library derives everything else from has to be right. */
import { describe, expect, it } from "vitest";
import type { ReferenceTensor } from "../../../src/devices/reference/kernel.ts";
import { bodyOfCell } from "../../../src/graph/cell-body.ts";
import type { Cell } from "../../../src/ops/cells/cell.ts";
import * as cells from "../../../src/ops/cells/index.ts";
import { drawTensor, evaluate, keyFrom, relativeError } from "../../support/case-data.ts";

const { exp, tanh, log, max } = Math;
const sigmoid = (x: number) => 1 / (1 + exp(-x));

/** The states behind a step, from (x·W + b) of the inputs, h·R by column, the states before and the vectors. */
type Step = (
  x: readonly number[],
  product: (column: number, of?: (unit: number) => number) => number,
  before: readonly number[],
  vectors: readonly number[],
  /** For another unit: its inputs' and states' numbers, for what a second product multiplies. */
  at: (unit: number) => { readonly x: readonly number[]; readonly h: number; readonly sum: number },
) => readonly number[];

const n = (values: readonly number[], i: number) => values[i] ?? Number.NaN;

const equations: readonly (readonly [cell: Cell, step: Step])[] = [
  [cells.rnn.relu, (x, r) => [max(0, n(x, 0) + r(0))]],
  [
    cells.peepholeLstm,
    (x, r, [, c = 0], [pi = 0, pf = 0, po = 0]) => {
      const i = sigmoid(n(x, 0) + r(0) + pi * c);
      const next = sigmoid(n(x, 1) + r(1) + pf * c) * c + i * tanh(n(x, 2) + r(2));
      return [sigmoid(n(x, 3) + r(3) + po * next) * tanh(next), next];
    },
  ],
  [
    cells.coupledLstm,
    (x, r, [, c = 0]) => {
      const i = sigmoid(n(x, 0) + r(0));
      const next = (1 - i) * c + i * tanh(n(x, 1) + r(1));
      return [sigmoid(n(x, 2) + r(2)) * tanh(next), next];
    },
  ],
  [
    cells.resetBeforeGru,
    (x, r, [h = 0], _, at) => {
      const z = sigmoid(n(x, 1) + r(1));
      const reset = (unit: number) => sigmoid(n(at(unit).x, 0) + at(unit).sum) * at(unit).h;
      return [(1 - z) * tanh(n(x, 2) + r(2, reset)) + z * h];
    },
  ],
  [
    cells.minimalGatedUnit,
    (x, r, [h = 0], _, at) => {
      const f = sigmoid(n(x, 0) + r(0));
      const kept = (unit: number) => sigmoid(n(at(unit).x, 0) + at(unit).sum) * at(unit).h;
      return [(1 - f) * h + f * tanh(n(x, 1) + r(1, kept))];
    },
  ],
  [
    cells.minGru,
    (x, _r, [h = 0]) => {
      const z = sigmoid(n(x, 0));
      return [(1 - z) * h + z * n(x, 1)];
    },
  ],
  [
    cells.slstm,
    (x, r, [, c = 0, norm = 0, m = 0]) => {
      const kept = log(sigmoid(n(x, 1) + r(1))) + m;
      const input = n(x, 0) + r(0);
      const most = max(kept, input);
      const [i, f] = [exp(input - most), exp(kept - most)];
      const [next, normed] = [f * c + i * tanh(n(x, 2) + r(2)), f * norm + i];
      return [(sigmoid(n(x, 3) + r(3)) * next) / normed, next, normed, most];
    },
  ],
];

const [T, B, U] = [3, 2, 4];

describe("a cell's equations", () => {
  it.each(equations.map(([cell, step]) => [cell.name, cell, step] as const))(
    "of %s give the states of every step",
    (name, cell, step) => {
      const body = bodyOfCell(cell);
      const [I, G] = [body.inputs.length, body.sums.length];
      const draw = (what: string, ...shape: number[]): ReferenceTensor =>
        drawTensor({ dtype: "f32", shape }, keyFrom(`${name} ${what}`));
      const projected = draw("projected", T, B, U, I);
      const recurrent = G === 0 ? undefined : draw("recurrent", U, U, G);
      const vectors = body.vectors.map((of) => draw(of, U));
      // n of an slstm is a sum of what is positive.
      const initial = body.states.map((of) => {
        const drawn = draw(`${of}0`, B, U);
        return { ...drawn, data: drawn.data.map((value: number) => Math.abs(value) + 0.1) };
      }) as ReferenceTensor[];
      const { states } = evaluate(
        "recurrence",
        { projected, recurrent, vectors, initial, lengths: undefined },
        { cell: body, reverse: false, flow: false },
      );
      let before = initial.map(({ data }) => Array.from(data));
      for (let t = 0; t < T; t++) {
        const inputs = (b: number, u: number) =>
          body.inputs.map((_, i) => n(Array.from(projected.data), ((t * B + b) * U + u) * I + i));
        const next = before.map(() => [] as number[]);
        for (let b = 0; b < B; b++)
          for (let u = 0; u < U; u++) {
            const productFor = (to: number, column: number, of: (unit: number) => number) =>
              Array.from(
                { length: U },
                (_, k) => of(k) * (recurrent?.data[(k * U + to) * G + column] ?? 0),
              ).reduce((a, one) => a + one, 0);
            const h = (k: number) => n(before[0] ?? [], b * U + k);
            const at = (k: number) => ({ x: inputs(b, k), h: h(k), sum: productFor(k, 0, h) });
            const made = step(
              inputs(b, u),
              (column, of = h) => productFor(u, column, of),
              before.map((state) => n(state, b * U + u)),
              vectors.map(({ data }) => data[u] ?? Number.NaN),
              at,
            );
            for (const [s, value] of made.entries()) next[s]?.push(value);
          }
        states.forEach((tape, s) => {
          const row = tape.data.slice((t + 1) * B * U, (t + 2) * B * U);
          expect(
            relativeError(next[s] ?? [], row),
            `${body.states[s]} behind step ${t}`,
          ).toBeLessThan(1e-13);
        });
        before = next;
      }
    },
  );
});
