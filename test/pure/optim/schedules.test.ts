/** Learning rates that follow the step, against PyTorch's, and what is refused. */
import { readFileSync } from "node:fs";
import { beforeEach, describe, expect, it } from "vitest";
import { webgpuTraits } from "../../../src/devices/webgpu/traits.ts";
import { ArgumentError } from "../../../src/errors.ts";
import { compile, div, mul, sum, tensor, valueAndGrad, variable } from "../../../src/functions.ts";
import { nn, optim } from "../../../src/index.ts";
import { planStep } from "../../../src/runtime/compile.ts";
import { relativeError } from "../../support/case-data.ts";
import { scheduleOf } from "../../support/schedules.ts";
import { openCounting } from "../runtime/open.ts";

beforeEach(() => {
  openCounting();
});

interface Goldens {
  readonly schedules: readonly {
    readonly name: string;
    readonly options: object;
    readonly rates: readonly number[];
  }[];
  readonly plateaus: readonly {
    readonly options: optim.PlateauOptions;
    readonly measured: readonly number[];
    readonly rates: readonly number[];
  }[];
}

const url = new URL("../../goldens/optimizers.json", import.meta.url);
// The file is made by our own script.
const { schedules, plateaus } = JSON.parse(readFileSync(url, "utf8")) as Goldens;

/** A parameter with a gradient of 1, and a step of an optimizer. */
function stepper(learningRate: number | optim.Schedule, options: object = {}) {
  const parameter = variable(0, [], "p");
  const optimizer = optim.sgd({ learningRate, ...options });
  const step = compile((when) => {
    const [loss, gradients] = valueAndGrad([parameter], () => sum(mul(parameter, 1)));
    optimizer.update(gradients, { when });
    return loss;
  });
  const rate = async () => (await optimizer.state().get("learningRate")?.data())?.[0];
  const run = (when = true) => step(tensor([when ? 1 : 0], [], "bool"));
  return { parameter, optimizer, run, rate };
}

describe("schedules are PyTorch's", () => {
  it.each(schedules.map((one) => [one.name, JSON.stringify(one.options), one] as const))(
    "%s %s",
    async (_, __, { name, options, rates }) => {
      const { parameter, run, rate } = stepper(scheduleOf([name, options]));
      const [seen, moved]: [unknown[], number[]] = [[], []];
      for (const _ of rates) {
        const [before = 0] = await parameter.data();
        await run();
        seen.push(await rate());
        moved.push(before - ((await parameter.data())[0] ?? 0));
      }
      // Of the largest: f32, and a cosine close to −1.
      expect(relativeError(seen as number[], rates)).toBeLessThanOrEqual(1e-6);
      // The rate is that of the very step.
      expect(relativeError(moved, rates)).toBeLessThanOrEqual(1e-5);
    },
  );

  it.each(plateaus.map((one) => [JSON.stringify(one.options), one] as const))(
    "reduceOnPlateau %s",
    async (_, { options, measured, rates }) => {
      const optimizer = optim.sgd({ learningRate: 0.3 });
      const plateau = optim.reduceOnPlateau(optimizer, options);
      const seen: unknown[] = [];
      for (const [i, value] of measured.entries()) {
        const isReduced = await plateau.observe(value);
        const [rate] = (await optimizer.state().get("learningRate")?.data()) ?? [];
        seen.push(rate);
        expect(isReduced).toBe(i > 0 && rates[i] !== rates[i - 1]);
      }
      expect(relativeError(seen as number[], rates)).toBeLessThanOrEqual(1e-6);
    },
  );
});

describe("reduceOnPlateau", () => {
  it("takes what is NaN or infinitely bad for no better than anything, at the beginning too", async () => {
    // As PyTorch does.
    for (const [mode, bad, good] of [
      ["min", Number.POSITIVE_INFINITY, 1],
      ["max", Number.NEGATIVE_INFINITY, 1],
    ] as const) {
      const optimizer = optim.sgd({ learningRate: 0.5 });
      const plateau = optim.reduceOnPlateau(optimizer, { patience: 1, mode });
      const reduced: boolean[] = [];
      for (const value of [Number.NaN, bad, good, good, Number.NaN, good])
        reduced.push(await plateau.observe(value));
      expect(reduced).toEqual([false, true, false, false, true, false]);
      expect(plateau.state()).toEqual({ best: good, bad: 1, cooling: 0 });
    }
  });

  it("reduces all rates or none, and has seen nothing where it cannot", async () => {
    const optimizer = optim.sgd({
      learningRate: 0.5,
      groups: {
        a: { parameters: [variable(0)], learningRate: optim.cosine({ from: 1, steps: 8 }) },
      },
    });
    const plateau = optim.reduceOnPlateau(optimizer, { patience: 0 });
    await plateau.observe(1);
    const before = plateau.state();
    await expect(plateau.observe(1)).rejects.toThrow("must not follow a schedule");
    expect(await optimizer.state().get("learningRate")?.data()).toEqual(Float32Array.of(0.5));
    expect(plateau.state()).toEqual(before);
  });
});

describe("a schedule", () => {
  it("is a function of the updates made: what is skipped does not count", async () => {
    const { run, rate } = stepper((step) => div(1, step));
    await run();
    expect(await rate()).toBe(Number.POSITIVE_INFINITY);
    await run();
    await run(false);
    await run(false);
    expect(await rate()).toBe(1);
    await run();
    expect(await rate()).toBe(0.5);
  });

  it("goes on from a saved state", async () => {
    const whole = stepper(optim.cosine({ from: 1, steps: 8 }));
    for (let i = 0; i < 4; i++) await whole.run();
    const other = stepper(optim.cosine({ from: 1, steps: 8 }));
    const entries = [...whole.optimizer.state()].map(
      async ([name, held]) => [name, { shape: held.shape, data: await held.data() }] as const,
    );
    other.optimizer.loadState(Object.fromEntries(await Promise.all(entries)));
    await whole.run();
    await other.run();
    expect(await other.rate()).toBe(await whole.rate());
  });

  it("is one of a group, or of all others", async () => {
    const [a, b, c] = [variable(0), variable(0), variable(0)];
    const optimizer = optim.sgd({
      learningRate: (step) => mul(step, 0.5),
      groups: {
        own: { parameters: [a], learningRate: optim.exponential({ rate: 4, factor: 0.5 }) },
        fixed: { parameters: [b], learningRate: 3 },
      },
    });
    const step = compile(() => {
      const loss = () => sum(mul(a, mul(1, 1)));
      const [value] = valueAndGrad([a], loss);
      const one = tensor(1);
      optimizer.update(new Map([a, b, c].map((p) => [p, one])));
      return value;
    });
    for (let i = 0; i < 3; i++) await step();
    expect([await a.data(), await b.data(), await c.data()].map(([x]) => x)).toEqual([
      -7, -9, -1.5,
    ]);
    optimizer.setLearningRate(0, "fixed");
    expect(() => optimizer.setLearningRate(1)).toThrow(
      'sgd: a learning rate that is set must not follow a schedule; got one for "all groups"',
    );
    expect(() => optimizer.setLearningRate(1, "own")).toThrow(ArgumentError);
  });

  it("takes no kernel of its own", () => {
    const calls = (learningRate: number | optim.Schedule) => {
      const model = nn.linear(64, 64);
      const optimizer = optim.adam({ learningRate });
      const step = planStep(
        (x) => {
          const [loss, gradients] = valueAndGrad(model.parameters(), () => sum(model(x)));
          optimizer.update(gradients);
          return loss;
        },
        [{ dtype: "f32", shape: [8, 64] }],
        webgpuTraits(),
      );
      return step.steps.length;
    };
    const scheduled = calls(
      optim.warmUp({ steps: 10, rate: optim.cosine({ from: 1, steps: 90 }) }),
    );
    expect(scheduled).toBeLessThanOrEqual(calls(0.1) + 1);
  });

  it.each([
    [
      () => optim.adam({ learningRate: "fast" as never }),
      'adam: learningRate must be a finite number of 0 or more, or a schedule; got "fast"',
    ],
    [
      () => optim.cosine({ from: 1 } as never),
      "cosine: steps must be a whole number of 1 or more; got undefined",
    ],
    [
      () => optim.multiStep({ rate: 1, at: [3, 3] }),
      "multiStep: at must be steps that grow, as [100, 200]; got",
    ],
    [
      () => optim.oneCycle({ max: 1, steps: 1 }),
      "oneCycle: steps must be a whole number of 2 or more; got 1",
    ],
    [
      () => optim.inTurn({ at: [1], schedules: [1] }),
      "inTurn: schedules must be 2 schedules, one more than there are steps in at; got",
    ],
    [
      () => optim.warmUp({ steps: 2, rate: -1 }),
      "warmUp: rate must be a number of 0 or more, or a schedule; got -1",
    ],
    [
      () => optim.stepDecay({ rate: 1, every: 2, gamma: 1 } as never),
      'stepDecay: options must be among rate, every, factor; got "gamma".',
    ],
    [
      () => optim.reduceOnPlateau(optim.sgd({ learningRate: 1 }), { mode: "least" as never }),
      "reduceOnPlateau: mode must be",
    ],
    [
      () => optim.reduceOnPlateau({} as never),
      "reduceOnPlateau: the optimizer must be an optimizer, as optim.adam makes it; got {  }. Write reduceOnPlateau(optimizer, { patience: 3 }).",
    ],
  ])("%#", (make, message) => {
    expect(make).toThrow(ArgumentError);
    expect(make).toThrow(message);
  });

  it.each([
    [() => undefined, "undefined"],
    [() => -1, "-1"],
    [() => tensor([1, 2]), "f32[2]"],
    [() => tensor(1, [], "i32"), "i32[]"],
  ])("refuses what is not one number %#", async (schedule, got) => {
    const { run } = stepper(schedule as never);
    await expect(run()).rejects.toThrow("sgd: a schedule must return one number, f32[]; got ");
    await expect(stepper(schedule as never).run()).rejects.toThrow(got);
  });
});
