/** The text panel's network and what is looked at in it. */
import { losses, optim, Trainer } from "gradgpu";
import type { ValuesOf } from "../../settings.ts";
import type { Network, OpenTraining, Training } from "../../worker/training.ts";
import { type Corpus, corpusOf, known } from "./corpus.ts";
import { Mind } from "./mind.ts";
import { type TextModel, textModel } from "./model.ts";
import type { TextPictures, Written } from "./pictures.ts";
import { probabilitiesOf, SAMPLE_TEMPERATURE, Samples } from "./samples.ts";
import type { textSettings } from "./settings.ts";
import { textOf } from "./texts.ts";
import { trigramBits } from "./trigram.ts";
import { WRITTEN, Writer } from "./writing.ts";

export type TextValues = ValuesOf<typeof textSettings>;

/** Rows of the text that are learned from side by side; a short text has fewer. */
const ROWS = 16;
const MEASURE_EVERY = 50;

export const open: OpenTraining<typeof textSettings, TextPictures> = async (values, load) =>
  new TextTraining(values, corpusOf(await textOf(values.text, load)));

export class TextTraining implements Training<TextPictures> {
  readonly networks: readonly Network[];
  readonly pictures: Training<TextPictures>["pictures"];
  readonly #corpus: Corpus;
  readonly #trainer: Trainer;
  readonly #writer: Writer;
  readonly #mind: Mind;
  readonly #samples = new Samples();
  readonly #rows: number;
  readonly #heldOutRows: number;
  readonly #seed: number;
  /** Bits per character of guessing with equal chances, and of counting triples: what there is to be better than. */
  readonly #guides: { readonly trigram: number; readonly uniform: number };

  constructor({ units, seed, learningRate, window }: TextValues, corpus: Corpus) {
    const { vocabulary, training, heldOut, first } = corpus;
    const { size } = vocabulary;
    const network: TextModel = textModel(size, Number(units), seed);
    this.#corpus = corpus;
    this.#seed = seed;
    const rows = (ids: Int32Array) =>
      Math.max(1, Math.min(ROWS, Math.floor(ids.length / (2 * window))));
    this.#rows = rows(training);
    this.#heldOutRows = rows(heldOut);
    this.#guides = { trigram: trigramBits(training, heldOut, size), uniform: Math.log2(size) };
    this.#writer = new Writer(network.model, size, first);
    this.#mind = new Mind(network, corpus);
    const optimizer = optim.adam({ learningRate, clipNorm: 1 });
    this.#trainer = new Trainer(network.model, {
      loss: losses.crossEntropy,
      optimizer,
      window,
      metrics: {},
      also: { samples: this.#samples },
    });
    this.networks = [
      {
        name: "lstm",
        trainer: this.#trainer,
        shape: ["T", "B"],
        fit: (hooks) => this.#fit(hooks),
        setLearningRate: (rate) => optimizer.setLearningRate(rate),
        values: ({ loss, gradientNorm }) => ({
          bits: loss / Math.LN2,
          norm: gradientNorm,
          ...this.#guides,
        }),
      },
    ];
    this.pictures = {
      samples: async ({ from }) => {
        // Before anything is trained, too.
        if (this.#trainer.step === 0) await this.#sample(0);
        return { samples: this.#samples.from(from) };
      },
      write: (request) => this.#write(request),
      read: ({ passage }) => this.#mind.read(passage),
      order: ({ by }) => this.#mind.order(by),
      influence: ({ passage, at }) => this.#mind.influence(passage, at),
      source: async () => ({
        characters: vocabulary.characters,
        length: corpus.letters.length,
        rare: corpus.rare,
      }),
    };
  }

  /** At certain steps the network writes, and now and then it is measured on what it does not learn from. */
  async between(step: number) {
    await this.#sample(step);
    return step % MEASURE_EVERY === 0 ? { heldOut: await this.#heldOutBits() } : undefined;
  }

  dispose(): void {
    this.#writer.dispose();
    this.#mind.dispose();
    this.#trainer.dispose();
  }

  async *#fit(hooks: Parameters<Network["fit"]>[0]) {
    if (this.#trainer.step === 0) await this.#sample(0);
    yield* this.#trainer.fit(this.#corpus.training, {
      untilEpoch: Number.MAX_SAFE_INTEGER,
      batchSize: this.#rows,
      dropLast: true,
      ...hooks,
    });
  }

  async #sample(step: number): Promise<void> {
    if (!this.#samples.isDue(step)) return;
    const given = this.#corpus.opening;
    const temperature = SAMPLE_TEMPERATURE;
    const writing = await this.#writer.write({ given, temperature, seed: this.#seed });
    const letters = this.#corpus.lettersOf(writing.ids);
    const probabilities = probabilitiesOf(writing, temperature);
    this.#samples.keep({ step, letters, given: given.length, probabilities });
  }

  async #write(request: TextPictures["write"]["request"]): Promise<Written> {
    const { temperature, seed } = request;
    const { ids, unknown } = known(this.#corpus.vocabulary, request.beginning);
    // Half of what there is room for is the network's.
    const given = ids.subarray(Math.max(0, ids.length - WRITTEN / 2));
    const writing = await this.#writer.write({ given, temperature, seed });
    const { logits, draws } = writing;
    const letters = this.#corpus.lettersOf(writing.ids);
    return { letters, given: given.length, unknown, logits, draws };
  }

  async #heldOutBits(): Promise<number> {
    const { loss } = await this.#trainer.evaluate(this.#corpus.heldOut, {
      batchSize: this.#heldOutRows,
    });
    return loss / Math.LN2;
  }
}
