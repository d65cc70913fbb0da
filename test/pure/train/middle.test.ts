/** Training that goes on in the middle of an epoch: the bits of training that was never stopped. */
import { describe, expect, it } from "vitest";
import { ArgumentError, NonFiniteError } from "../../../src/errors.ts";
import { data, losses, nn, optim, Trainer } from "../../../src/index.ts";
import type {
  FitOptions,
  StepReport,
  TrainerState,
  TrainingData,
} from "../../../src/train/index.ts";
import { openCounting } from "../runtime/open.ts";
import { arriving, pictures, scheduled, type Training, trainings } from "./trainings.ts";

/** A training in a new runtime, perhaps one that goes on. */
function begin(make: () => Training, from?: TrainerState) {
  openCounting();
  const { model, options, data: given, fit } = make();
  const trainer = new Trainer(model, options);
  if (from !== undefined) trainer.loadState(from);
  return { trainer, train: (own?: FitOptions) => trainer.fit(given, { ...fit, ...own }) };
}

const copied = async (trainer: Trainer) => structuredClone(await trainer.state());

describe.each(trainings)("%s", (_, make) => {
  it("goes on from every step with the same bits, reports and history", {
    timeout: 60_000,
  }, async () => {
    const whole = begin(make);
    const reports: StepReport[] = [];
    const saved = [await copied(whole.trainer)];
    const fit = whole.train();
    for await (const report of fit) {
      reports.push(report);
      saved.push(await copied(whole.trainer));
    }
    const [history, end] = [await fit, await whole.trainer.state()];
    const inTheMiddle = saved.filter(({ fit }) => (fit?.batch ?? 0) > 0);
    const between = saved.filter(({ fit }) => fit?.batch === 0);
    expect(inTheMiddle.length).toBeGreaterThan(2);
    expect(between.length).toBeGreaterThan(1);
    for (const one of saved) {
      const again = begin(make, one);
      const rest: StepReport[] = [];
      const going = again.train();
      for await (const report of going) rest.push({ ...report, ahead: 0 });
      const expected = reports.slice(-rest.length).map((report) => ({ ...report, ahead: 0 }));
      if (rest.length > 0) expect(rest).toEqual(expected);
      expect(rest.map(({ step }) => step)).toEqual(
        reports.map(({ step }) => step).filter((step) => step > one.step || step === rest[0]?.step),
      );
      expect(await again.trainer.state()).toEqual(end);
      expect(await going).toEqual(history);
    }
  });
});

describe("an epoch that is gone on with", () => {
  const begun = async (options: FitOptions = {}) => {
    const { trainer, train } = begin(scheduled);
    for await (const { step } of train(options)) if (step === 1) break;
    return { trainer, state: await trainer.state() };
  };

  it("is the first of the epochs that are asked for where its state was loaded", async () => {
    const { state } = await begun();
    expect(state).toMatchObject({ step: 3, epoch: 1, fit: { batch: 3, steps: 3 } });
    const [one, other] = [begin(scheduled, state), begin(scheduled)];
    const { steps, epochs } = await one.trainer.fit(pictures, { batchSize: 4, seed: 5 });
    expect([one.trainer.step, steps, epochs.length]).toEqual([3, 3, 1]);
    other.trainer.loadState(state);
    await other.trainer.fit(pictures, { batchSize: 4, seed: 5, epochs: 3 });
    expect([other.trainer.step, other.trainer.epoch]).toEqual([9, 3]);
  });

  it("goes on in the Trainer that was left, too, where untilEpoch says so", async () => {
    const { trainer } = await begun();
    const history = await trainer.fit(pictures, { batchSize: 4, seed: 5, untilEpoch: 3 });
    const whole = begin(scheduled);
    expect(history).toEqual(await whole.train());
    expect(await trainer.state()).toEqual(await whole.trainer.state());
    // Nothing is left to be done.
    expect(await trainer.fit(pictures, { batchSize: 4, untilEpoch: 3 })).toEqual(history);
    expect(trainer.step).toBe(9);
  });

  it("is left behind by a fit of epochs, and by initialEpoch", async () => {
    const { trainer, state } = await begun();
    await trainer.fit(pictures, { batchSize: 4 });
    expect([trainer.step, trainer.epoch, (await trainer.state()).fit]).toEqual([6, 2, undefined]);
    trainer.loadState(state);
    const { epochs } = await trainer.fit(pictures, { batchSize: 8, initialEpoch: 1 });
    expect(epochs.map(({ step, epoch }) => [step, epoch])).toEqual([[5, 2]]);
  });

  it.each<[string, TrainingData, FitOptions]>([
    ["another batchSize", pictures, { batchSize: 3, seed: 5 }],
    ["another order", pictures, { batchSize: 4, seed: 6 }],
    ["no order", pictures, { batchSize: 4, shuffle: false }],
    ["fewer examples", pictures, { batchSize: 4, seed: 5, validation: 0.5 }],
    ["batches of the caller's making", () => data.batches(pictures, { batchSize: 4 }), {}],
  ])("is refused with %s, and stays as it is", async (_, given, options) => {
    const { state } = await begun();
    const { trainer } = begin(scheduled, state);
    const refused = trainer.fit(given, options);
    await expect(refused).rejects.toBeInstanceOf(ArgumentError);
    await expect(refused).rejects.toThrow(
      /read as it was begun, with batchSize 4.*initialEpoch: 1/,
    );
    expect(await trainer.state()).toEqual(state);
  });

  it("is refused where the caller makes fewer batches than were trained on", async () => {
    const { trainer, train } = begin(arriving);
    for await (const { step } of train()) if (step === 1) break;
    const all = [...data.batches(pictures, { batchSize: 4 })];
    const few = trainer.fit(() => all.slice(0, 2), { untilEpoch: 1 });
    await expect(few).rejects.toThrow(/must have the batches.*got 2 for 3 of epoch 1/);
  });
});

describe("a state that is read", () => {
  it("while a step under way is not finite is that before it", async () => {
    openCounting();
    const trainer = new Trainer(nn.linear(2, 2), {
      loss: losses.crossEntropy,
      optimizer: optim.sgd({ learningRate: 0.1 }),
    });
    const [good, bad] = [
      { x: [[1, 2]], y: [0] },
      { x: [[Number.NaN, 2]], y: [0] },
    ];
    const states: Promise<TrainerState>[] = [];
    const batches = function* () {
      yield* [good, good, good, bad];
      states.push(trainer.state());
      yield good;
    };
    await expect(trainer.fit(batches, { untilEpoch: 1 })).rejects.toBeInstanceOf(NonFiniteError);
    const [state] = await Promise.all(states);
    expect(state).toMatchObject({
      step: 3,
      epoch: 1,
      fit: { batch: 3, steps: 3, last: { step: 3 } },
    });
    expect(await trainer.state()).toEqual(state);
    const all = () => [good, good, good, good];
    expect((await trainer.fit(all, { untilEpoch: 1 })).steps).toBe(4);
  });

  it("with anything wrong in what is said of the fit is refused", async () => {
    const { trainer, train } = begin(scheduled);
    for await (const { step } of train()) if (step === 4) break;
    const state = await trainer.state();
    const saved = state.fit;
    if (saved?.last === undefined) return expect.unreachable();
    const wrong: [object, RegExp][] = [
      [{ batch: -1 }, /batch of fit/],
      [{ batch: 1.5 }, /batch of fit/],
      [{ pass: 3 }, /pass of fit/],
      [{ pass: { ...saved.pass, batchSize: 0 } }, /batchSize of pass/],
      [{ last: undefined }, /last of fit/],
      [{ last: { ...saved.last, metrics: { accuracy: "all" } } }, /accuracy of metrics of last/],
      [{ epochs: [1] }, /epochs\[0\]/],
      [{ epochs: {} }, /epochs of fit/],
      [{ scores: 3 }, /scores of fit/],
      [{ scores: { parts: {} } }, /means of scores/],
      [{ scores: { means: { loss: { total: 1, count: -1 } }, parts: {} } }, /count of mean loss/],
      [{ scores: { means: {}, parts: { f1: { pairs: ["1"] } } } }, /pairs of f1/],
      [{ stoppedEarly: 0 }, /stoppedEarly of fit/],
      [{ earlyStopping: { worse: "none" } }, /worse of earlyStopping/],
      [{ earlyStopping: { worse: 0, best: { epoch: 1 } } }, /value of best/],
      [{ earlyStopping: { worse: 0, weights: { other: { shape: [1], data: [1] } } } }, /names/],
    ];
    for (const [change, message] of wrong) {
      const broken = { ...state, fit: { ...saved, ...change } } as TrainerState;
      expect(() => trainer.loadState(broken)).toThrow(ArgumentError);
      expect(() => trainer.loadState(broken)).toThrow(message);
    }
    expect(await trainer.state()).toEqual(state);
  });
});
