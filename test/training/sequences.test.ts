/** Long sequences on the devices that train: truncation, masks of starts, resuming, streams in flat memory. */
import v8 from "node:v8";
import vm from "node:vm";
import { describe, expect, it } from "vitest";
import { type Chunk, streamWindows, TextVocabulary } from "../../src/data/index.ts";
import { tensor } from "../../src/functions.ts";
import { losses, nn, optim, Trainer } from "../../src/index.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import {
  blocks,
  byHand,
  distance,
  flat,
  idsOf,
  languageModel,
  recorder,
  stateAfter,
} from "../pure/train/sequences.ts";
import { type DeviceName, devices, use } from "./open.ts";

v8.setFlagsFromString("--expose-gc");
const collect = vm.runInNewContext("gc") as () => void;

const names: readonly DeviceName[] = ["cpu, two threads", "webgpu"];

describe.each(names)("on %s", (name) => {
  it("{ every, back } has the gradient worked out by hand", async () => {
    const runtime = use(await devices[name]());
    const [every, back] = [3, 7];
    const model = languageModel();
    const ids = idsOf(16);
    const { optimizer, read } = recorder();
    const options = { loss: losses.crossEntropy, optimizer, window: { every, back }, metrics: {} };
    const trainer = new Trainer(model, options);
    for (const [n, batch] of blocks([ids], every).entries()) {
      for await (const { step } of trainer.fit(() => [batch], { batchSize: 1 })) {
        expect(step).toBe(n + 1);
      }
      const to = (n + 1) * every;
      const from = Math.max(0, to - back);
      const state = await stateAfter(model, ids, from);
      const stretch = { ids, from, to, counted: to - every };
      const [, hand] = byHand(model, state === undefined ? stretch : { ...stretch, state });
      // As every device's gradients are held to: relative L2 of 1e-5.
      expect(distance(await read(), await flat(hand.values()))).toBeLessThan(1e-5);
    }
    await runtime.close();
  });

  it("training that was saved and loaded goes on with the same bits", async () => {
    const runtime = use(await devices[name]());
    const make = () =>
      new Trainer(
        nn.sequential(
          nn.embedding(7, 4, { seed: 1 }),
          nn.dropout(0.3),
          nn.lstm(4, 5, { seed: 2 }),
          nn.linear(5, 7, { seed: 3 }),
        ),
        {
          loss: losses.crossEntropy,
          optimizer: optim.adam({ learningRate: 0.02, clipNorm: 1 }),
          window: { every: 2, back: 5 },
          metrics: {},
        },
      );
    const data = blocks([idsOf(21), idsOf(21, 1)], 2).map((batch, n) =>
      n === 5 ? { ...batch, start: [true, false] } : batch,
    );
    const lossesOf = async (trainer: Trainer, from: number, to: number) => {
      const seen: number[] = [];
      const part = () => data.slice(from, to);
      for await (const { loss } of trainer.fit(part, { batchSize: 2 })) seen.push(loss);
      return seen;
    };
    const unbroken = make();
    const fresh = await unbroken.state();
    const all = await lossesOf(unbroken, 0, 10);
    const first = make();
    first.loadState(fresh);
    await lossesOf(first, 0, 6);
    const second = make();
    second.loadState(structuredClone(await first.state()));
    expect(await lossesOf(second, 6, 10)).toEqual(all.slice(6));
    // Two fits are two epochs.
    expect(await second.state()).toEqual({ ...(await unbroken.state()), epoch: 2 });
    await runtime.close();
  });

  it("a stateful session says, key by key, what the model says of the whole", async () => {
    const runtime = use(await devices[name]());
    const model = languageModel();
    const ids = idsOf(9);
    const whole = [...(await model(tensor(ids, [9, 1])).data())];
    const session = nn.stateful(model);
    const parts: number[] = [];
    for (const id of ids) {
      parts.push(...(await (await session.step(tensor(Int32Array.of(id), [1, 1]))).data()));
    }
    // Nine steps of sums of at most seven products, in f32.
    expect(distance(parts, whole)).toBeLessThan(1e-5);
    session.dispose();
    await runtime.close();
  });
});

/** Memory that nobody can reach is noticed a few tasks after a collection. */
async function heldNow(runtime: Runtime) {
  for (let i = 0; i < 5; i++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return runtime.memory();
}

const CHUNK = 4096;
const WINDOW = 64;

/** A text that is nowhere as a whole. */
async function* text(characters: number, onChunk: () => void): AsyncGenerator<Chunk> {
  for (let at = 0; at < characters; at += CHUNK) {
    onChunk();
    yield Array.from({ length: CHUNK }, (_, i) => "abcdefgh"[((at + i) ** 2 + at) % 8] ?? "a").join(
      "",
    );
  }
}

const streams = [
  // [device, chunks a row]
  ["cpu, two threads", 49],
  ["webgpu", 5],
] as const;

describe("a stream of text", () => {
  it.each(streams)(
    "on %s is trained on in flat memory: two rows of %i chunks of 4,096 characters",
    async (name, long) => {
      const runtime = use(await devices[name]());
      const vocabulary = TextVocabulary.of("abcdefgh");
      const model = nn.sequential(nn.embedding(8, 4), nn.lstm(4, 4), nn.linear(4, 8));
      const trainer = new Trainer(model, {
        loss: losses.crossEntropy,
        optimizer: optim.adam({ learningRate: 1e-2 }),
        window: { every: WINDOW, back: 2 * WINDOW },
        metrics: {},
      });
      let chunks = 0;
      const row = (length: number) => [
        text(length * CHUNK, () => {
          chunks++;
        }),
      ];
      /** Trains on rows of so many chunks; the windows that something still holds when nine tenths of it are done. */
      const train = async (length: number): Promise<number> => {
        chunks = 0;
        const seen: WeakRef<object>[] = [];
        async function* windows() {
          const stream = streamWindows([row(length), row(length)], { window: WINDOW, vocabulary });
          for await (const window of stream) {
            seen.push(new WeakRef(window.x.data), new WeakRef(window.y.data));
            yield window;
          }
        }
        const stepsInAll = Math.ceil((length * CHUNK - 1) / WINDOW);
        let [steps, held] = [0, 0];
        for await (const { loss } of trainer.fit(windows, { batchSize: 2 })) {
          steps++;
          expect(Number.isFinite(loss)).toBe(true);
          // Reports come a few steps late: four windows at most have been read beyond this one.
          expect(chunks).toBeLessThanOrEqual(2 * Math.ceil(((steps + 4) * WINDOW + 1) / CHUNK));
          if (steps === Math.floor(0.9 * stepsInAll)) {
            await heldNow(runtime);
            held = seen.filter((array) => array.deref() !== undefined).length;
          }
        }
        expect(steps).toBe(stepsInAll);
        return held;
      };
      await train(2);
      const before = await heldNow(runtime);
      const during = await train(long);
      const { bytes, buffers } = await heldNow(runtime);
      expect({ bytes, buffers }).toEqual({ bytes: before.bytes, buffers: before.buffers });
      // Inputs and targets of the steps under way, of the one that was reported, and of the window that is read next.
      expect(during).toBeLessThanOrEqual(2 * 6);
      await runtime.close();
    },
  );
});
