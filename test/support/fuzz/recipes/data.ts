/** Pipelines, whose items must be what the stages ask for, and augmentations. */
import { data } from "../../../../src/index.ts";
import { fields, leaf, list, plain } from "../argument.ts";
import { callback, datasetFor, f32, ids } from "../instances.ts";
import { args, numbers, type Recipes } from "./recipe.ts";

export function pipelines(): Recipes {
  const items = () =>
    leaf(
      "function* () { yield* [1, 2, 3]; }",
      () =>
        function* () {
          yield* [1, 2, 3];
        },
    );
  const example = (n: number) => fields({ x: numbers(n, 1), y: plain(n) });
  return {
    "data.map": () =>
      args(
        items(),
        callback("(x) => x", (x: unknown) => x),
      ),
    "data.shuffle": () =>
      args(items(), fields({ buffer: plain(2), seed: plain(1), epoch: plain(1) })),
    "data.batch": () =>
      args(
        list([example(1), example(2), example(3)]),
        fields({ batchSize: plain(2), dropLast: plain(true), dtypes: fields({ y: plain("f32") }) }),
      ),
    "data.window": () => args(items(), fields({ size: plain(2), every: plain(1) })),
    "data.zip": () => args(fields({ x: items(), y: numbers(4, 5, 6) })),
    "data.concatenate": () => args(items(), numbers(4)),
    "data.cache": () => args(items()),
    "data.prefetch": () => args(items(), plain(2)),
    "data.pixels": () =>
      args(
        list([
          fields({
            data: leaf("new Uint8Array(8)", () => new Uint8Array(8)),
            width: plain(2),
            height: plain(1),
          }),
        ]),
        fields({ channels: plain(1), mean: plain(0.5) }),
      ),
    "data.columns": () =>
      args(
        list([
          fields({ a: plain("1"), b: plain("x") }),
          fields({ a: plain("2.5"), b: plain("y") }),
        ]),
        fields({ x: list([plain("a"), plain("b")]), y: plain("b") }),
        fields({ kinds: fields({ a: plain("number") }), unseen: plain("ignore") }),
      ),
    "data.fromPixels": () =>
      args(
        fields({
          data: leaf("new Uint8Array(8)", () => new Uint8Array(8)),
          width: plain(2),
          height: plain(1),
        }),
        fields({ channels: plain(1), size: numbers(2, 2) }),
      ),
    "data.statistics": () => args(datasetFor("linear"), fields({ column: plain("x") })),
    "data.BytePairs.of": () => args(plain("low low lower"), fields({ size: plain(260) })),
    "data.BytePairs.fromJSON": () =>
      args(fields({ merges: list([numbers(97, 98), numbers(256, 99)]) }), plain("file")),
    "data.WordVocabulary.of": () =>
      args(
        plain("low low lower"),
        fields({ size: plain(3), minCount: plain(1), lowerCase: plain(true), padding: plain("_") }),
      ),
    "data.WordVocabulary.fromJSON": () =>
      args(
        fields({
          words: list([plain("?"), plain("a")]),
          pattern: fields({ source: plain("\\w+"), flags: plain("u") }),
          lowerCase: plain(false),
          joiner: plain(" "),
          unknown: plain("?"),
        }),
        plain("file"),
      ),
    "Vocabulary.decode": () => ({ self: words(), args: [numbers(1, 2)] }),
    "WordVocabulary.encode": () => ({ self: words(), args: [plain("low x")] }),
    "WordVocabulary.decode": () => ({ self: words(), args: [numbers(0, 2, 1)] }),
    "WordVocabulary.settled": () => ({ self: words(), args: [plain("low x")] }),
    "BytePairs.encode": () => ({ self: bytePairs(), args: [plain("abab")] }),
    "BytePairs.decode": () => ({ self: bytePairs(), args: [numbers(97, 98, 256)] }),
    "data.examples": () => args(datasetFor("linear")),
  };
}

const bytePairs = () =>
  leaf('data.BytePairs.of("abab", { size: 257 })', () => data.BytePairs.of("abab", { size: 257 }));

const words = () =>
  leaf('data.WordVocabulary.of("low lower", { padding: "_" })', () =>
    data.WordVocabulary.of("low lower", { padding: "_" }),
  );

export function augmentations(): Recipes {
  return {
    "nn.mixup": () =>
      args(
        f32(4, 2),
        ids(4),
        fields({ alpha: plain(0.5), classes: plain(3), isTraining: plain(true) }),
      ),
    "nn.randomFlip": () => args(fields({ horizontal: plain(0.5), vertical: plain(1) })),
    "nn.randomAffine": () =>
      args(
        fields({
          shift: numbers(0.1, 0),
          rotate: plain(9),
          scale: numbers(0.5, 2),
          fill: plain("edge"),
        }),
      ),
    "nn.randomCrop": () => args(numbers(2, 2), fields({ padding: plain(1), fill: plain(0.5) })),
  };
}
