/**
 * A small GPT: blocks of causal attention learn to predict the next character of *Moby Dick*. Radford et al. 2018, with the
 * norms in front. What it sees is a window of text, and nothing before it.
 */
import { losses, nn, optim, Trainer } from "gradgpu";
import { TextVocabulary } from "gradgpu/data";
import { loadMoby } from "../quickstart/moby.ts";
import { runAsScript } from "../shared/script.ts";

export interface Settings {
  /** Characters to learn from, and others to be measured on. */
  readonly characters: number;
  readonly heldOut: number;
  readonly features: number;
  readonly heads: number;
  readonly blocks: number;
  /** Characters that are seen at once. */
  readonly window: number;
  readonly batchSize: number;
  readonly epochs: number;
}

export const FULL: Settings = {
  characters: 1_000_000,
  heldOut: 100_000,
  features: 128,
  heads: 4,
  blocks: 3,
  window: 96,
  batchSize: 16,
  epochs: 2,
};
export const QUICK: Settings = {
  ...FULL,
  characters: 60_000,
  heldOut: 10_000,
  features: 64,
  blocks: 2,
  window: 48,
  epochs: 4,
};

/** i32[T, B] → f32[T, B, characters]. */
export function gpt(characters: number, { features, heads, blocks, window }: Settings): nn.Module {
  const block = () =>
    nn.transformerBlock(features, heads, {
      hidden: 4 * features,
      activation: "gelu",
      normFirst: true,
      causal: true,
      dropout: 0,
    });
  return nn.sequential(
    nn.embedding(characters, features, { initialise: nn.initialise.normal(0.02) }),
    nn.positionEmbedding(window, features),
    ...Array.from({ length: blocks }, block),
    nn.layerNorm(features),
    nn.linear(features, characters),
  );
}

/** Bits per character of text that was not learnt from. */
export async function main(settings: Settings): Promise<{ bits: number }> {
  const { characters, heldOut, window, batchSize, epochs } = settings;
  const book = await loadMoby();
  const training = book.training.slice(0, characters);
  const vocabulary = TextVocabulary.of(training, { unknown: "\uFFFD" });
  const model = gpt(vocabulary.size, settings);
  console.log(model.summary([window, batchSize]));
  const steps = epochs * Math.floor(characters / (window * batchSize));
  const cosine = optim.cosine({ from: 3e-3, to: 3e-4, steps });
  const trainer = new Trainer(model, {
    loss: losses.crossEntropy,
    optimizer: optim.adamW({
      learningRate: optim.warmUp({ steps: Math.ceil(steps / 20), rate: cosine }),
      clipNorm: 1,
    }),
    window,
    metrics: {},
  });
  const fit = { epochs, batchSize, dropLast: true };
  for await (const { step, loss } of trainer.fit(vocabulary.encode(training), fit)) {
    if (step % Math.ceil(steps / 8) !== 0) continue;
    console.log(`step ${step} of ${steps}: ${(loss / Math.LN2).toFixed(2)} bits per character`);
  }
  const unseen = vocabulary.encode(book.heldOut.slice(0, heldOut));
  const bits = (await trainer.evaluate(unseen, { batchSize })).loss / Math.LN2;
  console.log(`${bits.toFixed(3)} bits per character of unseen text.`);
  trainer.dispose();
  return { bits };
}

await runAsScript(import.meta.url, { main, full: FULL, quick: QUICK });
