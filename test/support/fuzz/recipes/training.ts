/** Training, data and saved states. */
import * as gradgpu from "../../../../src/index.ts";
import { type Arg, fields, leaf, list, made, plain } from "../argument.ts";
import { type Context, callback, datasetFor, f32, savedRecord, trainerFor } from "../instances.ts";
import { models } from "../models.ts";
import { args, bools, model, numbers, type Recipes, sgd } from "./recipe.ts";

const { losses } = gradgpu;

const loss = callback("losses.crossEntropy", gradgpu.losses.crossEntropy);

export function training(): Recipes {
  const values = (record: object) => savedRecord(record);
  const x = { data: new Float32Array(8).fill(1), shape: [4, 2], dtype: "f32" };
  const y = { data: Int32Array.of(0, 1, 2, 0), shape: [4], dtype: "i32" };
  const options = (context: Context): Record<string, Arg> => {
    const { dice } = context;
    const onStep = callback("() => undefined", () => undefined);
    return {
      batchSize: plain(dice.pick([1, 2, 3])),
      ...(dice.chance(0.5) ? { epochs: plain(dice.pick([1, 2])), seed: plain(3) } : {}),
      ...(dice.chance(0.3) ? { onStep, onEpoch: onStep } : {}),
      ...(dice.chance(0.3) ? { shuffle: plain(false) } : {}),
      ...(dice.chance(0.3)
        ? { validation: plain(0.5), earlyStopping: fields({ patience: plain(1) }) }
        : {}),
    };
  };
  const parameters = (weight: Float32Array) => ({
    weight: { shape: [3, 2], data: weight },
    bias: { shape: [3], data: new Float32Array(3) },
  });
  const scalar = (n: number) => ({ shape: [], data: Float32Array.of(n) });
  return {
    Trainer: ({ dice }) =>
      args(
        model(dice.pick(["linear", "network", "text"])),
        fields({
          loss,
          optimizer: sgd(),
          ...(dice.chance(0.3) ? { window: plain(3), whenNotFinite: plain("skip") } : {}),
          ...(dice.chance(0.3)
            ? {
                gradientFlow: plain(true),
                metrics: fields({ accuracy: callback("losses.accuracy", losses.accuracy) }),
              }
            : {}),
        }),
      ),
    "Trainer.fit": (context) => {
      const name = context.dice.pick(Object.keys(models));
      if (context.dice.chance(0.3)) {
        const batch = { x, y, ...(context.dice.chance(0.2) ? { start: true } : {}) };
        const own = leaf(
          "function* () { yield batch; }",
          () =>
            function* () {
              yield batch;
            },
        );
        return { self: trainerFor("linear"), args: [own, fields(options(context))] };
      }
      return { self: trainerFor(name), args: [datasetFor(name), fields(options(context))] };
    },
    "Trainer.evaluate": ({ dice }) => {
      const name = dice.pick(Object.keys(models));
      return { self: trainerFor(name), args: [datasetFor(name), fields({ batchSize: plain(2) })] };
    },
    "Trainer.measure": () => ({
      self: trainerFor("linear"),
      args: [
        datasetFor("linear"),
        fields({ f1: leaf("metrics.f1()", () => gradgpu.metrics.f1()) }),
        fields({ batchSize: plain(2) }),
      ],
    }),
    "Metric.parts": () => ({
      self: leaf("metrics.mae()", () => gradgpu.metrics.mae()),
      args: [f32(4), f32(4)],
    }),
    "Trainer.model": () => ({ self: trainerFor("linear"), args: [f32(4, 2)] }),
    "Trainer.predict": () => ({ self: trainerFor("linear"), args: [values(x)] }),
    "Trainer.loadState": () => ({
      self: trainerFor("linear"),
      args: [
        values({
          step: 3,
          randomStream: 4,
          parameters: parameters(new Float32Array(6).fill(0.5)),
          optimizer: {
            learningRate: scalar(0.1),
            step: scalar(3),
          },
          sequences: [],
        }),
      ],
    }),
    "Optimizer.loadState": () => ({
      self: sgd(),
      args: [
        values({
          learningRate: scalar(0.1),
          step: scalar(3),
        }),
      ],
    }),
    "Optimizer.update": ({ dice }) => ({
      self: sgd(),
      args: [
        leaf("gradientsOf(sum(w), [w])", () => {
          const w = gradgpu.variable([1, 2, 3]);
          return gradgpu.gradientsOf(gradgpu.sum(w), [w]);
        }),
        ...(dice.chance(0.5) ? [fields({ when: bools(), norm: f32() })] : []),
      ],
    }),
    ...Object.fromEntries(
      ["sgd", "adam", "adamW", "muon"].map((name) => [
        `optim.${name}`,
        () => args(fields({ learningRate: plain(0.1), clipValue: plain(1), accumulate: plain(2) })),
      ]),
    ),
    "optim.stepDecay": () => args(fields({ rate: plain(1), every: plain(3), factor: plain(0.5) })),
    "optim.multiStep": () =>
      args(fields({ rate: plain(1), at: numbers(2, 5), factor: plain(0.5) })),
    "optim.exponential": () =>
      args(fields({ rate: plain(1), factor: plain(0.9), every: plain(2) })),
    "optim.polynomial": () =>
      args(fields({ from: plain(1), to: plain(0.1), steps: plain(9), power: plain(2) })),
    "optim.cosine": () =>
      args(fields({ from: plain(1), to: plain(0.1), steps: plain(9), restart: plain(2) })),
    "optim.warmUp": () => args(fields({ steps: plain(3), rate: plain(0.1), from: plain(0.2) })),
    "optim.inTurn": () => args(fields({ at: numbers(3), schedules: numbers(0.1, 0.2) })),
    "optim.oneCycle": () => args(fields({ max: plain(1), steps: plain(9), rise: plain(0.2) })),
    "optim.withAverages": () =>
      args(
        leaf("/* an sgd with { average: 0.9 }, after an update */ averaging", () => {
          const w = gradgpu.variable([1, 2, 3]);
          const optimizer = gradgpu.optim.sgd({ learningRate: 0.1, average: 0.9 });
          optimizer.update(gradgpu.gradientsOf(gradgpu.sum(w), [w]));
          return optimizer;
        }),
        callback("() => 1", () => 1),
      ),
    "optim.reduceOnPlateau": () =>
      args(sgd(), fields({ patience: plain(0), factor: plain(0.5), mode: plain("max") })),
    "Plateau.loadState": () => ({
      self: made("optim.reduceOnPlateau", [sgd()], (o) =>
        gradgpu.optim.reduceOnPlateau(o as gradgpu.optim.Optimizer),
      ),
      args: [values({ best: 1, bad: 0, cooling: 2 })],
    }),
    "data.dataset": () => args(values({ x, y })),
    "data.images": () =>
      args(
        leaf("new Uint8Array(32)", () => new Uint8Array(32)),
        numbers(2, 4, 4, 1),
        fields({ mean: plain(0.5), deviation: plain(0.25) }),
      ),
    "data.take": () => args(datasetFor("linear"), plain(2)),
    "data.batches": () =>
      args(
        datasetFor("linear"),
        fields({ batchSize: plain(2), seed: plain(1), epoch: plain(1), dropLast: plain(true) }),
      ),
    "data.sequenceBatches": () =>
      args(
        datasetFor("text"),
        fields({ batchSize: plain(2), window: plain(3), remainder: plain("pad") }),
      ),
    "data.padSequences": () =>
      args(
        list([numbers(1, 2, 3), numbers(4)]),
        fields({ steps: plain(4), fill: plain(-1), batchFirst: plain(true) }),
      ),
    "data.streamWindows": () =>
      args(
        list([
          list([plain("abcab"), plain("cab")]),
          list([leaf("Uint8Array.of(1, 2, 0, 1)", () => Uint8Array.of(1, 2, 0, 1))]),
        ]),
        fields({
          window: plain(2),
          vocabulary: leaf('data.TextVocabulary.of("abc")', () =>
            gradgpu.data.TextVocabulary.of("abc"),
          ),
        }),
      ),
    "data.readIdx": () => args(idxFile(), plain("file")),
    "data.readIdxBytes": () => args(idxFile(), plain("file"), plain(1)),
    "data.gunzip": () => args(idxFile(), plain("file"), fields({ maxBytes: plain(1000) })),
    "data.TextVocabulary.fromJSON": () =>
      args(
        fields({ characters: list([plain("a"), plain("b")]), unknown: plain("b") }),
        plain("file"),
      ),
    "TextVocabulary.encode": () => ({
      self: leaf('data.TextVocabulary.of("abc")', () => gradgpu.data.TextVocabulary.of("abc")),
      args: [plain("cab")],
    }),
    "TextVocabulary.decode": () => ({
      self: leaf('data.TextVocabulary.of("abc")', () => gradgpu.data.TextVocabulary.of("abc")),
      args: [numbers(2, 0, 1)],
    }),
  };
}

const idxFile = () =>
  leaf("Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 5, 6)", () =>
    Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 5, 6),
  );
