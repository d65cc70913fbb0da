/** What is said of models that cannot be saved, and of model files that say something wrong of theirs. */
import { beforeAll } from "vitest";
import { add, cell } from "../../../src/functions.ts";
import { data, nn } from "../../../src/index.ts";
import {
  loadModel,
  memory,
  readModel,
  saveModel,
  writeSafetensors,
} from "../../../src/io/index.ts";
import { type ErrorRow, holdTexts } from "../../support/error-rows.ts";
import { openCounting } from "../runtime/open.ts";

beforeAll(() => {
  openCounting();
});

const mine = () => nn.module("mine", { forward: (x) => add(x, 1) });
const INSTEAD =
  "Save the state dict: writeSafetensors(place, await model.stateDict()), or give nn.module a { made }.";
const unsaved = (got: string, model: () => nn.Module): ErrorRow => [
  `saveModel: every part of the model must be a layer of gradgpu's, or say how it is made; got ${got}. ${INSTEAD}`,
  () => saveModel(model(), memory().place("a")),
];
const own = () => cell({ name: "own", states: ["h"], sums: ["s"], step: (_, { s }) => ({ h: s }) });

const saved: readonly ErrorRow[] = [
  unsaved("mine, which is none", mine),
  unsaved("mine, which is none within sequential.a, residual", () =>
    nn.sequential({ a: nn.residual(mine()) }),
  ),
  unsaved("a cell of one's own within recurrent", () => nn.recurrent(own(), 1, 1)),
];

async function described(description: unknown) {
  const place = memory().place("a");
  const metadata = {
    "gradgpu.version": "1",
    "gradgpu.model": typeof description === "string" ? description : JSON.stringify(description),
  };
  const tensors = { weight: { shape: [1, 2], data: [1, 2] }, bias: { shape: [1], data: [1] } };
  await writeSafetensors(place, tensors, { metadata });
  return loadModel(place);
}
const wrong = (got: string, description: unknown): ErrorRow => [
  `memory a: what it says of a model must be right; got ${got} at byte 8. Get the file anew, or write it again.`,
  () => described(description),
];
const layer = (...args: unknown[]) => ({ $module: args });

const loaded: readonly ErrorRow[] = [
  wrong("values more than 64 deep", `${"[".repeat(500)}${"]".repeat(500)}`),
  wrong("a module without a name", layer()),
  wrong("a text that describes no module", []),
  wrong(
    'an unknown layer "linearr"; layers of one\'s own are given: loadModel(from, { layers })',
    layer("linearr", 1),
  ),
  wrong("an inverse of 1, which is no normalisation", layer("inverseNormalisation", 1)),
  wrong("linear with more weights than the file", layer("linear", 1e9, 1e9)),
  wrong("an unknown $again 0", layer("residual", { $again: 0 })),
  wrong('an unknown cell "x"', layer("recurrent", { $cell: "x" }, 1, 1)),
  [
    "memory a: what it says of a vocabulary must be right; got words by a pattern of its own, which can run for ever on some texts; { allowPattern: true } is for files that are trusted at byte 8. Get the file anew, or write it again.",
    async () => {
      const place = memory().place("a");
      const vocabulary = data.WordVocabulary.of("a b", { pattern: /(a+)+b/ });
      await saveModel(nn.linear(1, 1), place, { vocabulary });
      await readModel(place);
    },
  ],
];

holdTexts([...saved, ...loaded]);
