import { checkOptions, flag, record } from "../../arguments.ts";
import type { LoadOptions } from "../../functions.ts";
import type { Module } from "../../nn/module.ts";
import { type Refuse, refusing } from "../format.ts";
import type { ReadOptions } from "../place.ts";
import { READ_RULES, readSafetensors } from "../safetensors/read.ts";
import { type From, sourceOf } from "../source.ts";
import type { FileTensor } from "../tensors.ts";
import { modelOf } from "./description.ts";
import { layerMaker, type OwnLayers } from "./layers.ts";
import { KEYS, VERSION } from "./save.ts";
import { type SavedVocabulary, vocabularyOf } from "./vocabulary.ts";

/** How a model file is read. */
export interface LoadModelOptions extends ReadOptions, LoadOptions {
  /** Layers of one's own by the names that their `made` has: `{ gate: (size) => gate(size) }`. */
  readonly layers?: OwnLayers | undefined;
  /** Whether a vocabulary of words may bring a regular expression of its own: in a hostile file it can run for ever. false. */
  readonly allowPattern?: boolean | undefined;
}

/** What a model file held. */
export interface LoadedModel {
  /** In evaluation mode. */
  readonly model: Module;
  /** What it was saved with. */
  readonly vocabulary: SavedVocabulary | undefined;
  /** What its owner put there. */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * The model that `saveModel` saved, without the code that made it, in evaluation mode: `train()` to train it on, as a Trainer
 * does.
 *
 * ```ts
 * const model = await io.loadModel("https://example.org/digits.safetensors");
 * ```
 *
 * @throws FormatError for a file that is none, damaged, or of a later version, FileError where it cannot be read
 */
export async function loadModel(from: From, options: LoadModelOptions = {}): Promise<Module> {
  return (await readModel(from, options)).model;
}

/**
 * The model with its vocabulary and metadata.
 * @throws FormatError, FileError and ArgumentError as loadModel
 */
export async function readModel(from: From, options: LoadModelOptions = {}): Promise<LoadedModel> {
  checkOptions<LoadModelOptions>("loadModel", options, {
    ...READ_RULES,
    layers: record,
    allowNonFinite: flag,
    allowPattern: flag,
  });
  const { signal, onProgress, layers = {} } = options;
  const { allowNonFinite = false, allowPattern = false } = options;
  const source = sourceOf("loadModel", from);
  const refuse = refusing(source);
  const { tensors, metadata } = await readSafetensors(source, { signal, onProgress });
  const {
    [KEYS.version]: version,
    [KEYS.model]: description,
    [KEYS.vocabulary]: text,
    format,
    ...own
  } = metadata;
  if (description === undefined) {
    return refuse(
      "a model file must say how its layers are made",
      "weights alone",
      8,
      "Build the model and load them: model.loadStateDict((await readSafetensors(from)).tensors).",
    );
  }
  if (version !== VERSION)
    return refuse(
      `a model file must be of version ${VERSION}`,
      `${version}`,
      8,
      "Use a newer gradgpu.",
    );
  const model = trusting(refuse, "a model", () => {
    const made = modelOf(JSON.parse(description), layerMaker(weightsIn(tensors), layers));
    made.loadStateDict(tensors, { allowNonFinite });
    made.eval();
    // Its own layers take and give what they take and give.
    return made as unknown as Module;
  });
  const vocabulary =
    text === undefined
      ? undefined
      : trusting(refuse, "a vocabulary", () => vocabularyOf(text, "its vocabulary", allowPattern));
  const metadataOfOwner = format === undefined || format === "pt" ? own : { ...own, format };
  return { model, vocabulary, metadata: metadataOfOwner };
}

/** What a file says of itself is as wrong as its bytes: everything that is thrown about it becomes a FormatError. */
function trusting<T>(refuse: Refuse, what: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const got = cause instanceof Error ? cause.message : String(cause);
    return refuse(`what it says of ${what} must be right`, got, 8);
  }
}

function weightsIn(tensors: Readonly<Record<string, FileTensor>>): number {
  return Object.values(tensors).reduce((sum, { data }) => sum + data.length, 0);
}
