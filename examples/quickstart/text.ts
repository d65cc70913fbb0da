/** A character-level LSTM with truncated back-propagation through time, on Moby Dick. */
import { losses, optim, type Scores, Trainer } from "gradgpu";
import { sequenceBatchCount, TextVocabulary } from "gradgpu/data";
import type { Moby } from "./moby.ts";
import { textModel } from "./models.ts";
import type { Point } from "./report/charts.ts";
import { sampleText } from "./sample.ts";
import type { TextSettings } from "./settings.ts";
import {
  checkpointsOf,
  follow,
  Interrupted,
  type Run,
  schedule,
  type Trained,
} from "./training.ts";
import { TrigramModel } from "./trigram.ts";

export interface TextResult extends Trained {
  /** Of the held-out text. */
  readonly bitsPerChar: number;
  readonly trigramBitsPerChar: number;
  readonly heldOut: readonly Point[];
  readonly sample: string;
}

/** Stands for characters that the training text does not have. */
const UNKNOWN = "\uFFFD";
/** The held-out text is looked at so often, a part of it while training, all of it at the end. */
const CHECKS = 6;
const CHECKED_CHARACTERS = 16_384;
/** What the sampled paragraph goes on from. */
const PROMPT = "\n\n";

/** Trains the network, measures it and the trigram model on the held-out text, and lets it write a paragraph. */
export async function trainText(moby: Moby, settings: TextSettings, run: Run): Promise<TextResult> {
  const { window, batchSize, epochs, learningRate, clipNorm } = settings;
  const training = moby.training.slice(0, settings.training);
  const vocabulary = TextVocabulary.of(training, { unknown: UNKNOWN });
  const ids = vocabulary.encode(training);
  const heldOutIds = vocabulary.encode(moby.heldOut.slice(0, settings.heldOut));
  const trigram = TrigramModel.fit(ids, vocabulary.size);

  const model = textModel({ characters: vocabulary.size, ...settings });
  const totalSteps = epochs * sequenceBatchCount(ids.length, { batchSize, window });
  const optimizer = optim.adam({ learningRate: schedule(learningRate, totalSteps), clipNorm });
  const checkpoint = checkpointsOf(run, "text");
  const trainer = await Trainer.resume(checkpoint.to, model, {
    loss: losses.crossEntropy,
    optimizer,
    window,
    metrics: {},
  });
  const stepsBefore = trainer.step;
  const { signal } = run;
  const measure = async (part: Int32Array) =>
    bits(await trainer.evaluate(part, { batchSize, signal }));
  const heldOut: Point[] = [];
  const order = { untilEpoch: epochs, batchSize, dropLast: true };
  const fit = trainer.fit(ids, { ...order, signal, checkpoint });
  const trained = await follow(fit, {
    run,
    label: "text",
    totalSteps,
    stepsBefore,
    history: () => fit,
    limitMs: settings.limitMs,
    shown: (loss) => loss / Math.LN2,
    note: ({ epoch }) => {
      const last = heldOut.at(-1);
      return `${last === undefined ? "" : `held out ${last.value.toFixed(3)} bits, `}epoch ${epoch}`;
    },
    async between(step) {
      if (step === totalSteps || step % Math.ceil(totalSteps / CHECKS) !== 0) return;
      const value = await measure(heldOutIds.subarray(0, CHECKED_CHARACTERS));
      heldOut.push({ step, value });
    },
  });
  const bitsPerChar = await measure(heldOutIds);
  if (run.signal.aborted) {
    throw new Interrupted(
      `text: trained, ${bitsPerChar.toFixed(3)} bits per character; no sample yet.`,
    );
  }
  heldOut.push({ step: trained.steps, value: bitsPerChar });
  return {
    ...trained,
    bitsPerChar,
    trigramBitsPerChar: trigram.bitsPerCharacter(heldOutIds),
    heldOut,
    sample: await sampleText(model, vocabulary, {
      prompt: PROMPT,
      length: settings.sampleLength,
      temperature: settings.temperature,
      seed: run.seed,
    }),
  };
}

function bits({ loss }: Scores): number {
  return loss / Math.LN2;
}
