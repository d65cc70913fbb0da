import { describe, expect, it } from "vitest";
import { ArgumentError } from "../../../src/errors.ts";
import {
  add,
  type Cell,
  cell,
  cells,
  compile,
  gradientFlow,
  matmul,
  mul,
  type RecurrentSteps,
  recurrentSteps,
  scan,
  sum,
  type Tensor,
  tanh,
  tensor,
  variable,
  zeros,
} from "../../../src/functions.ts";
import * as nn from "../../../src/nn/index.ts";
import { evaluateTensor, evaluateTensors } from "../../support/evaluate-tensor.ts";
import { nested, type unitSteps, walkByHand } from "../../support/recurrent-by-hand.ts";
import { openCounting } from "../runtime/open.ts";

const [T, B, I, H] = [5, 3, 4, 6] as const;
const numbers = (size: number, phase = 0) =>
  Float32Array.from({ length: size }, (_, i) => Math.sin(i * i + phase));
const sequence = () => tensor(numbers(T * B * I), [T, B, I]);

const leaky = cell({
  name: "leaky",
  states: ["h"],
  sums: ["rate", "candidate"],
  step: (m, { rate, candidate }, { h }) => ({
    h: m.add(h, m.mul(m.sigmoid(rate), m.sub(m.tanh(candidate), h))),
  }),
});

const kinds: Readonly<Record<keyof typeof unitSteps, Cell>> = {
  lstm: cells.lstm,
  gru: cells.gru,
  rnn: cells.rnn.tanh,
  leaky,
};

/** Float32 weights, float64 sums in another order. */
const DIGITS = 12;

function expectClose(got: Readonly<Record<string, Tensor>>, expected: Record<string, number[]>) {
  expect(Object.keys(got)).toEqual(Object.keys(expected));
  for (const [of, tensor] of Object.entries(got)) {
    const [values, wanted] = [evaluateTensor(tensor), expected[of] ?? []];
    expect(values).toHaveLength(wanted.length);
    values.forEach((value, i) => {
      expect(value).toBeCloseTo(wanted[i] ?? Number.NaN, DIGITS);
    });
  }
}

describe.each(Object.entries(kinds))("recurrentSteps of %s", (name, of) => {
  const kind = name as keyof typeof unitSteps;

  it.each([undefined, [2, T, 0]])(
    "gives what its equations say of every step, in both directions and layers, lengths %s",
    async (lengths) => {
      openCounting();
      const model = nn.recurrent(of, I, H, { seed: 3, layers: 2, bidirectional: true });
      const x = sequence();
      const { result, layers } = recurrentSteps(
        () => model.run(x, lengths === undefined ? {} : { lengths }).y,
      );
      expect(layers.map((layer) => [layer.name, layer.cell, layer.reverse])).toEqual(
        [`${of.name} l0`, `${of.name} l0 reverse`, `${of.name} l1`, `${of.name} l1 reverse`].map(
          (title, i) => [title, of.name, i % 2 === 1],
        ),
      );
      const weights = await model.stateDict();
      const how = (reverse: boolean) => ({ reverse, ...(lengths && { lengths }) });
      let below = nested(numbers(T * B * I), [T, B, I]);
      for (const layer of [0, 1]) {
        const walked = [false, true].map((reverse) =>
          walkByHand(kind, weights, `_l${layer}${reverse ? "_reverse" : ""}`, below, how(reverse)),
        );
        walked.forEach((expected, d) => {
          const own = layers[2 * layer + d] as RecurrentSteps;
          expectClose(own.states, expected.states);
          expectClose(own.gates, expected.gates);
        });
        // y is 0 behind a sequence's end, where the state stays.
        below = below.map((rows, t) =>
          rows.map((_, b) =>
            walked.flatMap(({ y }) =>
              (y[t]?.[b] ?? []).map((value) => (t < (lengths?.[b] ?? T) ? value : 0)),
            ),
          ),
        );
      }
      evaluateTensor(result).forEach((value, i) => {
        expect(value).toBeCloseTo(below.flat(2)[i] ?? Number.NaN, DIGITS);
      });
    },
  );

  it("is the same of a sequence that is walked in parts", () => {
    const of2 = (checkpoint: boolean) => {
      const model = nn.recurrent(of, I, H, { seed: 3, bidirectional: true, checkpoint });
      const { layers } = recurrentSteps(() => model(sequence()));
      return layers.map(({ states, gates }) =>
        evaluateTensors([...Object.values(states), ...Object.values(gates)]),
      );
    };
    expect(of2(true)).toEqual(of2(false));
  });
});

describe("recurrentSteps", () => {
  it("around or inside of gradientFlow leaves both what they say alone", () => {
    const model = nn.lstm(I, H, { seed: 1 });
    const loss = () => sum(mul(model(sequence()), tensor(numbers(T * B * H, 1), [T, B, H])));
    const values = (layers: readonly RecurrentSteps[]) =>
      layers.flatMap(({ states, gates }) => [...Object.values(states), ...Object.values(gates)]);
    const plainFlow = gradientFlow(model.parameters(), loss);
    const plain = recurrentSteps(loss);
    const around = recurrentSteps(() => gradientFlow(model.parameters(), loss));
    let inner: readonly RecurrentSteps[] = [];
    const inside = gradientFlow(model.parameters(), () => {
      const { result, layers } = recurrentSteps(loss);
      inner = layers;
      return result;
    });
    const flowOf = ({ flow, gradients }: typeof plainFlow) =>
      evaluateTensors([
        ...flow.flatMap(({ states }) => Object.values(states)),
        ...gradients.values(),
      ]);
    const expected = flowOf(plainFlow);
    expect(expected.flat().some((value) => value !== 0)).toBe(true);
    expect(flowOf(around.result)).toEqual(expected);
    expect(flowOf(inside)).toEqual(expected);
    const steps = evaluateTensors(values(plain.layers));
    expect(evaluateTensors(values(around.layers))).toEqual(steps);
    expect(evaluateTensors(values(inner))).toEqual(steps);
  });

  it("of a scan gives what it carries behind every step, by the carry's names", () => {
    const u = tensor(numbers(H * H), [H, H]);
    const x = tensor(numbers(T * B * H), [T, B, H]);
    const start = { h: zeros([B, H]), n: zeros([]) };
    for (const isLoop of [false, true]) {
      for (const reverse of [false, true]) {
        const run = () =>
          scan(
            ({ h, n }: { h: Tensor; n: Tensor }, at: Tensor) => {
              // A product of two things that change is no cell's.
              const next = tanh(add(at, matmul(isLoop ? mul(h, 1) : h, u)));
              return { carry: { h: next, n: add(n, 1) }, y: isLoop ? { next, n } : { next } };
            },
            start,
            x,
            { reverse, name: "mine" },
          );
        const { result, layers } = recurrentSteps(run);
        expect(layers.map(({ name, cell: of }) => [name, of])).toEqual([["mine", "scan"]]);
        const { states, gates, reverse: direction } = layers[0] as RecurrentSteps;
        expect(direction).toBe(reverse);
        expect(gates).toEqual({});
        const plain = run();
        const [h, n, y, expected] = evaluateTensors([
          states.h as Tensor,
          states.n as Tensor,
          result.ys.next,
          plain.ys.next,
        ]);
        expect(h).toEqual(expected);
        expect(y).toEqual(expected);
        expect(n).toEqual(reverse ? [5, 4, 3, 2, 1] : [1, 2, 3, 4, 5]);
      }
    }
  });

  it("does not look into a scan's own step", () => {
    const inner = nn.rnn(I, H, { seed: 1 });
    const { layers } = recurrentSteps(() =>
      scan(
        (h: Tensor, at: Tensor) => ({ carry: add(h, inner(at)), y: undefined }),
        zeros([B, 2, H]),
        tensor(numbers(T * B * 2 * I), [T, B, 2, I]),
      ),
    );
    expect(layers.map(({ name }) => name)).toEqual(["scan"]);
  });

  it("compiled once, tells of the weights as they are at every call, and changes nothing", async () => {
    openCounting();
    const model = nn.lstm(I, H, { seed: 1 });
    const look = compile((x: Tensor) => {
      const { result, layers } = recurrentSteps(() => model(x));
      return { result, ...layers.map(({ states, gates }) => ({ ...states, ...gates }))[0] };
    });
    const forgotten = async () => {
      const seen: { readonly [name: string]: Tensor } = await look(sequence());
      return (await seen.forget?.data()) ?? [];
    };
    const before = await forgotten();
    for (const parameter of model.parameters()) await parameter.load(numbers(parameter.size, 2));
    const after = await forgotten();
    const expected = walkByHand(
      "lstm",
      await model.stateDict(),
      "_l0",
      nested(numbers(T * B * I), [T, B, I]),
    );
    expect(look.plans).toHaveLength(1);
    expect(after).not.toEqual(before);
    after.forEach((value, i) => {
      expect(value).toBeCloseTo(expected.gates.forget?.[i] ?? Number.NaN, 5);
    });
  });

  it("refuses what is no function", () => {
    expect(() => recurrentSteps(variable([1]) as never)).toThrow(ArgumentError);
  });
});
