/** What goes on in the network while it reads: of a passage, and of enough of the text to say what its units stand for. */
import { type Corpus, known } from "./corpus.ts";
import { correlations, featureOf, ranked, spreads } from "./features.ts";
import type { TextModel } from "./model.ts";
import { passageOf, tellingParts } from "./passage.ts";
import type { FeatureName, Influence, Reading, UnitOrder } from "./pictures.ts";
import { likeliest, READ, Reader } from "./reading.ts";

/** Parts of READ letters that units are compared on, and the first letters of each, which only warm the state up. */
const PARTS = 4;
const WARM = 32;

interface Passage {
  readonly letters: readonly string[];
  readonly ids: Int32Array;
}

export class Mind {
  readonly #reader: Reader;
  readonly #corpus: Corpus;
  readonly #own: Passage;

  constructor(network: TextModel, corpus: Corpus) {
    const { letters, vocabulary } = corpus;
    this.#corpus = corpus;
    this.#reader = new Reader(network, vocabulary.size);
    const { from, to } = passageOf(letters, READ);
    const own = letters.slice(from, to);
    this.#own = { letters: own, ids: vocabulary.encode(own.join("")) };
  }

  async read(asked: string | undefined): Promise<Reading> {
    const { letters, ids } = this.#passage(asked);
    const characters = this.#corpus.vocabulary.size;
    const [read] = await this.#reader.read([ids]);
    if (read === undefined) throw new Error("What was read has an answer.");
    const { steps, probabilities } = read;
    const bits = Float32Array.from(ids, (id, t) =>
      t === 0 ? Number.NaN : -Math.log2(probabilities[(t - 1) * characters + id] ?? 0),
    );
    const units = steps.c.length / ids.length;
    return { letters, units, steps, bits, ...likeliest(probabilities, characters) };
  }

  /**
   * The units by how far their cells move with a feature, over the parts of the text where it changes most: correlation ×
   * spread. A cell that is full all the time may have a correlation, but has nothing to show.
   */
  async order(by: FeatureName): Promise<UnitOrder> {
    const { letters, vocabulary } = this.#corpus;
    const feature = featureOf(by, letters);
    const length = Math.min(READ, letters.length);
    const starts = tellingParts(letters, feature, length, PARTS);
    const rows = starts.map((from) =>
      vocabulary.encode(letters.slice(from, from + length).join("")),
    );
    const read = await this.#reader.read(rows);
    const units = (read[0]?.steps.c.length ?? 0) / length;
    const states = join(read.map(({ steps }) => steps.c.subarray(WARM * units)));
    const values = join(starts.map((from) => feature.subarray(from + WARM, from + length)));
    const found = correlations(states, values, units);
    const spread = spreads(states, units);
    const swings = found.map((correlation, unit) => correlation * (spread[unit] ?? 0));
    return { order: ranked(swings), correlations: found, swings };
  }

  /** What letter `at` of a passage hangs on, of the letters before it. */
  async influence(asked: string | undefined, at: number): Promise<Influence> {
    const { ids } = this.#passage(asked);
    const inside = Math.min(Math.max(1, Math.floor(at)), ids.length - 1);
    return { at: inside, norms: await this.#reader.influence(ids, inside) };
  }

  dispose(): void {
    this.#reader.dispose();
  }

  /** The last READ letters of what is asked for, as far as the network knows them; otherwise a part of the text. */
  #passage(asked: string | undefined): Passage {
    if (asked === undefined) return this.#own;
    const { letters, ids } = known(this.#corpus.vocabulary, asked);
    if (letters.length < 2) return this.#own;
    const from = Math.max(0, letters.length - READ);
    return { letters: letters.slice(from), ids: ids.subarray(from) };
  }
}

function join(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
