import { describe, expect, it } from "vitest";
import { ArgumentError, ShapeError } from "../../../src/errors.ts";
import {
  add,
  grad,
  gru,
  gruLayers,
  lstm,
  lstmLayers,
  mul,
  rnn,
  rnnLayers,
  sum,
  type Tensor,
  tensor,
} from "../../../src/functions.ts";
import { evaluateTensors } from "../../support/evaluate-tensor.ts";

const [T, B, I, H] = [4, 3, 5, 6];
const wave = (shape: readonly number[], phase = 0) =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) =>
      Math.sin(i * i + phase),
    ),
    shape,
  );
const x = wave([T, B, I]);
const lengths = tensor(Int32Array.from([2, 0, 4]), [B]);

/** Weights with `gates` gates for a layer that takes `inputs` features. */
function weights(gates: readonly number[], inputs: number, phase: number) {
  return {
    input: wave([inputs, H, ...gates], phase),
    recurrent: wave([H, H, ...gates], phase + 1),
    bias: wave([H, ...gates], phase + 2),
    candidateBias: wave([H], phase + 3),
  };
}
const start = (phase: number) => ({ h: wave([B, H], phase), c: wave([B, H], phase + 1) });

const cells = {
  rnn: { gates: [], one: rnn, layers: rnnLayers },
  gru: { gates: [3], one: gru, layers: gruLayers },
  lstm: { gates: [4], one: lstm, layers: lstmLayers },
} as const;

/** ys and all states, in the layers' order. */
type Walked = { readonly ys: readonly Tensor[]; readonly states: readonly object[] };
const results = ({ ys, states }: Walked): Tensor[] => [
  ...ys,
  ...states.flatMap((state) => Object.values(state) as Tensor[]),
];

describe.each(Object.entries(cells))("%s layers walked together", (_, { gates, one, layers }) => {
  const below = weights(gates, I, 10);
  const above = weights(gates, H, 20);
  const reverse = weights(gates, I, 30);
  const [first, second] = [start(40), start(50)];

  it("above each other are one layer after the other, with lengths and initial states", () => {
    const together = () =>
      results(layers(x, [below, above], [first, second], { arrangement: "above", lengths }));
    const apart = () => {
      const low = one(x, below, first, { lengths });
      const high = one(low.y, above, second, { lengths });
      return results({ ys: [low.y, high.y], states: [low.state, high.state] });
    };
    agree(together, apart, [below.input, below.recurrent, above.input, above.bias, first.h, x]);
  });

  it("side by side walk in both directions", () => {
    const together = () =>
      results(layers(x, [below, reverse], undefined, { arrangement: "sides", lengths }));
    const apart = () => {
      const there = one(x, below, undefined, { lengths });
      const back = one(x, reverse, undefined, { lengths, reverse: true });
      return results({ ys: [there.y, back.y], states: [there.state, back.state] });
    };
    agree(together, apart, [below.input, reverse.recurrent, reverse.bias, x]);
  });

  it("have the same second derivatives", () => {
    const together = () =>
      results(layers(x, [below, above], [first, second], { arrangement: "above" }));
    const apart = () => {
      const low = one(x, below, first);
      const high = one(low.y, above, second);
      return results({ ys: [low.y, high.y], states: [low.state, high.state] });
    };
    const slopes = (run: () => Tensor[]) => () => grad(loss(run), below.recurrent, above.input, x);
    agree(slopes(together), slopes(apart), [below.input, above.recurrent, first.h]);
  });

  it("refuse layers of different sizes, and states of some of them", () => {
    const wide = { ...above, recurrent: wave([H + 1, H + 1, ...gates]) };
    const options = { arrangement: "above" } as const;
    expect(() => layers(x, [below, wide], undefined, options)).toThrow(ShapeError);
    expect(() => layers(x, [below, above], [first], options)).toThrow(ArgumentError);
    expect(() => layers(x, [], undefined, options)).toThrow(ArgumentError);
  });
});

/** The same results, and the same gradients of all of them together. */
function agree(a: () => Tensor[], b: () => Tensor[], wrt: readonly Tensor[]): void {
  const [left, right] = [a, b].map((run) =>
    evaluateTensors([...run(), ...grad(loss(run), ...wrt)]),
  );
  left?.forEach((values, i) => {
    const expected = right?.[i] ?? [];
    values.forEach((value, at) => {
      expect(value).toBeCloseTo(expected[at] ?? Number.NaN, 5);
    });
  });
}

/** One number that all elements of all results have a part in. */
function loss(run: () => Tensor[]): () => Tensor {
  return () =>
    run()
      .map((y, i) => sum(mul(y, wave(y.shape, i))))
      .reduce((left, right) => add(left, right));
}
