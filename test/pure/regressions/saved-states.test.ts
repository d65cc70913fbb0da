/** A Trainer's state is hostile until it has been checked: refused by name, with nothing loaded and nothing allocated. */
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { DisposedError, GradgpuError } from "../../../src/errors.ts";
import { foldIn, keyOf, mean, words } from "../../../src/functions.ts";
import { losses, nn, optim, Trainer, type TrainerState } from "../../../src/index.ts";
import type { TrainingBatch, Window } from "../../../src/train/index.ts";
import { openCounting } from "../runtime/open.ts";
import { blocks, idsOf, WORDS } from "../train/sequences.ts";

beforeEach(() => {
  openCounting();
});

/** Of a Trainer that has trained: plain data, the same for every test. */
let saved: TrainerState;
beforeAll(async () => {
  openCounting();
  saved = await (await trained()).state();
});

const make = (window: Window = { every: 3, back: 8 }) =>
  new Trainer(
    nn.sequential(
      nn.embedding(WORDS, 3, { seed: 1 }),
      nn.lstm(3, 4, { seed: 2 }),
      nn.linear(4, WORDS, { seed: 3 }),
    ),
    {
      loss: losses.crossEntropy,
      optimizer: optim.adam({ learningRate: 0.1 }),
      window,
      metrics: {},
    },
  );

const some = (): TrainingBatch[] => blocks([idsOf(13), idsOf(13, 1)], 3);

async function trained(window?: Window) {
  const trainer = make(window);
  await trainer.fit(some());
  return trainer;
}

type Path = readonly (string | number)[];

/** In place of a value: take it away. */
const MISSING = Symbol("missing");

/** A copy of `state` with another value at `path`. */
function changed(state: TrainerState, path: Path, value: unknown): TrainerState {
  if (path.length === 0) return value as TrainerState;
  const copy = structuredClone(state);
  const holder = path
    .slice(0, -1)
    .reduce<object>((held, name) => Reflect.get(held, name) as object, copy);
  const name = path.at(-1) ?? "";
  if (value === MISSING) Reflect.deleteProperty(holder, name);
  else Reflect.set(holder, name, value);
  return copy;
}

const bias = ["parameters", "2.bias"];
const sequence = ["sequences", 0];
const stretch = [...sequence, "stretch"];
const floats = (length: number) => ({
  shape: [length],
  dtype: "f32",
  data: new Float32Array(length),
});

const changes: [Path, unknown][] = [
  [[], undefined],
  [[], null],
  [[], "state"],
  [[], []],
  [[], {}],
  [["step"], MISSING],
  [["step"], -1],
  [["step"], 1.5],
  [["step"], "4"],
  [["epoch"], Number.NaN],
  [["randomStream"], MISSING],
  [["parameters"], MISSING],
  [["parameters"], []],
  [bias, null],
  [bias, MISSING],
  [["parameters", "other"], floats(WORDS)],
  [[...bias, "data"], MISSING],
  [[...bias, "data"], new Float32Array(2)],
  [[...bias, "data"], new Float32Array(WORDS).fill(Number.NaN)],
  [[...bias, "data"], new Uint16Array(WORDS)],
  [
    [...bias, "shape"],
    [WORDS, 1],
  ],
  [[...bias, "shape"], "7"],
  [
    [...bias, "shape"],
    [3.5, 2],
  ],
  [["optimizer"], MISSING],
  [["optimizer", "m"], null],
  [["optimizer", "m"], MISSING],
  [["optimizer", "m"], floats(3)],
  [["optimizer", "learningRate"], floats(0)],
  [["optimizer", "v", "data"], new Int32Array(9)],
  [["sequences"], MISSING],
  [["sequences"], {}],
  [["sequences"], [null]],
  [[...sequence, "batchSize"], 1e8],
  [[...sequence, "batchSize"], 0],
  [[...sequence, "batchSize"], Number.NaN],
  [[...sequence, "state"], []],
  [
    [...sequence, "state", 0, "shape"],
    [4, 2],
  ],
  [stretch, MISSING],
  [stretch, "long"],
  [[...stretch, "back"], 9],
  [[...stretch, "history"], MISSING],
  [
    [...stretch, "history", "shape"],
    [1e9, 2],
  ],
  [[...stretch, "history", "shape"], [10]],
  [[...stretch, "history", "dtype"], "f64"],
  [[...stretch, "history", "data"], new Float32Array(10)],
  [[...stretch, "borders"], MISSING],
  [[...stretch, "owed"], floats(3)],
];

/** Every place in a state. */
function pathsIn(value: unknown, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return [path];
  return [path, ...Object.entries(value).flatMap(([name, held]) => pathsIn(held, [...path, name]))];
}

const oddities = [
  undefined,
  null,
  -1,
  0.5,
  1e8,
  Number.NaN,
  "text",
  true,
  {},
  [],
  [1e9],
  [2, 3],
  new Map(),
  () => 0,
  10n,
  new Float32Array(4),
  new Uint8Array(4),
  new ArrayBuffer(8),
  { shape: [4], data: new Float32Array(4) },
  { shape: [1e9], dtype: "f32", data: new Float32Array(4) },
  MISSING,
];

/** Loads `wrong`; where it is refused, that is by an error of gradgpu's own, and nothing has changed. */
async function tryToLoad(trainer: Trainer, wrong: TrainerState): Promise<"loaded" | "refused"> {
  const before = await trainer.state();
  let error: unknown;
  try {
    trainer.loadState(wrong);
  } catch (thrown) {
    error = thrown;
  }
  if (error === undefined) return "loaded";
  expect(error).toBeInstanceOf(GradgpuError);
  expect(await trainer.state()).toEqual(before);
  return "refused";
}

describe("a state that is none", () => {
  it.each(changes)("at %j is refused: %o", async (path, value) => {
    const trainer = await trained();
    expect(await tryToLoad(trainer, changed(saved, path, value))).toBe("refused");
    expect((await trainer.fit(some())).steps).toBe(4);
  });

  it("is JSON, which keeps no typed arrays; a structured clone is one", async () => {
    const trainer = await trained();
    const state = await trainer.state();
    const json = JSON.parse(JSON.stringify(state)) as TrainerState;
    expect(() => trainer.loadState(json)).toThrow(/typed array/);
    trainer.loadState(structuredClone(state));
    expect(await trainer.state()).toEqual(state);
  });

  it("has weights that are not finite, unless they are asked for", async () => {
    const trainer = await trained();
    const state = await trainer.state();
    const broken = changed(state, [...bias, "data"], new Float32Array(WORDS).fill(Number.NaN));
    expect(await tryToLoad(trainer, broken)).toBe("refused");
    trainer.loadState(broken, { allowNonFinite: true });
    expect((await trainer.state()).parameters["2.bias"]?.data[0]).toBeNaN();
  });

  it("names a size of batch twice", async () => {
    const state = await (await trained()).state();
    const twice = [...state.sequences, ...state.sequences];
    expect(await tryToLoad(await trained(), { ...state, sequences: twice })).toBe("refused");
  });

  it("allocates nothing before it is refused", async () => {
    const state = await (await trained(3)).state();
    const trainer = make(3);
    const { runtime } = openCounting();
    const { arrayBuffers } = process.memoryUsage();
    const huge = changed(state, [...sequence, "batchSize"], 1e8);
    expect(() => trainer.loadState(huge)).toThrow(GradgpuError);
    expect(process.memoryUsage().arrayBuffers - arrayBuffers).toBeLessThan(2 ** 20);
    expect(runtime.memory().bytes).toBe(0);
  });

  it.each([1, 2, 3])(
    "in any of 150 places and ways is refused or loads whole, seed %i",
    async (seed) => {
      const state = await (await trained()).state();
      const trainer = await trained();
      const places = pathsIn(state);
      const outcomes = { loaded: 0, refused: 0 };
      for (let i = 0; i < 50; i++) {
        const [place = 0, odd = 0] = words(foldIn(keyOf(seed), i), 0, 2);
        const path = places[place % places.length] ?? [];
        const wrong = changed(state, path, oddities[odd % oddities.length]);
        outcomes[await tryToLoad(trainer, wrong)]++;
        trainer.loadState(state);
      }
      expect(outcomes.refused).toBeGreaterThan(25);
      expect((await trainer.fit(some())).steps).toBe(4);
    },
  );
});

describe("a state of another form of step", () => {
  it("is loaded whole: blocks of its form go on from it", async () => {
    const frames = (features: number): TrainingBatch => ({
      x: { data: new Float32Array(6 * features), shape: [3, 2, features], dtype: "f32" },
      y: { data: new Int32Array(6), shape: [3, 2], dtype: "i32" },
      start: true,
    });
    // A model that takes steps of any form: what is carried has its own.
    const cell = nn.lstm(1, 4, { seed: 1 });
    const head = nn.linear(4, 3, { seed: 2 });
    const any = () =>
      new Trainer(
        nn.module("any", {
          children: { cell, head },
          step(x, state) {
            const { y, state: next } = cell.step(mean(x, { axis: 2, keepDims: true }), state);
            return { y: head(y), state: next };
          },
        }),
        {
          loss: losses.crossEntropy,
          optimizer: optim.sgd({ learningRate: 0 }),
          window: { every: 3, back: 8 },
          metrics: {},
        },
      );
    const [one, two] = [any(), any()];
    await one.fit([frames(1)]);
    await two.fit([frames(2)]);
    one.loadState(await two.state());
    expect((await one.fit([{ ...frames(2), start: false }])).steps).toBe(1);
    await expect(one.fit([{ ...frames(1), start: false }])).rejects.toBeInstanceOf(GradgpuError);
    one.loadState({ ...(await two.state()), sequences: [] });
    expect((await one.fit([frames(1), { ...frames(1), start: false }])).steps).toBe(2);
  });
});

describe("a Trainer that is disposed of", () => {
  it("refuses every call, and leaves the model and the optimizer alone", async () => {
    const trainer = await trained();
    const saved = await trainer.state();
    const { model } = trainer;
    trainer.dispose();
    trainer.dispose();
    expect(trainer.step).toBe(4);
    const calls = [
      () => trainer.fit(some()),
      () => trainer.evaluate(some()),
      () => trainer.predict([[1]]),
      () => trainer.state(),
      async () => trainer.loadState(saved),
    ];
    for (const call of calls) await expect(call()).rejects.toBeInstanceOf(DisposedError);
    expect(await model.stateDict()).toEqual(saved.parameters);
  });

  it("gives back all that it had, and `using` does so by itself", async () => {
    const { runtime } = openCounting();
    const trainer = await trained();
    await trainer.evaluate(some());
    await trainer.predict([[1, 2]]);
    const { model } = trainer;
    const held = runtime.memory().buffers;
    trainer.dispose();
    await runtime.device.synchronise();
    await model.stateDict();
    expect(runtime.memory().buffers).toBeLessThan(held);
    {
      using other = make();
      expect(other.step).toBe(0);
    }
  });

  it("ends a fit that is under way", async () => {
    const trainer = make();
    const run = async () => {
      for await (const { step } of trainer.fit(function* () {
        while (true) yield* some();
      })) {
        if (step === 3) trainer.dispose();
      }
    };
    await expect(run()).rejects.toBeInstanceOf(DisposedError);
  });
});
