/** Sequences of different lengths in one batch, through layers of every kind. */
import { describe, expect, it } from "vitest";
import {
  add,
  compile,
  gradients,
  mul,
  slice,
  sum,
  type Tensor,
  tensor,
} from "../../../src/functions.ts";
import type { RecurrentModule } from "../../../src/nn/index.ts";
import { relativeError } from "../../support/case-data.ts";
import { evaluateTensor, evaluateTensors } from "../../support/evaluate-tensor.ts";
import { recurrentKinds, recurrentLayers } from "../../support/recurrent-layers.ts";
import { openCounting } from "../runtime/open.ts";

const [STEPS, BATCH, INPUTS, HIDDEN] = [5, 4, 3, 4];
const LENGTHS = [3, 0, 5, 1];

const wave = (shape: readonly number[], phase = 0) => {
  const length = shape.reduce((product, n) => product * n, 1);
  return tensor(
    Float32Array.from({ length }, (_, i) => Math.sin(i * i + 1 + phase)),
    shape,
  );
};
const sequence = wave([STEPS, BATCH, INPUTS]);

/** Σ of y and of all states, weighted so that no two elements count alike. */
function lossOf({ y, state }: { readonly y: Tensor; readonly state: readonly Tensor[] }): Tensor {
  const sums = [y, ...state].map((value, k) => sum(mul(value, wave(value.shape, k))));
  return sums.reduce((a, b) => add(a, b));
}

describe.each(recurrentKinds)("a batch with lengths: %s", (kind) => {
  const parts = kind === "lstm" ? 2 : 1;
  const layersOf = (bidirectional: boolean) =>
    recurrentLayers[kind](INPUTS, HIDDEN, { layers: 2, bidirectional, seed: 1 });
  const statesFor = (bidirectional: boolean) =>
    Array.from({ length: 2 * parts * (bidirectional ? 2 : 1) }, (_, k) =>
      wave([BATCH, HIDDEN], 10 + k),
    );
  const gradientsOf = (
    model: RecurrentModule,
    x: Tensor,
    state: readonly Tensor[],
    lengths?: ArrayLike<number>,
  ) => {
    const run = model.run(x, { state, lengths });
    const found = gradients(lossOf(run), [x, ...state, ...model.parameters()]);
    return evaluateTensors([run.y, ...run.state, ...found]);
  };

  it.each([false, true])("walks each sequence as it would alone; both directions: %s", (both) => {
    const model = layersOf(both);
    const state = statesFor(both);
    const { y, state: final } = model.run(sequence, { state, lengths: LENGTHS });
    LENGTHS.forEach((length, b) => {
      const row = (value: Tensor) => slice(value, [b, 0], [1, -1]);
      const own = slice(y, [0, b, 0], [-1, 1, -1]);
      const behind = evaluateTensor(slice(own, [length, 0, 0], [-1, -1, -1]));
      expect(behind.every((value) => value === 0)).toBe(true);
      if (length === 0) {
        expect(evaluateTensors(final.map(row))).toEqual(evaluateTensors(state.map(row)));
        return;
      }
      const alone = model.run(slice(sequence, [0, b, 0], [length, 1, -1]), {
        state: state.map(row),
      });
      expect(evaluateTensor(slice(own, [0, 0, 0], [length, -1, -1]))).toEqual(
        evaluateTensor(alone.y),
      );
      expect(evaluateTensors(final.map(row))).toEqual(evaluateTensors(alone.state));
    });
  });

  it("gives an empty sequence no gradient, and its states that of the final ones", () => {
    const state = statesFor(true);
    const [, ...rest] = gradientsOf(layersOf(true), sequence, state, LENGTHS);
    const [gX = [], ...gStates] = rest.slice(state.length);
    const empty = LENGTHS.indexOf(0);
    const elementsOf = (b: number) => (_: number, i: number) =>
      Math.floor(i / INPUTS) % BATCH === b;
    expect(gX.filter(elementsOf(empty)).every((g) => g === 0)).toBe(true);
    expect(gX.filter(elementsOf(0)).some((g) => g !== 0)).toBe(true);
    state.forEach((_, k) => {
      const start = empty * HIDDEN;
      const weights = evaluateTensor(wave([BATCH, HIDDEN], k + 1));
      expect(gStates[k]?.slice(start, start + HIDDEN)).toEqual(
        weights.slice(start, start + HIDDEN),
      );
    });
  });

  it("never sees what stands behind an end", () => {
    const elements = Float32Array.from(evaluateTensor(sequence));
    const isBehind = (i: number) => {
      const [t, b] = [Math.floor(i / INPUTS / BATCH), Math.floor(i / INPUTS) % BATCH];
      return t >= (LENGTHS[b] ?? 0);
    };
    const padded = tensor(
      elements.map((x, i) => (isBehind(i) ? 1000 : x)),
      sequence.shape,
    );
    const [model, state] = [layersOf(true), statesFor(true)];
    const [given, found] = [sequence, padded].map((x) => gradientsOf(model, x, state, LENGTHS));
    expect(found).toEqual(given);
    const g = found?.[state.length + 1] ?? [];
    expect(g.every((value, i) => !isBehind(i) || value === 0)).toBe(true);
  });

  it("in which all are whole is one without lengths", () => {
    const [model, state] = [layersOf(true), statesFor(true)];
    const whole = Array(BATCH).fill(STEPS);
    const expected = gradientsOf(model, sequence, state);
    expect(gradientsOf(model, sequence, state, whole)).toEqual(expected);
    expect(gradientsOf(model, sequence, state, Int32Array.from(whole))).toEqual(expected);
  });

  it("takes lengths as data of a compiled step, which is compiled once for all of them", async () => {
    openCounting();
    const [model, state] = [layersOf(true), statesFor(true)];
    const compute = (x: Tensor, lengths: Tensor) => {
      const run = model.run(x, { state, lengths });
      return [run.y, ...run.state, ...gradients(lossOf(run), [x])];
    };
    const batches = [LENGTHS, [5, 5, 2, 4], [0, 0, 0, 1]].map((lengths) =>
      tensor(Int32Array.from(lengths)),
    );
    const expected = batches.map((lengths) => evaluateTensors(compute(sequence, lengths)));
    const step = compile((x, lengths) => compute(x as Tensor, lengths as Tensor));
    for (const [n, lengths] of batches.entries()) {
      for (const [i, result] of (await step(sequence, lengths)).entries()) {
        // f32 through 20 gates one after the other, each a sum of at most 12 products: √(20 · 12) ε.
        const error = relativeError(await result.data(), expected[n]?.[i] ?? []);
        expect(error).toBeLessThan(1e-6);
      }
    }
    expect(step.plans).toHaveLength(1);
  });
});
