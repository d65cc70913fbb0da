import { describe, expect, test } from "vitest";
import { follow, Interrupted, schedule } from "../../../examples/quickstart/training.ts";
import { asTensor } from "../../../src/functions.ts";
import { type StepReport, tensor } from "../../../src/index.ts";
import { openCounting } from "../runtime/open.ts";

function options(signal: AbortSignal, limitMs = Number.POSITIVE_INFINITY) {
  return {
    run: { seed: 1, signal, terminal: { write: () => {} }, checkpoints: "out" },
    label: "digits",
    totalSteps: 4,
    stepsBefore: 0,
    history: async () => ({ epochs: [2, 4].map(report) }),
    limitMs,
    shown: (loss: number) => 10 * loss,
    note: () => "",
  };
}

const report = (step: number): StepReport => ({
  step,
  epoch: 1,
  ahead: 0,
  stepsPerEpoch: 4,
  loss: 1 / step,
  gradientNorm: 1,
  accuracy: undefined,
  metrics: {},
  flow: undefined,
  training: undefined,
  validation: undefined,
});

/** Four steps, or those behind the first ones. */
async function* reports(signal?: AbortSignal, before = 0): AsyncGenerator<StepReport> {
  for (let step = before + 1; step <= 4; step++) {
    signal?.throwIfAborted();
    yield report(step);
  }
}

describe("the loop that both networks share", () => {
  test("records what it shows", async () => {
    const given = options(new AbortController().signal);
    const trained = await follow(reports(), given);
    expect(trained.losses.map(({ value }) => value)).toEqual([10, 5, 10 * (1 / 3), 2.5]);
    expect(trained.steps).toBe(4);
  });

  test("goes on from what an earlier run has recorded of its epochs", async () => {
    const given = { ...options(new AbortController().signal), stepsBefore: 3 };
    const { steps, losses } = await follow(reports(undefined, 3), given);
    expect(losses.map(({ step }) => step)).toEqual([2, 4]);
    expect(steps).toBe(4);
  });

  test("ends when the time is over", async () => {
    const trained = await follow(reports(), options(new AbortController().signal, -1));
    expect(trained.steps).toBe(1);
  });

  test("says what was reached where the user stops it", async () => {
    const stop = new AbortController();
    const interrupted = follow(reports(stop.signal), {
      ...options(stop.signal),
      between: async (step) => {
        if (step === 2) stop.abort();
      },
    });
    await expect(interrupted).rejects.toThrow(Interrupted);
    await expect(interrupted).rejects.toThrow(
      "digits: stopped after step 2 of 4, loss 5.0000. Go on with npm start -- --resume.",
    );
  });

  test("lets every other error pass", async () => {
    const failing = follow(
      reports(AbortSignal.abort(new Error("lost"))),
      options(new AbortController().signal),
    );
    await expect(failing).rejects.toThrow("lost");
  });
});

test("the learning rate climbs at first and then falls to a fiftieth", async () => {
  openCounting();
  const rate = schedule(2, 100);
  const at = async (step: number) => asTensor(rate(tensor(step))).item();
  expect(await at(0)).toBeCloseTo(0.04);
  expect(await at(3)).toBeGreaterThan(1.98);
  expect(await at(50)).toBeCloseTo(1.02);
  expect(await at(100)).toBeCloseTo(0.04);
});
