/** Moving averages of parameters, and gradients that are added up over several calls. */
import { beforeEach, describe, expect, it } from "vitest";
import { ArgumentError } from "../../../src/errors.ts";
import { losses, nn, optim, Trainer } from "../../../src/index.ts";
import { relativeError } from "../../support/case-data.ts";
import { openCounting } from "../runtime/open.ts";

beforeEach(() => {
  openCounting();
});

const build = () =>
  nn.sequential(nn.linear(2, 4, { seed: 1 }), nn.tanh(), nn.linear(4, 1, { seed: 2 }));

const batch = (n: number, rows = 6) => ({
  x: {
    data: Float32Array.from({ length: 2 * rows }, (_, i) => Math.sin(i * i + n)),
    shape: [rows, 2],
    dtype: "f32" as const,
  },
  y: {
    data: Float32Array.from({ length: rows }, (_, i) => Math.cos(i + n)),
    shape: [rows, 1],
    dtype: "f32" as const,
  },
});

const flat = async (model: nn.Module) =>
  Object.values(await model.stateDict()).flatMap(({ data }) => [...data]);

const trainerOf = (model: nn.Module, optimizer: optim.Optimizer) =>
  new Trainer(model, { loss: losses.meanSquaredError, optimizer, whenNotFinite: "skip" });

describe.each([
  ["adam", optim.adam],
  ["lion", optim.lion],
] as const)("averages of %s", (_, make) => {
  it("are those of the parameters after every update, from the first on", async () => {
    const model = build();
    const optimizer = make({ learningRate: 0.05, average: 0.8 });
    const trainer = trainerOf(model, optimizer);
    let expected: number[] = [];
    for (let i = 0; i < 6; i++) {
      // A step that is left out is no update.
      const given = batch(i);
      if (i === 3) given.y.data[0] = Number.NaN;
      await trainer.fit(() => [given]);
      const now = await flat(model);
      if (i === 0) expected = now;
      else if (i !== 3) expected = expected.map((mean, k) => 0.8 * mean + 0.2 * (now[k] ?? 0));
    }
    const trained = await flat(model);
    const seen = await optim.withAverages(optimizer, () => flat(model));
    expect(relativeError(seen, expected)).toBeLessThanOrEqual(1e-6);
    expect(relativeError(seen, trained)).toBeGreaterThan(1e-3);
    expect(await flat(model)).toEqual(trained);
    await expect(
      optim.withAverages(optimizer, () => {
        throw new RangeError("mine");
      }),
    ).rejects.toThrow(RangeError);
    expect(await flat(model)).toEqual(trained);
  });

  it("are saved with the state, and training goes on with the same bits", async () => {
    const options = { learningRate: 0.05, average: 0.8, accumulate: 2, clipNorm: 0.1 };
    const model = build();
    const whole = trainerOf(model, make(options));
    await whole.fit(() => [1, 2, 3].map((n) => batch(n)));
    const saved = structuredClone(await whole.state());
    await whole.fit(() => [4, 5].map((n) => batch(n)));
    const resumed = trainerOf(build(), make(options));
    resumed.loadState(saved);
    await resumed.fit(() => [4, 5].map((n) => batch(n)));
    expect(await resumed.state()).toEqual(await whole.state());
  });
});

describe("averages are refused", () => {
  it("where none are held", async () => {
    const optimizer = optim.sgd({ learningRate: 1, average: 0.9 });
    await expect(optim.withAverages(optimizer, () => 1)).rejects.toThrow(
      "sgd: averages must have been held, for one update or more; got average 0.9.",
    );
    const without = optim.sgd({ learningRate: 1 });
    await expect(optim.withAverages(without, () => 1)).rejects.toThrow(ArgumentError);
    expect(() => optim.sgd({ learningRate: 1, average: 1 })).toThrow(
      "sgd: average must be at least 0 and less than 1; got 1.",
    );
    expect(() => optim.sgd({ learningRate: 1, accumulate: 0 })).toThrow(
      "sgd: accumulate must be a whole number of 1 or more; got 0.",
    );
  });
});

describe("gradients that are accumulated", () => {
  it("are those of a larger batch; calls between change nothing, and what is not finite counts for nothing", async () => {
    const small = build();
    const trainer = trainerOf(
      small,
      optim.sgd({ learningRate: 0.1, momentum: 0.9, accumulate: 3 }),
    );
    const large = build();
    const whole = trainerOf(large, optim.sgd({ learningRate: 0.1, momentum: 0.9 }));
    const parts = [batch(1), batch(2), batch(3)];
    const bad = batch(9);
    bad.x.data[0] = Number.NaN;
    const before = await flat(small);
    await trainer.fit(() => [...parts.slice(0, 2), bad]);
    expect(await flat(small)).toEqual(before);
    await trainer.fit(() => [parts[2] ?? bad, ...parts]);
    const both = {
      x: { data: parts.flatMap(({ x }) => [...x.data]), shape: [18, 2], dtype: "f32" as const },
      y: { data: parts.flatMap(({ y }) => [...y.data]), shape: [18, 1], dtype: "f32" as const },
    };
    const joined = {
      x: { ...both.x, data: Float32Array.from(both.x.data) },
      y: { ...both.y, data: Float32Array.from(both.y.data) },
    };
    await whole.fit(() => [joined, joined]);
    expect(relativeError(await flat(small), await flat(large))).toBeLessThanOrEqual(1e-6);
  });
});
