/** A fit is awaited or followed, epochs go on counting, and a loop that is left leaves nothing behind. */
import { beforeEach, describe, expect, it } from "vitest";
import { ArgumentError, NonFiniteError } from "../../../src/errors.ts";
import { data, losses, nn, optim, Trainer } from "../../../src/index.ts";
import type { EpochReport, StepReport, TrainerState } from "../../../src/train/index.ts";
import { openCounting } from "../runtime/open.ts";

beforeEach(() => {
  openCounting();
});

const examples = data.dataset({
  x: { data: Float32Array.from({ length: 40 }, (_, i) => Math.sin(i * i)), shape: [20, 2] },
  y: Int32Array.from({ length: 20 }, (_, i) => i % 2),
});

/** Dropout is at work, so that the random numbers must go on as well. */
function make() {
  const model = nn.sequential(
    nn.linear(2, 6, { seed: 1 }),
    nn.dropout(0.3),
    nn.linear(6, 2, { seed: 2 }),
  );
  const optimizer = optim.adam({ learningRate: 0.05 });
  return new Trainer(model, { loss: losses.crossEntropy, optimizer });
}

const weights = async ({ model }: Trainer) =>
  Object.values(await model.stateDict()).flatMap(({ data }) => [...data]);

const batchSize = 8;

describe("a fit that is awaited", () => {
  it("trains to its end, calls back, and comes to its history", async () => {
    const trainer = make();
    const before = await weights(trainer);
    const [steps, epochs]: [StepReport[], EpochReport[]] = [[], []];
    const history = await trainer.fit(examples, {
      epochs: 2,
      batchSize,
      validation: examples,
      onStep: (report) => steps.push(report),
      onEpoch: (report) => epochs.push(report),
    });
    expect(trainer.step).toBe(6);
    expect(steps.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(epochs.map(({ epoch, validation }) => [epoch, typeof validation?.loss])).toEqual([
      [1, "number"],
      [2, "number"],
    ]);
    expect(history).toEqual({
      steps: 6,
      loss: steps[5]?.loss,
      epochs,
      stoppedEarly: false,
      deviceChanges: [],
    });
    expect(await weights(trainer)).not.toEqual(before);
  });

  it("is the same training as one whose reports are followed", async () => {
    const [awaited, followed] = [make(), make()];
    followed.loadState(await awaited.state());
    await awaited.fit(examples, { epochs: 2, batchSize });
    for await (const { step } of followed.fit(examples, { epochs: 2, batchSize })) {
      expect(step).toBeGreaterThan(0);
    }
    expect(await weights(awaited)).toEqual(await weights(followed));
  });

  it("is a promise like others: then, catch, finally, all, race, several times", async () => {
    const trainer = make();
    const fit = trainer.fit(examples, { batchSize });
    const [first, second] = await Promise.all([fit, fit.then(({ steps }) => steps)]);
    expect([first.steps, second, (await fit).steps]).toEqual([3, 3, 3]);
    let isFinal = false;
    await trainer.fit(examples, { batchSize }).finally(() => {
      isFinal = true;
    });
    expect(isFinal).toBe(true);
    expect(trainer.step).toBe(6);
    const refused = trainer.fit(examples, { batchSize: 0 });
    expect(await refused.catch((error: unknown) => error)).toBeInstanceOf(ArgumentError);
    await expect(refused).rejects.toBeInstanceOf(ArgumentError);
    await expect(refused.finally()).rejects.toBeInstanceOf(ArgumentError);
  });

  it("trains nothing before it is awaited or followed", async () => {
    const trainer = make();
    const fit = trainer.fit(examples, { batchSize });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(trainer.step).toBe(0);
    await fit;
    expect(trainer.step).toBe(3);
  });

  it("leaves no rejection unhandled where the loop over it got the error", async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => unhandled.push(reason);
    process.on("unhandledRejection", note);
    const fit = make().fit(examples, { batchSize: 0 });
    await expect(fit.next()).rejects.toBeInstanceOf(ArgumentError);
    await new Promise((resolve) => setTimeout(resolve, 20));
    process.off("unhandledRejection", note);
    expect(unhandled).toEqual([]);
  });
});

describe("a fit that is followed", () => {
  it("can be awaited behind the loop, with what was trained by then", async () => {
    const fit = make().fit(examples, { epochs: 3, batchSize });
    for await (const { step } of fit) if (step === 4) break;
    const { steps, epochs } = await fit;
    expect(epochs.map(({ epoch }) => epoch)).toEqual([1]);
    expect(steps).toBeGreaterThanOrEqual(4);
  });

  it("is followed once: a second loop would get nothing, and says so", async () => {
    const trainer = make();
    const fit = trainer.fit(examples, { batchSize });
    for await (const { step } of fit) expect(step).toBeGreaterThan(0);
    expect(() => fit[Symbol.asyncIterator]()).toThrow(/followed once.*followed already/);
    const awaited = trainer.fit(examples, { batchSize });
    const history = awaited.then();
    expect(() => awaited[Symbol.asyncIterator]()).toThrow(/awaited already/);
    expect((await history).steps).toBe(3);
  });

  it("that nobody begins ends at once", async () => {
    const fit = make().fit(examples, { batchSize });
    expect(await fit.return()).toEqual({ done: true, value: undefined });
    expect(await fit).toEqual({
      steps: 0,
      loss: Number.NaN,
      epochs: [],
      stoppedEarly: false,
      deviceChanges: [],
    });
  });

  it("excludes a second one beside it, and loading, until it has ended", async () => {
    const trainer = make();
    const saved = await trainer.state();
    for await (const { step } of trainer.fit(examples, { batchSize })) {
      if (step > 1) continue;
      await expect(trainer.fit(examples, { batchSize })).rejects.toThrow(/ended one fit before/);
      expect(() => trainer.loadState(saved)).toThrow(/while a fit has not ended/);
    }
    trainer.loadState(saved);
    expect((await trainer.fit(examples, { batchSize })).steps).toBe(3);
  });
});

describe("epochs", () => {
  it("go on counting: 3 and 2 with a saved state between are the same bits as 5", async () => {
    const whole = make();
    const fresh = await whole.state();
    const { epochs } = await whole.fit(examples, { epochs: 5, batchSize });
    const first = make();
    first.loadState(fresh);
    await first.fit(examples, { epochs: 3, batchSize });
    const second = make();
    second.loadState(structuredClone(await first.state()));
    const rest = await second.fit(examples, { epochs: 2, batchSize });
    expect(rest.epochs).toEqual(epochs.slice(3));
    expect(await second.state()).toEqual(await whole.state());
    await first.fit(examples, { epochs: 2, batchSize });
    expect(await first.state()).toEqual(await whole.state());
  });

  it("are told to a function of data, and in the reports", async () => {
    const trainer = make();
    const asked: number[] = [];
    const batches = (epoch: number) => {
      asked.push(epoch);
      return data.batches(examples, { batchSize, epoch });
    };
    await trainer.fit(batches, { epochs: 2 });
    const { epochs } = await trainer.fit(batches);
    expect(asked).toEqual([1, 2, 3]);
    expect(epochs.map(({ epoch }) => epoch)).toEqual([3]);
    expect(trainer.epoch).toBe(3);
  });

  it("begin where initialEpoch says", async () => {
    const trainer = make();
    await trainer.fit(examples, { epochs: 2, batchSize });
    const { epochs } = await trainer.fit(examples, { initialEpoch: 0, batchSize });
    expect(epochs.map(({ epoch }) => epoch)).toEqual([1]);
  });

  it("of a state that was saved without them begin with the first", async () => {
    const trainer = make();
    const { epoch, ...saved } = await trainer.state();
    expect(epoch).toBe(0);
    await trainer.fit(examples, { batchSize });
    trainer.loadState(saved as TrainerState);
    const { epochs } = await trainer.fit(examples, { batchSize });
    expect(epochs.map((report) => report.epoch)).toEqual([1]);
  });
});

describe("a loop that is left", () => {
  it("has told how many steps were ahead, and they have had their effect when it ends", async () => {
    const trainer = make();
    let told = 0;
    for await (const { step, ahead } of trainer.fit(examples, { epochs: 4, batchSize })) {
      expect(trainer.step).toBe(step + ahead);
      told = step + ahead;
      if (step === 5) break;
    }
    expect(trainer.step).toBe(told);
    const saved = await trainer.state();
    expect(saved.step).toBe(told);
    const { epochs } = await trainer.fit(examples, { batchSize });
    expect(epochs.map(({ step, epoch }) => [step, epoch])).toEqual([[told + 3, 3]]);
  });

  it("with a step ahead that is not finite is at the last one that had an effect", async () => {
    const trainer = make();
    const [good, bad] = [
      { x: [[1, 2]], y: [0] },
      { x: [[Number.NaN, 2]], y: [0] },
    ];
    for await (const { step } of trainer.fit(() => [good, good, bad, good, good, good])) {
      if (step === 1) break;
    }
    expect(trainer.step).toBe(2);
    const { steps } = await trainer.fit(() => [good]);
    expect(steps).toBe(1);
    expect(trainer.step).toBe(3);
    await expect(trainer.fit(() => [bad])).rejects.toMatchObject({ step: 4 });
    await expect(trainer.fit(() => [bad])).rejects.toBeInstanceOf(NonFiniteError);
  });
});
