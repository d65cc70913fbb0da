import { anything, check, checkOptions, isRecord, rule, shown } from "../../arguments.ts";
import { ArgumentError } from "../../errors.ts";
import type { Module } from "../../nn/module.ts";
import type { Place, WriteOptions } from "../place.ts";
import { READ_RULES } from "../safetensors/read.ts";
import { writeSafetensors } from "../safetensors/write.ts";
import { checkPlace } from "../source.ts";
import { describeModel } from "./description.ts";
import type { SavedVocabulary } from "./vocabulary.ts";

/** What goes into a model file beside the model. */
export interface SaveModelOptions extends WriteOptions {
  /** Text by name: a date, a licence, scores. Names that begin with "gradgpu." are the format's. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** What makes ids of text for this model. */
  readonly vocabulary?: SavedVocabulary | undefined;
}

/** Of model files: what can be read says which it is. */
export const VERSION = "1";
/** What a model file has in its metadata, beside what its owner put there. */
export const KEYS = {
  version: "gradgpu.version",
  model: "gradgpu.model",
  vocabulary: "gradgpu.vocabulary",
} as const;

const aModule = rule("a module", (value) => typeof value === "function" && "stateDict" in value);
const aVocabulary = rule(
  "a vocabulary of gradgpu's",
  (value) => typeof Object(value).toJSON === "function",
);

/**
 * Saves a model as one safetensors file: weights and buffers under PyTorch's names, and how its layers are made, so that
 * `loadModel` gives it without the code that made it. Everything else that reads safetensors reads its weights.
 * @throws ArgumentError where a part of the model is no layer of gradgpu's and does not say how it is made; FileError where
 *   it cannot be written, and the old file is still there
 */
export async function saveModel(
  model: Module,
  to: Place,
  options: SaveModelOptions = {},
): Promise<void> {
  check("saveModel", "the model", model, aModule, "Make it by a layer, or by nn.module.");
  checkPlace("saveModel", to);
  checkOptions<SaveModelOptions>("saveModel", options, {
    signal: READ_RULES.signal,
    metadata: anything,
    vocabulary: aVocabulary,
  });
  const { signal, vocabulary, metadata = {} } = options;
  checkMetadata(metadata);
  const description = describeModel(model);
  const tensors = await model.stateDict();
  await writeSafetensors(to, tensors, {
    signal,
    metadata: {
      format: "pt",
      ...metadata,
      [KEYS.version]: VERSION,
      [KEYS.model]: JSON.stringify(description),
      ...(vocabulary && { [KEYS.vocabulary]: JSON.stringify(vocabulary) }),
    },
  });
}

/** The rest is the file's to check. */
function checkMetadata(metadata: unknown): void {
  const wrong = isRecord(metadata)
    ? Object.keys(metadata).find((name) => name.startsWith("gradgpu."))
    : undefined;
  if (wrong === undefined) return;
  throw new ArgumentError(
    `saveModel: names of metadata must not begin with gradgpu., which is the format's; got ${shown(wrong)}. Rename it.`,
  );
}
