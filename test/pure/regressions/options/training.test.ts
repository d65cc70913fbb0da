/** What compile and a Trainer refuse. */
import { beforeAll, describe, expect, test } from "vitest";
import {
  ArgumentError,
  add,
  compile,
  GradgpuError,
  losses,
  nn,
  optim,
  Trainer,
  tensor,
  zeros,
} from "../../../../src/index.ts";
import { openCounting } from "../../runtime/open.ts";
import { loose, rate } from "./loose.ts";

beforeAll(() => {
  openCounting();
});

const { adam } = optim;

describe("steps", () => {
  test.each([undefined, null, 5, "x", {}, class Step {}, Object.create(null), Symbol("x")])(
    "%o is no function to compile",
    (given) => {
      expect(() => loose(compile)(given)).toThrow(ArgumentError);
    },
  );

  test("take tensors and numbers", async () => {
    const step = compile((x) => add(x, 1));
    for (const given of ["1", null, undefined, [1], {}, Symbol("x"), 1n]) {
      const called = async () => loose(step)(given);
      await expect(called()).rejects.toThrow(ArgumentError);
    }
    expect(await (await step(1)).item()).toBe(2);
  });
});

describe("a Trainer", () => {
  const model = () => nn.linear(1, 1, { seed: 1 });
  const loss = losses.meanSquaredError;
  const make = (...args: unknown[]) => Reflect.construct(Trainer, args) as Trainer;
  const some = { x: [[1], [2]], y: [[2], [4]] };

  test("needs a model, a loss and an optimizer", () => {
    for (const given of [undefined, null, {}, () => 1, "model"])
      expect(() => make(given, { loss, optimizer: adam(rate) })).toThrow(
        /model must be a model of nn/,
      );
    expect(() => make(model())).toThrow(/loss must be a function/);
    expect(() => make(model(), { optimizer: adam(rate) })).toThrow(/loss must be a function/);
    expect(() => make(model(), { loss })).toThrow(/optimizer must be an optimizer, as optim.adam/);
    for (const optimizer of ["adam", adam, null, {}, 5])
      expect(() => make(model(), { loss, optimizer })).toThrow(/optimizer must be/);
    for (const given of ["mse", null, {}, 5, class Loss {}])
      expect(() => make(model(), { loss: given, optimizer: adam(rate) })).toThrow(/loss must be/);
  });

  test("refuses what is no option, and what an option cannot be", () => {
    const options = { loss, optimizer: adam(rate) };
    expect(() => make(model(), { ...options, metric: {} })).toThrow(/Did you mean metrics\?/);
    expect(() => make(model(), { ...options, windows: 3 })).toThrow(/Did you mean window\?/);
    expect(() => make(model(), { ...options, metrics: { accuracy: "yes" } })).toThrow(
      /metrics must/,
    );
    expect(() => make(model(), { ...options, whenNotFinite: "ignore" })).toThrow(
      /"throw" or "skip"/,
    );
    expect(() => make(model(), { ...options, gradientFlow: 1 })).toThrow(/true or false/);
    for (const window of [0, -1, 1.5, "3", null, { every: 0 }, { every: 2, back: 1 }, {}])
      expect(() => make(model(), { ...options, window })).toThrow(GradgpuError);
  });

  test.each([
    ["a loss that is asynchronous", async () => tensor(1)],
    ["a loss that gives a number", () => 1],
    ["a loss that gives nothing", () => undefined],
    ["a loss that gives one number for each example", () => zeros([2])],
    ["a loss that gives whole numbers", () => tensor(1, [], "i32")],
    ["a loss that gives half a mean", () => ({ sum: tensor(1) })],
  ])("refuses %s, and its model is as it was", async (_, wrong) => {
    const own = model();
    const before = await own.stateDict();
    const trainer = make(own, { loss: wrong, optimizer: adam(rate) });
    const trained = (async () => trainer.fit(some, { batchSize: 2 }))();
    await expect(trained).rejects.toThrow(GradgpuError);
    expect(await own.stateDict()).toEqual(before);
  });

  const options: readonly [options: unknown, says: RegExp][] = [
    [{ epochs: Number.NaN }, /epochs must be a whole number of 1 or more; got NaN/],
    [{ epochs: 0 }, /epochs must/],
    [{ epochs: 1.5 }, /epochs must/],
    [{ epochs: "3" }, /epochs must.*got "3"/],
    [{ epochs: Number.POSITIVE_INFINITY }, /epochs must/],
    [{ epoch: 3 }, /Did you mean epochs\?/],
    [{ batch_size: 3 }, /Did you mean batchSize\?/],
    [{ batch: 3 }, /Did you mean batchSize\?/],
    [{ batchSize: 0 }, /batchSize must/],
    [{ batchSize: -1 }, /batchSize must/],
    [{ batchSize: "32" }, /batchSize must/],
    [{ initialEpoch: -1 }, /initialEpoch must/],
    [{ dropLast: 1 }, /dropLast must be true or false/],
    [{ shuffle: "yes" }, /shuffle must be true or false/],
    [{ seed: Number.NaN }, /seed must be a finite number/],
    [{ seed: "1" }, /seed must be a finite number/],
    [{ signal: {} }, /signal must be an AbortSignal/],
    [{ signal: new AbortController() }, /signal must be an AbortSignal/],
    [{ onEpoch: "log" }, /onEpoch must be a function/],
    [{ onEpochEnd: () => 1 }, /Did you mean onEpoch\?/],
    [5, /options must be a record/],
    [null, /options must be a record/],
    ["epochs", /options must be a record/],
  ];
  test.each(options)("fit refuses %o", async (given, says) => {
    const trainer = new Trainer(model(), { loss, optimizer: adam(rate) });
    const call = async () => loose(trainer.fit.bind(trainer))(some, given);
    await expect(call()).rejects.toThrow(ArgumentError);
    await expect(call()).rejects.toThrow(says);
    expect(trainer.step).toBe(0);
    expect((await trainer.fit(some, { batchSize: 2 })).steps).toBe(1);
  });

  test("evaluate refuses options of fit", async () => {
    const trainer = new Trainer(model(), { loss, optimizer: adam(rate) });
    for (const given of [{ epochs: 1 }, { batchSize: 0 }, 5, null])
      await expect(
        (async () => loose(trainer.evaluate.bind(trainer))(some, given))(),
      ).rejects.toThrow(ArgumentError);
  });
});
