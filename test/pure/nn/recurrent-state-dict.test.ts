/** State dicts of recurrent layers: PyTorch's names and layouts, there and back. */
import { beforeEach, describe, expect, it } from "vitest";
import { ArgumentError, ShapeError } from "../../../src/errors.ts";
import { tensor } from "../../../src/functions.ts";
import * as nn from "../../../src/nn/index.ts";
import { relativeError } from "../../support/case-data.ts";
import { evaluateTensors } from "../../support/evaluate-tensor.ts";
import { goldenCases, titleOf } from "../../support/recurrent-goldens.ts";
import { recurrentKinds, recurrentLayers } from "../../support/recurrent-layers.ts";
import { openCounting } from "../runtime/open.ts";

const HIDDEN = 2;

beforeEach(() => {
  openCounting();
});

const counting = (length: number, from = 1) => Float32Array.from({ length }, (_, i) => from + i);

/** Entries as plain lists, for comparisons that can be read. */
const listed = (dict: nn.StateDict) =>
  Object.fromEntries(Object.entries(dict).map(([name, { data }]) => [name, [...data]]));

describe("a recurrent layer's state dict", () => {
  const forms = goldenCases.filter(({ hasStates, lengths }) => !hasStates && lengths === null);
  it.each(forms.map((golden) => [titleOf(golden), golden] as const))(
    "has PyTorch's names in PyTorch's order: %s",
    async (_, { kind, inputs, hidden, layers, bidirectional, results }) => {
      const model = recurrentLayers[kind](inputs, hidden, { layers, bidirectional });
      const names = Object.keys(results).filter((name) => /^(weight|bias)_/.test(name));
      expect(Object.keys(await model.stateDict())).toEqual(names);
    },
  );

  it.each(recurrentKinds)("gives a %s the parameters of another", async (kind) => {
    const make = (seed: number) =>
      nn.sequential({
        below: recurrentLayers[kind](3, HIDDEN, { layers: 2, bidirectional: true, seed }),
        above: nn.linear(2 * HIDDEN, 1, { seed }),
      });
    const [from, to] = [make(1), make(2)];
    const x = tensor(counting(12, -6), [2, 2, 3]);
    const before = evaluateTensors([from(x)]);
    const dict = await from.stateDict();
    expect(listed(await to.stateDict())).not.toEqual(listed(dict));
    to.loadStateDict(dict);
    expect(listed(await to.stateDict())).toEqual(listed(dict));
    const after = to(x);
    expect(relativeError(await after.data(), before[0] ?? [])).toBeLessThan(1e-6);
  });

  it.each(recurrentKinds)("of a %s adds up the two biases that it reads", async (kind) => {
    const layer = recurrentLayers[kind](1, HIDDEN);
    const dict = await layer.stateDict();
    const size = dict.bias_ih_l0?.data.length ?? 0;
    const biases = {
      bias_ih_l0: { shape: [size], data: counting(size) },
      bias_hh_l0: { shape: [size], data: counting(size, 101) },
    };
    layer.loadStateDict({ ...dict, ...biases });
    const { bias_ih_l0, bias_hh_l0 } = listed(await layer.stateDict());
    // Of a gru's gate n, the last third, the inner bias is one of its own.
    const added = kind === "gru" ? 2 * HIDDEN : size;
    const [first, second] = [counting(size), counting(size, 101)];
    expect(bias_ih_l0).toEqual([...first].map((b, i) => b + (i < added ? (second[i] ?? 0) : 0)));
    expect(bias_hh_l0).toEqual([...second].map((b, i) => (i < added ? 0 : b)));
  });

  it("turns an rnn's weights, whose layouts have no gates", async () => {
    const layer = nn.rnn(3, HIDDEN);
    const dict = await layer.stateDict();
    const weight = { shape: [HIDDEN, 3], data: counting(6) };
    layer.loadStateDict({ ...dict, weight_ih_l0: weight });
    const { variable } = layer.own.weight_ih_l0 ?? {};
    expect(variable?.shape).toEqual([3, HIDDEN]);
    expect([...((await variable?.data()) ?? [])]).toEqual([1, 4, 2, 5, 3, 6]);
  });

  it("puts a gru's gates in front, r z n, then its units", async () => {
    const layer = nn.gru(1, HIDDEN);
    const dict = await layer.stateDict();
    const weight = { shape: [3 * HIDDEN, 1], data: counting(6) };
    layer.loadStateDict({ ...dict, weight_ih_l0: weight });
    const { variable } = layer.own.weight_ih_l0 ?? {};
    expect(variable?.shape).toEqual([1, HIDDEN, 3]);
    // Unit 0: r z n, then unit 1.
    expect([...((await variable?.data()) ?? [])]).toEqual([1, 3, 5, 2, 4, 6]);
  });

  it("of another kind, size or number of layers is refused, and changes nothing", async () => {
    const layer = nn.gru(3, HIDDEN);
    const before = await layer.stateDict();
    const others = [
      { dict: await nn.gru(3, HIDDEN, { layers: 2 }).stateDict(), failure: ArgumentError },
      {
        dict: await nn.gru(3, HIDDEN, { bidirectional: true }).stateDict(),
        failure: ArgumentError,
      },
      { dict: await nn.lstm(3, HIDDEN).stateDict(), failure: ShapeError },
      { dict: await nn.gru(4, HIDDEN).stateDict(), failure: ShapeError },
    ];
    for (const { dict, failure } of others) {
      expect(() => layer.loadStateDict(dict)).toThrow(failure);
    }
    const short = { shape: [3 * HIDDEN], data: counting(2 * HIDDEN) };
    expect(() => layer.loadStateDict({ ...before, bias_hh_l0: short })).toThrow(ShapeError);
    expect(listed(await layer.stateDict())).toEqual(listed(before));
  });
});
