import { describe, expect, test } from "vitest";
import { follow, Interrupted, schedule } from "../../../examples/quickstart/training.ts";
import type { optim, StepReport } from "../../../src/index.ts";

function options(signal: AbortSignal, limitMs = Number.POSITIVE_INFINITY) {
  const rates: number[] = [];
  const optimizer: optim.Optimizer = {
    update: () => {},
    setLearningRate: (rate) => rates.push(rate),
    state: () => new Map(),
    loadState: () => {},
  };
  return {
    rates,
    run: { seed: 1, signal, terminal: { write: () => {} } },
    label: "digits",
    totalSteps: 4,
    optimizer,
    learningRate: 2,
    limitMs,
    shown: (loss: number) => 10 * loss,
    note: () => "",
  };
}

async function* reports(signal?: AbortSignal): AsyncGenerator<StepReport> {
  for (let step = 1; step <= 4; step++) {
    signal?.throwIfAborted();
    yield {
      step,
      epoch: 1,
      ahead: 0,
      stepsPerEpoch: 4,
      loss: 1 / step,
      gradientNorm: 1,
      accuracy: undefined,
      metrics: {},
      flow: undefined,
      validation: undefined,
    };
  }
}

describe("the loop that both networks share", () => {
  test("records what it shows and sets the rate of the schedule after every step", async () => {
    const given = options(new AbortController().signal);
    const trained = await follow(reports(), given);
    expect(trained.losses.map(({ value }) => value)).toEqual([10, 5, 10 * (1 / 3), 2.5]);
    expect(trained.steps).toBe(4);
    expect(given.rates).toEqual([1, 2, 3, 4].map((step) => 2 * schedule(step / 4)));
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
    await expect(interrupted).rejects.toThrow("digits: stopped after step 2 of 4, loss 5.0000.");
  });

  test("lets every other error pass", async () => {
    const failing = follow(
      reports(AbortSignal.abort(new Error("lost"))),
      options(new AbortController().signal),
    );
    await expect(failing).rejects.toThrow("lost");
  });
});

test("the learning rate climbs at first and then falls to a fiftieth", () => {
  expect(schedule(0)).toBeCloseTo(0.02);
  expect(schedule(0.03)).toBeGreaterThan(0.99);
  expect(schedule(0.5)).toBeCloseTo(0.51);
  expect(schedule(1)).toBeCloseTo(0.02);
});
