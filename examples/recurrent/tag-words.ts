/**
 * Many to many, aligned: every word of a sentence gets a tag. In "the cold rocks the boat" rocks is a verb, in "the cold
 * rocks fall" a noun and cold an adjective: what comes later decides, so the network reads from both ends. Sentences
 * differ in length and are padded; padding is neither read nor counted.
 */
import { losses, nn, optim, Trainer } from "gradgpu";
import { type Dataset, dataset, padSequences } from "gradgpu/data";
import { runAsScript } from "../shared/script.ts";
import { type Sentence, sentences, TAGS, WORDS } from "./data/sentences.ts";

export interface Settings {
  /** Different sentences to learn from, and as many others to test. */
  readonly sentences: number;
  readonly hidden: number;
  readonly epochs: number;
}

export const FULL: Settings = { sentences: 3000, hidden: 32, epochs: 8 };
export const QUICK: Settings = { sentences: 600, hidden: 24, epochs: 12 };

export interface Measured {
  /** Share of the words of unseen sentences that are tagged right, read from both ends. */
  readonly bothWays: number;
  /** The same of a network that reads from left to right only. */
  readonly forward: number;
}

export async function main(settings: Settings): Promise<Measured> {
  const all = sentences(2 * settings.sentences);
  const training = asDataset(all.slice(0, settings.sentences));
  const unseen = all.slice(settings.sentences);
  const forward = await learn(settings, false, training, unseen);
  const bothWays = await learn(settings, true, training, unseen);
  return { bothWays, forward };
}

async function learn(
  { hidden, epochs }: Settings,
  bidirectional: boolean,
  training: Dataset,
  unseen: readonly Sentence[],
): Promise<number> {
  const model = tagger(hidden, bidirectional);
  const optimizer = optim.adam({ learningRate: 0.01, clipNorm: 1 });
  const trainer = new Trainer(model, { loss: losses.crossEntropy, optimizer });
  const { loss } = await trainer.fit(training, { epochs, batchSize: 50, seed: 1 });
  const test = asDataset(unseen);
  const { accuracy } = await trainer.evaluate(test, { batchSize: test.length });
  const name = bidirectional ? "from both ends" : "from left to right";
  console.log(
    `Read ${name}: loss ${loss.toFixed(3)}, ${(100 * accuracy).toFixed(2)} % of the words right.`,
  );
  return accuracy;
}

/** i32[B, T] → f32[B, T, tags] */
function tagger(hidden: number, bidirectional: boolean): nn.Module {
  const embedding = nn.embedding(WORDS.length, 16);
  const lstm = nn.lstm(16, hidden, { bidirectional, batchFirst: true });
  const head = nn.linear(hidden * (bidirectional ? 2 : 1), TAGS.length);
  return nn.module("tagger", {
    children: { embedding, lstm, head },
    stateShapes: () => [],
    step(ids) {
      const lengths = nn.lengthsOf(ids, { batchFirst: true });
      return { y: head(lstm.run(embedding(ids), { lengths }).y), state: [] };
    },
  });
}

function asDataset(list: readonly Sentence[]): Dataset {
  const padded = (rows: readonly (readonly number[])[]) =>
    padSequences(rows, { batchFirst: true }).values;
  return dataset({
    x: padded(list.map(({ words }) => words.map((word) => WORDS.indexOf(word)))),
    y: padded(list.map(({ tags }) => tags.map((tag) => TAGS.indexOf(tag)))),
  });
}

await runAsScript(import.meta.url, { main, full: FULL, quick: QUICK });
