/** Callbacks and data that throw, or never answer: a fit ends all the same, and the next one works. */
import { beforeEach, describe, expect, it } from "vitest";
import { ArgumentError, DeviceLostError } from "../../../src/errors.ts";
import { losses, nn, optim, Trainer } from "../../../src/index.ts";
import type { FitOptions, TrainingData } from "../../../src/train/index.ts";
import { CountingDevice, openCounting } from "../runtime/open.ts";

beforeEach(() => {
  openCounting();
});

/** After a fault every promise settles; so long even a busy machine has. */
const LIMIT_MS = 8000;

const make = () =>
  new Trainer(nn.linear(2, 2, { seed: 1 }), {
    loss: losses.crossEntropy,
    optimizer: optim.adam({ learningRate: 0.1 }),
  });

const batch = { x: [[1, 2]], y: [0] };
const never = new Promise<never>(() => {});
const enough = new Error("enough");

/** How a fit ended, which must be soon; the same Trainer then trains on. */
async function endOf(trainer: Trainer, data: TrainingData, options: FitOptions = {}) {
  const startMs = performance.now();
  const error = await trainer.fit(data, options).then(
    () => "it came to its end",
    (reason: unknown) => reason,
  );
  expect(performance.now() - startMs).toBeLessThan(LIMIT_MS);
  const { step } = trainer;
  expect((await trainer.fit([batch])).steps).toBe(1);
  expect(trainer.step).toBe(step + 1);
  return error;
}

/** Aborted a little after the first step. */
function abortSoon() {
  const controller = new AbortController();
  setTimeout(() => controller.abort(enough), 50);
  return controller.signal;
}

const steps = (): (typeof batch)[] => [batch, batch];

const sources: [string, TrainingData][] = [
  [
    "an asynchronous generator",
    async function* () {
      yield* steps();
      await never;
    },
  ],
  ["a function that promises batches", () => never],
  ["batches that are promises", () => [batch, never]],
  [
    "an iterator without a return",
    () => ({ [Symbol.asyncIterator]: () => ({ next: () => never }) }),
  ],
  [
    "an iterator whose return never answers either",
    () => ({ [Symbol.asyncIterator]: () => ({ next: () => never, return: () => never }) }),
  ],
];

describe("data that never answers", () => {
  it.each(sources)("hears a signal: %s", async (_, data) => {
    expect(await endOf(make(), data, { signal: abortSoon() })).toBe(enough);
  });

  it.each(sources)("hears it while evaluating too: %s", async (_, data) => {
    const trainer = make();
    await expect(trainer.evaluate(data, { signal: abortSoon() })).rejects.toBe(enough);
    expect(await endOf(trainer, [batch], { validation: data, signal: abortSoon() })).toBe(enough);
  });

  it("is told that it is not wanted any more", async () => {
    let isClosed = false;
    async function* data() {
      try {
        yield batch;
        await new Promise((resolve) => setTimeout(resolve, 200));
        yield batch;
      } finally {
        isClosed = true;
      }
    }
    expect(await endOf(make(), data, { signal: abortSoon() })).toBe(enough);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(isClosed).toBe(true);
  });

  it("hears the loss of the device", async () => {
    let lose: (error: DeviceLostError) => void = () => {};
    class Losable extends CountingDevice {
      override readonly lost = new Promise<DeviceLostError>((resolve) => {
        lose = resolve;
      });
    }
    openCounting({}, new Losable());
    const fit = make().fit(async function* () {
      yield batch;
      await never;
    });
    setTimeout(() => lose(new DeviceLostError("it is gone")), 50);
    await expect(fit).rejects.toBeInstanceOf(DeviceLostError);
  });

  it("with a signal that is aborted already is not even asked", async () => {
    let isAsked = false;
    const data = () => {
      isAsked = true;
      return [batch];
    };
    expect(await endOf(make(), data, { signal: AbortSignal.abort(enough) })).toBe(enough);
    expect(isAsked).toBe(false);
  });
});

describe("data that throws", () => {
  const broken: [string, TrainingData][] = [
    [
      "before the first batch",
      () => {
        throw enough;
      },
    ],
    [
      "behind it",
      function* () {
        yield* steps();
        throw enough;
      },
    ],
    [
      "late",
      async function* () {
        yield* steps();
        await new Promise((resolve) => setTimeout(resolve, 10));
        throw enough;
      },
    ],
    ["as a promise", () => [Promise.reject(enough)]],
    [
      "instead of an iterator",
      {
        [Symbol.iterator]: () => {
          throw enough;
        },
      },
    ],
  ];

  it.each(broken)("ends the fit with what it throws: %s", async (_, data) => {
    expect(await endOf(make(), data)).toBe(enough);
    await expect(make().evaluate(data)).rejects.toBe(enough);
  });

  it("when it is left is heard, where the loop itself went well", async () => {
    const trainer = make();
    function* data() {
      try {
        while (true) yield batch;
      } finally {
        // biome-ignore lint/correctness/noUnsafeFinally: what a source does when it is closed is its own affair
        throw enough;
      }
    }
    const run = async () => {
      for await (const { step } of trainer.fit(data)) if (step === 2) break;
    };
    await expect(run()).rejects.toBe(enough);
    expect((await trainer.fit([batch])).steps).toBe(1);
  });

  it("and a batch that is refused closes the source", async () => {
    let isClosed = false;
    function* data() {
      try {
        yield batch;
        yield { x: [[1, 2]], y: [7] };
      } finally {
        isClosed = true;
      }
    }
    expect(await endOf(make(), data)).toBeInstanceOf(ArgumentError);
    expect(isClosed).toBe(true);
  });
});

describe("a callback", () => {
  const callbacks: [string, () => unknown][] = [
    [
      "throws",
      () => {
        throw enough;
      },
    ],
    ["rejects", () => Promise.reject(enough)],
    [
      "rejects late",
      async () => {
        await new Promise((resolve) => setTimeout(resolve, 10));
        throw enough;
      },
    ],
  ];

  it.each(callbacks)("that %s ends the fit with what it threw", async (_, callback) => {
    expect(await endOf(make(), steps(), { onStep: callback })).toBe(enough);
    expect(await endOf(make(), steps(), { onEpoch: callback })).toBe(enough);
  });

  it("that never answers hears the signal", async () => {
    expect(await endOf(make(), steps(), { onStep: () => never, signal: abortSoon() })).toBe(enough);
    expect(await endOf(make(), steps(), { onEpoch: () => never, signal: abortSoon() })).toBe(
      enough,
    );
  });

  it("is waited for", async () => {
    const seen: string[] = [];
    await make().fit(steps(), {
      async onStep({ step }) {
        await new Promise((resolve) => setTimeout(resolve, 10));
        seen.push(`step ${step}`);
      },
      onEpoch: () => seen.push("epoch"),
    });
    expect(seen).toEqual(["step 1", "step 2", "epoch"]);
  });
});

describe("a signal", () => {
  it("has no listener left when a fit has ended", async () => {
    const { signal } = new AbortController();
    let listeners = 0;
    const [add, remove] = [signal.addEventListener, signal.removeEventListener];
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners++;
      add.apply(signal, args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners--;
      remove.apply(signal, args);
    };
    const trainer = make();
    await trainer.fit(steps(), { signal });
    await trainer.evaluate(steps(), { signal });
    for await (const { step } of trainer.fit(steps(), { signal })) if (step > 0) break;
    expect(listeners).toBe(0);
  });
});
