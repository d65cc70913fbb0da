/** Checkpoints: what is written, when, what is kept, and what is refused. */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeEach, describe, expect, it } from "vitest";
import { ArgumentError, FileError, FormatError } from "../../../src/errors.ts";
import { add, type Tensor, uniform } from "../../../src/functions.ts";
import { data, losses, nn, optim, Trainer } from "../../../src/index.ts";
import { blob, type Folder, type From, memory, type Place } from "../../../src/io/index.ts";
import type {
  CheckpointOptions,
  FitOptions,
  TrainerState,
  WrittenCheckpoint,
} from "../../../src/train/index.ts";
import { openCounting } from "../runtime/open.ts";
import { scheduled, trainings } from "./trainings.ts";

beforeEach(() => {
  openCounting();
});

const stepName = (step: number) => `step-${String(step).padStart(9, "0")}.safetensors`;

/** Text models are walked by the reference device. */
const LONG = { timeout: 60_000 };

describe.each(trainings)("%s", (_, make) => {
  it("is saved as one file and resumed with every bit of its state", LONG, async () => {
    const { model, options, data: given, fit } = make();
    const trainer = new Trainer(model, options);
    for await (const { step } of trainer.fit(given, fit)) if (step === 5) break;
    const place = memory().place("one");
    await trainer.save(place);
    openCounting();
    const again = make();
    const resumed = await Trainer.resume(place, again.model, again.options);
    expect(await resumed.state()).toEqual(await trainer.state());
    const [one, other] = [trainer.fit(given, fit), resumed.fit(again.data, again.fit)];
    expect(await other).toEqual(await one);
    expect(await resumed.state()).toEqual(await trainer.state());
  });
});

it("of a model that draws in its evaluation has the same validation where it is resumed", async () => {
  const noisy = () => {
    const layer = nn.linear(2, 2);
    const forward = (x: Tensor) => layer(add(x, uniform(x.shape)));
    return nn.module("noisy", { children: { layer }, forward });
  };
  const options = () => ({
    loss: losses.crossEntropy,
    optimizer: optim.sgd({ learningRate: 0.1 }),
  });
  const trainer = new Trainer(noisy(), options());
  await trainer.fit(examples, { batchSize: 5, untilEpoch: 2 });
  const scores = await trainer.evaluate(examples, { batchSize: 5 });
  expect(await trainer.evaluate(examples, { batchSize: 5 })).toEqual(scores);
  const place = memory().place("one");
  await trainer.save(place);
  openCounting();
  // Whatever else has been made before it there.
  new Trainer(noisy(), options());
  const resumed = await Trainer.resume(place, noisy(), options());
  expect(await resumed.evaluate(examples, { batchSize: 5 })).toEqual(scores);
});

it("of a model of several blocks of a file is read as it was written, and one bit of the last is missed", async () => {
  const model = () => nn.sequential(nn.linear(2, 70_000), nn.linear(70_000, 2));
  const options = () => ({
    loss: losses.crossEntropy,
    optimizer: optim.sgd({ learningRate: 0.1 }),
  });
  const trainer = new Trainer(model(), options());
  const place = memory().place("large");
  await trainer.save(place);
  const resumed = await Trainer.resume(place, model(), options());
  expect(await resumed.state()).toEqual(await trainer.state());
  const bytes = (await place.read()).slice();
  bytes[bytes.length - 3] = (bytes.at(-3) ?? 0) ^ 1;
  await expect(Trainer.resume(blob(new Blob([bytes])), model(), options())).rejects.toThrow(
    FormatError,
  );
});

const examples = data.dataset({
  x: { data: Float32Array.from({ length: 40 }, (_, i) => Math.sin(i * i)), shape: [20, 2] },
  y: Int32Array.from({ length: 20 }, (_, i) => i % 2),
});
const fit = { batchSize: 2, untilEpoch: 2 };

function make() {
  const model = nn.sequential(nn.linear(2, 6), nn.dropout(0.3), nn.linear(6, 2));
  const options = { loss: losses.crossEntropy, optimizer: optim.adam({ learningRate: 0.05 }) };
  return { model, options };
}

const trainerOf = ({ model, options } = make()) => new Trainer(model, options);
const resumed = async (from: Folder | From, names: string[] = []) => {
  const { model, options } = make();
  const onRefused = (_: Error, name: string) => names.push(name);
  return Trainer.resume(from, model, options, { onRefused });
};

/** Twenty steps, slow enough for every checkpoint to be written that is due. */
async function trained(
  trainer: Trainer,
  checkpoint: CheckpointOptions,
  options: FitOptions = {},
  until = Number.POSITIVE_INFINITY,
) {
  for await (const { step } of trainer.fit(examples, { ...fit, ...options, checkpoint })) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (step === until) break;
  }
}

describe("the checkpoints of a fit", () => {
  it("are written every so many steps and at the end; the latest are kept", async () => {
    const to = memory();
    const written: WrittenCheckpoint[] = [];
    const onWritten = (one: WrittenCheckpoint) => written.push(one);
    const trainer = trainerOf();
    await trained(trainer, { to, everySteps: 5, keep: 2, onWritten });
    const steps = written.map(({ step }) => step);
    expect(steps.length).toBeGreaterThan(3);
    expect(steps.slice(1).every((step, i) => step - (steps[i] ?? 0) <= 6)).toBe(true);
    expect(steps.at(-1)).toBe(20);
    expect(await to.names()).toEqual([...new Set(steps)].slice(-2).map(stepName));
    expect(await (await resumed(to)).state()).toEqual(await trainer.state());
  });

  it("are written every so many seconds, too", async () => {
    const written: number[] = [];
    const onWritten = ({ step }: WrittenCheckpoint) => written.push(step);
    await trained(trainerOf(), { to: memory(), everySeconds: 0.02, onWritten });
    expect(written.length).toBeGreaterThan(4);
    const seldom: number[] = [];
    const rarely = ({ step }: WrittenCheckpoint) => seldom.push(step);
    await trained(trainerOf(), { to: memory(), onWritten: rarely });
    expect(seldom).toEqual([20]);
  });

  it.each([["left"], ["aborted"]])("tell where a fit was %s", async (how) => {
    const to = memory();
    const trainer = trainerOf();
    const stop = new AbortController();
    if (how === "left") await trained(trainer, { to }, {}, 13);
    else {
      const onStep = ({ step }: { step: number }) => step === 13 && stop.abort();
      const aborted = trained(trainer, { to }, { signal: stop.signal, onStep });
      await expect(aborted).rejects.toMatchObject({ name: "AbortError" });
    }
    expect(await to.names()).toEqual([stepName(trainer.step)]);
    const again = await resumed(to);
    expect(await again.state()).toEqual(await trainer.state());
    expect(again.epoch).toBe(2);
    const end = await again.fit(examples, fit);
    expect([end.steps, again.step, end.epochs.length]).toEqual([20, 20, 2]);
  });

  it("need not be written where a program is started again that has done all", async () => {
    const to = memory();
    await trained(trainerOf(), { to });
    const written: WrittenCheckpoint[] = [];
    const again = await resumed(to);
    await trained(again, { to, onWritten: (one) => written.push(one) });
    expect([again.step, written]).toEqual([20, []]);
  });

  it("keep the best beside the latest, also over a stop", async () => {
    const to = memory();
    const validation = { x: examples.x, y: examples.y };
    const scores: number[] = [];
    const options = {
      untilEpoch: 4,
      validation,
      onEpoch: (report: { validation?: { loss: number } | undefined }) =>
        scores.push(report.validation?.loss ?? 0),
    };
    const checkpoint = { to, everySteps: 4, keep: 1, best: "validation.loss" as const };
    await trained(trainerOf(), checkpoint, options, 25);
    const trainer = await resumed(to);
    await trained(trainer, checkpoint, options);
    const best = scores.indexOf(Math.min(...scores)) + 1;
    expect((await trainer.state()).fit?.bestCheckpoint?.epoch).toBe(best);
    expect(await to.names()).toEqual(["best.safetensors", stepName(40)]);
    const kept = await resumed(to.place("best.safetensors"));
    expect([kept.epoch, kept.step]).toEqual([best, 10 * best]);
    const { loss } = await kept.evaluate(validation, { batchSize: 2 });
    expect(loss).toBe(scores[best - 1]);
  });

  it("leave out those that are due while one is written, and block no step", async () => {
    const slow = memory();
    let isWriting = 0;
    const folder: Folder = {
      ...slow,
      place: (name) => ({
        ...placeOf(slow.place(name)),
        async write(pieces) {
          expect(++isWriting).toBe(1);
          await new Promise((resolve) => setTimeout(resolve, 80));
          await slow.place(name).write(pieces);
          isWriting--;
        },
      }),
    };
    const written: number[] = [];
    const trainer = trainerOf();
    await trained(trainer, {
      to: folder,
      everySteps: 1,
      onWritten: ({ step }) => written.push(step),
    });
    expect(written.length).toBeLessThan(10);
    expect(written.at(-1)).toBe(20);
    expect(await (await resumed(slow)).state()).toEqual(await trainer.state());
  });

  it("are refused in a folder of another training, and where there is nothing to compare", async () => {
    const to = memory();
    await trained(trainerOf(), { to });
    const other = trained(trainerOf(), { to });
    await expect(other).rejects.toBeInstanceOf(ArgumentError);
    await expect(other).rejects.toThrow(/has one of step 20, for a Trainer at step 0/);
    // Another program that was started at the same time: neither knows of the other.
    const both = memory();
    const [first, second] = [trainerOf(), trainerOf()];
    const meanwhile = trained(first, {
      to: both,
      everySteps: 4,
      onWritten: async ({ step }) => {
        if (step < 8) await second.save(both.place(stepName(step + 4)));
      },
    });
    await expect(meanwhile).rejects.toThrow(/another training has written step-0+\d+.*own folder/);
    const none = trained(trainerOf(), { to, best: "validation.loss" });
    await expect(none).rejects.toThrow(/best must have something to compare/);
    const unknown = trained(
      trainerOf(),
      // It has no metric of that name, and tsc says so.
      { to: memory(), best: "validation.f1" as "validation.loss" },
      { validation: examples },
    );
    await expect(unknown).rejects.toThrow(/one of the validation's scores, loss, accuracy; got f1/);
  });
});

const placeOf = (place: Place): Place => ({
  description: place.description,
  size: (...given) => place.size(...given),
  read: (...given) => place.read(...given),
  write: (...given) => place.write(...given),
  remove: () => place.remove(),
});

describe("a checkpoint that cannot be written", () => {
  /** Full from the second on. */
  const full = () => {
    const held = memory();
    let count = 0;
    const folder: Folder = {
      ...held,
      place: (name) => ({
        ...placeOf(held.place(name)),
        async write(pieces) {
          if (++count > 1) throw new FileError("memory: there must be room; got none.", "full");
          await held.place(name).write(pieces);
        },
      }),
    };
    return { held, folder };
  };

  it("ends the fit, whose training goes on from memory or from the one before", async () => {
    const { held, folder } = full();
    const trainer = trainerOf();
    const fitted = trained(trainer, { to: folder, everySteps: 3 });
    await expect(fitted).rejects.toMatchObject({ name: "FileError", fault: "full" });
    expect(trainer.step).toBeLessThan(20);
    expect((await resumed(held)).step).toBeLessThan(trainer.step);
    expect((await trainer.fit(examples, fit)).steps).toBe(20);
  });

  it("is told where somebody listens, and training goes on", async () => {
    const { held, folder } = full();
    const trainer = trainerOf();
    const errors: unknown[] = [];
    await trained(trainer, { to: folder, everySteps: 3, onError: (error) => errors.push(error) });
    expect(errors.length).toBeGreaterThan(2);
    expect(errors.every((error) => error instanceof FileError)).toBe(true);
    expect([trainer.step, (await held.names()).length]).toEqual([20, 1]);
  });
});

describe("resume", () => {
  const twice = async () => {
    const to = memory();
    await trained(trainerOf(), { to, everySteps: 8 }, {}, 10);
    const names = await to.names();
    expect(names.length).toBe(2);
    const [before = "", latest = ""] = names;
    return { to, before, latest, bytes: await to.place(latest).read() };
  };

  it("begins anew where there is nothing", async () => {
    expect((await resumed(memory())).step).toBe(0);
    expect((await resumed(memory().place("none"))).step).toBe(0);
  });

  it("goes on from whatever holds one: bytes, a Blob, a URL, a path of any name", async () => {
    const { bytes, latest } = await twice();
    const path = mkdtempSync(join(tmpdir(), "gradgpu-resumed-"));
    const at = join(path, "mine.ckpt");
    writeFileSync(at, bytes);
    const url = `data:application/octet-stream;base64,${Buffer.from(bytes).toString("base64")}`;
    for (const from of [
      bytes,
      new Blob([bytes]),
      blob(new Blob([bytes])),
      url,
      at,
      pathToFileURL(at),
    ])
      expect(stepName((await resumed(from)).step)).toBe(latest);
    renameSync(at, join(path, latest));
    for (const from of [path, pathToFileURL(path), pathToFileURL(join(path, latest)).href])
      expect(stepName((await resumed(from)).step)).toBe(latest);
    rmSync(path, { recursive: true });
    expect((await resumed(path)).step).toBe(0);
    // What can only be read is not begun there.
    await expect(resumed("http://127.0.0.1:1/a")).rejects.toBeInstanceOf(FileError);
  });

  it.each<[string, (bytes: Uint8Array) => Uint8Array]>([
    ["is empty", () => new Uint8Array()],
    ["is cut in its header", (bytes) => bytes.slice(0, 100)],
    ["is cut in its data", (bytes) => bytes.slice(0, -3)],
    ["is longer", (bytes) => Uint8Array.from([...bytes, 0])],
    ["is another's", () => new TextEncoder().encode("[1, 2, 3]".repeat(40))],
    [
      "has a bit that is another",
      (bytes) => bytes.map((b, i) => (i === bytes.length - 50 ? b ^ 4 : b)),
    ],
  ])("takes the one before, and says so, where the latest %s", async (_, change) => {
    const { to, before, latest, bytes } = await twice();
    await to.place(latest).write([change(bytes)]);
    const names: string[] = [];
    const trainer = await resumed(to, names);
    expect(names).toEqual([latest]);
    expect(stepName(trainer.step)).toBe(before);
    // It goes on into the same folder, past the one that was refused.
    await trained(trainer, { to, everySteps: 5, keep: 1 });
    expect((await to.names()).at(-1)).toBe(stepName(20));
    for (const name of await to.names()) await to.place(name).write([change(bytes)]);
    // What a first write left that was cut off is as if it were not there.
    if (change(bytes).length === 0) expect((await resumed(to)).step).toBe(0);
    else await expect(resumed(to)).rejects.toBeInstanceOf(FormatError);
  });

  it("warns where nobody listens", async () => {
    const { to, latest } = await twice();
    await to.place(latest).write([new Uint8Array(20)]);
    const told: unknown[] = [];
    const { warn } = console;
    console.warn = (message: unknown) => told.push(message);
    const { model, options } = make();
    await Trainer.resume(to, model, options);
    console.warn = warn;
    expect(told).toEqual([
      expect.stringMatching(/refused, and the one before it is tried\. memory/),
    ]);
  });

  it("refuses a state of another model, of which nothing is loaded", async () => {
    const { to } = await twice();
    const model = nn.sequential(nn.linear(2, 5), nn.linear(5, 2));
    const { options } = make();
    await expect(Trainer.resume(to, model, options)).rejects.toBeInstanceOf(ArgumentError);
    for (const wrong of [undefined, 3, {}, null]) {
      const refused = Trainer.resume(wrong as never, make().model, make().options);
      await expect(refused).rejects.toBeInstanceOf(ArgumentError);
    }
  });

  it("refuses versions to come, and says so", async () => {
    const { to, latest, bytes } = await twice();
    const text = new TextDecoder("latin1").decode(bytes);
    const later = text.replace('"version":"1"', '"version":"2"');
    expect(later).not.toBe(text);
    await to.place(latest).write([Uint8Array.from(later, (c) => c.charCodeAt(0))]);
    await expect(resumed(to.place(latest))).rejects.toThrow(/the version must be 1; got "2"/);
  });
});

describe("a checkpoint that is changed somewhere", () => {
  it("is refused where numbers are called by another dtype", async () => {
    const { model, options, data: given, fit: own } = scheduled();
    const trainer = new Trainer(model, options);
    for await (const { step } of trainer.fit(given, own)) if (step === 4) break;
    const place = memory().place("one");
    await trainer.save(place);
    const text = Buffer.from(await place.read()).toString("latin1");
    const other = text.replace(
      '"optimizer.step":{"dtype":"F32"',
      '"optimizer.step":{"dtype":"U32"',
    );
    expect(other).not.toBe(text);
    await place.write([Buffer.from(other, "latin1")]);
    await expect(resumed(place)).rejects.toThrow(/none of tensor optimizer.step in f32/);
  });

  it("is refused by a typed error, wherever it is", { timeout: 60_000 }, async () => {
    const { model, options, data: given, fit: own } = scheduled();
    const trainer = new Trainer(model, options);
    for await (const { step } of trainer.fit(given, own)) if (step === 4) break;
    const place = memory().place("one");
    await trainer.save(place);
    const bytes = await place.read();
    const { readCheckpoint } = await import("../../../src/train/checkpoints/file.ts");
    const state = await readCheckpoint(place);
    const found = await mutate(bytes, Number(process.env.MUTATIONS ?? 300), 1);
    // What is between the header's words may be another space.
    for (const accepted of found.accepted) expect(accepted).toEqual(state);
    expect(found.untyped).toEqual([]);
    expect(found.refused).toBeGreaterThan(290);
  });
});

async function mutate(bytes: Uint8Array, count: number, seed: number) {
  const { readCheckpoint } = await import("../../../src/train/checkpoints/file.ts");
  const [accepted, untyped]: [TrainerState[], unknown[]] = [[], []];
  let [refused, word] = [0, seed];
  const draw = (n: number) => {
    word = (Math.imul(word, 1664525) + 1013904223) >>> 0;
    return Math.floor((word / 2 ** 32) * n);
  };
  for (let i = 0; i < count; i++) {
    let changed = bytes.slice();
    for (let k = draw(3); k >= 0; k--) {
      const at = draw(2) === 0 ? draw(changed.length) : draw(Math.min(changed.length, 2000));
      if (draw(5) === 0) changed = changed.slice(0, at);
      else if (changed[at] !== undefined) changed[at] = (changed[at] ?? 0) ^ (1 + draw(255));
    }
    if (changed.length === bytes.length && changed.every((b, at) => b === bytes[at])) continue;
    const place = memory().place("changed");
    await place.write([changed]);
    try {
      accepted.push(await readCheckpoint(place));
    } catch (error) {
      if (error instanceof FormatError) refused++;
      else untyped.push(error);
    }
  }
  return { accepted, untyped, refused };
}
