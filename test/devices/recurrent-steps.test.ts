/** What a page looks at while a network trains: states, gates and gradients of every step, on every device. */
import { afterEach, describe, expect, it } from "vitest";
import type { Device } from "../../src/devices/device.ts";
import {
  add,
  cell,
  compile,
  gradientFlow,
  matmul,
  mul,
  recurrentSteps,
  scan,
  square,
  sum,
  type Tensor,
  tanh,
  tensor,
  variable,
  zeros,
} from "../../src/functions.ts";
import * as nn from "../../src/nn/index.ts";
import { evaluateTensors } from "../support/evaluate-tensor.ts";
import { openers } from "../support/open-devices.ts";
import { nested, type unitSteps, walkByHand } from "../support/recurrent-by-hand.ts";
import { use } from "../training/open.ts";

const opened: Device[] = [];
afterEach(async () => {
  for (const device of opened.splice(0)) await device.close();
});

const [T, B, I, H] = [7, 3, 5, 8] as const;
const numbers = (size: number, phase = 0) =>
  Float32Array.from({ length: size }, (_, i) => Math.sin(i * i + phase));

const leaky = cell({
  name: "leaky",
  states: ["h"],
  sums: ["rate", "candidate"],
  step: (m, { rate, candidate }, { h }) => ({
    h: m.add(h, m.mul(m.sigmoid(rate), m.sub(m.tanh(candidate), h))),
  }),
});
const layers = {
  lstm: () => nn.lstm(I, H, { seed: 1 }),
  gru: () => nn.gru(I, H, { seed: 1 }),
  rnn: () => nn.rnn(I, H, { seed: 1 }),
  leaky: () => nn.recurrent(leaky, I, H, { seed: 1 }),
} satisfies Record<keyof typeof unitSteps, () => nn.RecurrentModule>;

/** f32 sums of up to 13 terms over 7 steps, of values below 4. */
const DIGITS = 5;

describe.each(Object.entries(openers))("on %s", (_, opener) => {
  it("recurrentSteps gives states and gates as PyTorch's equations say, with the weights of the moment", async () => {
    const device = await opener();
    opened.push(device);
    use(device);
    for (const [name, make] of Object.entries(layers)) {
      const kind = name as keyof typeof layers;
      const model = make();
      const look = compile((x: Tensor) => {
        const { layers: seen } = recurrentSteps(() => model(x));
        return seen.map(({ states, gates }) => ({ states, gates }));
      });
      for (const phase of [0, 1]) {
        if (phase > 0)
          for (const own of model.parameters()) await own.load(numbers(own.size, phase));
        const x = numbers(T * B * I);
        const [seen] = await look(tensor(x, [T, B, I]));
        const expected = walkByHand(kind, await model.stateDict(), "_l0", nested(x, [T, B, I]));
        for (const role of ["states", "gates"] as const) {
          expect(Object.keys(seen?.[role] ?? {})).toEqual(Object.keys(expected[role]));
          for (const [of, values] of Object.entries(seen?.[role] ?? {})) {
            expect(values.shape).toEqual([T, B, H]);
            const got = await values.data();
            got.forEach((value, i) => {
              expect(value).toBeCloseTo(expected[role][of]?.[i] ?? Number.NaN, DIGITS);
            });
          }
        }
      }
    }
  });

  it("the gradient's flow through a scan is the float64 reference's, walked or looped", async () => {
    const device = await opener();
    opened.push(device);
    const w = numbers(H * H, 2).map((value) => value / 3);
    const x = numbers(T * B * H);
    for (const own of [(h: Tensor) => h, (h: Tensor) => mul(h, 1)]) {
      const flowOf = () => {
        const u = variable(w, [H, H]);
        const { flow } = gradientFlow([u], () => {
          const step = (h: Tensor, at: Tensor) => {
            const next = tanh(add(at, matmul(own(h), u)));
            return { carry: next, y: next };
          };
          const { carry } = scan(step, zeros([B, H]), tensor(x, [T, B, H]));
          return sum(square(carry));
        });
        return flow[0]?.states.carry as Tensor;
      };
      const [expected = []] = evaluateTensors([flowOf()]);
      use(device);
      const got = await (await compile(flowOf)()).data();
      expect(got).toHaveLength(T);
      got.forEach((value, t) => {
        expect(value / (expected[t] ?? Number.NaN)).toBeCloseTo(1, DIGITS);
      });
      expect(Math.min(...got)).toBeGreaterThan(0);
    }
  });
});
