/** What holds for recurrent layers of every kind. Values against PyTorch are in recurrent-goldens.test.ts. */
import { describe, expect, it } from "vitest";
import { ArgumentError } from "../../../src/errors.ts";
import { slice, type Tensor, tensor, transpose } from "../../../src/functions.ts";
import { reachable } from "../../../src/graph/graph.ts";
import * as nn from "../../../src/nn/index.ts";
import { evaluateTensor, evaluateTensors } from "../../support/evaluate-tensor.ts";
import { recurrentKinds, recurrentLayers } from "../../support/recurrent-layers.ts";
import { openCounting } from "../runtime/open.ts";

const [STEPS, BATCH, INPUTS, HIDDEN] = [6, 2, 3, 4];
const wave = (...shape: number[]) => {
  const length = shape.reduce((product, n) => product * n, 1);
  return tensor(
    Float32Array.from({ length }, (_, i) => Math.sin(i * i + 1)),
    shape,
  );
};
const sequence = wave(STEPS, BATCH, INPUTS);

/** Elements of [T, B, F] with the steps in reverse order. */
function flipped(elements: readonly number[], steps: number): number[] {
  const size = elements.length / steps;
  const rows = Array.from({ length: steps }, (_, t) => elements.slice(t * size, (t + 1) * size));
  return rows.reverse().flat();
}

describe.each(recurrentKinds)("nn: %s", (kind) => {
  const make = recurrentLayers[kind];
  const parts = kind === "lstm" ? 2 : 1;

  it.each([1, 2, 3])("gives y of every step and the state of each of %d layers", (layers) => {
    const model = make(INPUTS, HIDDEN, { layers });
    const { y, state } = model.step(sequence, undefined);
    expect(y.shape).toEqual([STEPS, BATCH, HIDDEN]);
    expect(model.stateShapes(BATCH)).toEqual(Array(layers * parts).fill([BATCH, HIDDEN]));
    expect(state.map(({ shape }) => shape)).toEqual(model.stateShapes(BATCH));
  });

  it.each([1, 3])("in windows that carry the state computes what one pass does: %d layers", (n) => {
    const model = nn.sequential(make(INPUTS, HIDDEN, { layers: n, seed: 1 }), nn.linear(HIDDEN, 2));
    const whole = model.step(sequence, undefined);
    let state: readonly Tensor[] | undefined;
    const ys = [];
    for (const [start, steps] of [[0, 3] as const, [3, 1] as const, [4, 2] as const]) {
      const stepped = model.step(slice(sequence, [start, 0, 0], [steps, -1, -1]), state);
      ys.push(stepped.y);
      state = stepped.state;
    }
    // The same numbers are summed in the same order: every bit is the same.
    expect(evaluateTensors(ys).flat()).toEqual(evaluateTensor(whole.y));
    expect(evaluateTensors(state ?? [])).toEqual(evaluateTensors(whole.state));
  });

  it("is walked by run() as by step(), from the same state", () => {
    const model = make(INPUTS, HIDDEN, { layers: 2, seed: 1 });
    const { state } = model.step(sequence, undefined);
    const [stepped, run] = [model.step(sequence, state), model.run(sequence, { state })];
    expect(evaluateTensors([run.y, ...run.state])).toEqual(
      evaluateTensors([stepped.y, ...stepped.state]),
    );
  });

  it("ends in the last y of its last layer", () => {
    const { y, state } = make(INPUTS, HIDDEN, { layers: 2, seed: 1 }).run(sequence);
    const [last, h] = [slice(y, [STEPS - 1, 0, 0], [1, -1, -1]), state.at(-parts) as Tensor];
    expect(evaluateTensor(last)).toEqual(evaluateTensor(h));
  });

  it("in reverse gives of a reversed sequence what it gives of the sequence, reversed", async () => {
    openCounting();
    const model = make(INPUTS, HIDDEN, { bidirectional: true, seed: 1 });
    const dict = await model.stateDict();
    const same = Object.entries(dict).map(([name, entry]) => [
      name,
      dict[name.replace("_reverse", "")] ?? entry,
    ]);
    model.loadStateDict(Object.fromEntries(same));
    const reversed = Float32Array.from(flipped(evaluateTensor(sequence), STEPS));
    const given = model.run(sequence);
    const turned = model.run(tensor(reversed, sequence.shape));
    const half = (y: Tensor, d: number) =>
      evaluateTensor(slice(y, [0, 0, d * HIDDEN], [-1, -1, HIDDEN]));
    expect(flipped(half(turned.y, 1), STEPS)).toEqual(half(given.y, 0));
    expect(flipped(half(turned.y, 0), STEPS)).toEqual(half(given.y, 1));
    expect(evaluateTensors(turned.state.slice(parts))).toEqual(
      evaluateTensors(given.state.slice(0, parts)),
    );
  });

  it("in both directions carries no state, and is called like a layer that has none", () => {
    const layer = make(INPUTS, HIDDEN, { bidirectional: true });
    expect(layer.stateShapes(BATCH)).toEqual([]);
    expect(layer.step(sequence, undefined).state).toEqual([]);
    expect(layer.run(sequence).state).toHaveLength(2 * parts);
    expect(() => layer.step(sequence, layer.run(sequence).state)).toThrow(ArgumentError);
    const wrapped = nn.module("m", { children: { layer }, forward: (x) => layer(x) });
    expect(wrapped(sequence).shape).toEqual([STEPS, BATCH, 2 * HIDDEN]);
  });

  it.each([false, true])(
    "with batchFirst reads and gives [B, T, F]; with lengths: %s",
    (packed) => {
      const options = { layers: 2, bidirectional: true, seed: 1 };
      const [plain, turned] = [
        make(INPUTS, HIDDEN, options),
        make(INPUTS, HIDDEN, { ...options, batchFirst: true }),
      ];
      const run = packed ? { lengths: [2, 5] } : {};
      const expected = plain.run(sequence, run);
      const found = turned.run(transpose(sequence, [1, 0, 2]), run);
      expect(found.y.shape).toEqual([BATCH, STEPS, 2 * HIDDEN]);
      expect(evaluateTensor(transpose(found.y, [1, 0, 2]))).toEqual(evaluateTensor(expected.y));
      expect(evaluateTensors(found.state)).toEqual(evaluateTensors(expected.state));
    },
  );

  it("drops between its layers, while training alone", () => {
    openCounting();
    const dropped = (layers: number, isTraining: boolean) => {
      const model = make(INPUTS, HIDDEN, { layers, dropout: 0.5, bidirectional: true });
      model.train(isTraining);
      const nodes = reachable([model(sequence).value]);
      return nodes.flatMap((node) => (node.op === "uniform" ? [node.attrs.shape] : []));
    };
    expect(dropped(1, true)).toEqual([]);
    expect(dropped(3, true)).toEqual(Array(2).fill([STEPS, BATCH, 2 * HIDDEN]));
    expect(dropped(3, false)).toEqual([]);
    const options = { layers: 2, seed: 1 };
    const model = make(INPUTS, HIDDEN, { ...options, dropout: 0.5 });
    model.eval();
    expect(evaluateTensor(model(sequence))).toEqual(
      evaluateTensor(make(INPUTS, HIDDEN, options)(sequence)),
    );
  });

  it("says in summary() what it is, and how many parameters it has", () => {
    const model = nn.sequential(
      make(INPUTS, HIDDEN, { layers: 2, bidirectional: true }),
      make(2 * HIDDEN, HIDDEN),
    );
    const name = kind === "lstm" || kind === "gru" ? kind : "rnn";
    const gates = { rnn: 1, gru: 3, lstm: 4 }[name];
    const inner = name === "gru" ? HIDDEN : 0;
    const direction = (inputs: number) => gates * HIDDEN * (inputs + HIDDEN + 1) + inner;
    const counts = [2 * (direction(INPUTS) + direction(2 * HIDDEN)), direction(2 * HIDDEN)];
    const lines = model.summary([STEPS, BATCH, INPUTS]).split("\n").slice(1, 3);
    expect(lines.map((line) => line.split(/ {2,}/).slice(0, 4))).toEqual([
      ["0", `${name}(3, 4, 2 layers, both directions)`, "[6, 2, 8]", String(counts[0])],
      ["1", `${name}(8, 4)`, "[6, 2, 4]", String(counts[1])],
    ]);
  });
});
