/** MNIST as the page loads it, a file of 1,000 digits at a time. */
import { data } from "gradgpu";
import { PIXELS, SIDE } from "./pictures.ts";

/** Reads a data file beside the page. */
export type Load = (name: string) => Promise<Uint8Array>;

/** Of one file. */
export const DIGITS_PER_FILE = 1000;

/** The digits of some files: [count, 28, 28] bytes and as many labels, each there when its file has arrived. */
export class DigitFiles {
  readonly count: number;
  readonly files: number;
  readonly ink: Uint8Array;
  readonly labels: Uint8Array;
  readonly #load: Load;
  readonly #name: string;
  readonly #arriving = new Map<number, Promise<void>>();

  /** Files `name`-0, `name`-1, … */
  constructor(load: Load, name: string, files: number) {
    this.files = files;
    this.count = files * DIGITS_PER_FILE;
    this.ink = new Uint8Array(this.count * PIXELS);
    this.labels = new Uint8Array(this.count);
    this.#load = load;
    this.#name = name;
  }

  /** One that could not be loaded is asked for again by the next call. */
  arrive(file: number): Promise<void> {
    const known = this.#arriving.get(file);
    if (known !== undefined) return known;
    const arriving = this.#read(file);
    this.#arriving.set(file, arriving);
    arriving.catch(() => this.#arriving.delete(file));
    return arriving;
  }

  async arriveAll(): Promise<void> {
    await Promise.all(Array.from({ length: this.files }, (_, file) => this.arrive(file)));
  }

  /** Digits `from` to before `to`: pictures f32[N, 28, 28, 1] in [0, 1], paper being 0, as padding is. */
  examples(from: number, to: number): data.Dataset {
    const ink = this.ink.subarray(from * PIXELS, to * PIXELS);
    const x = data.images(ink, [to - from, SIDE, SIDE, 1]);
    return data.dataset({ x, y: data.labels(this.labels.subarray(from, to)) });
  }

  picture(index: number): Uint8Array {
    return this.ink.subarray(index * PIXELS, (index + 1) * PIXELS);
  }

  /** A file is u8[1000, 1 + 784], a label and its picture a row. */
  async #read(file: number): Promise<void> {
    const name = `${this.#name}-${file}.idx.gz`;
    const { data: rows } = data.readIdxBytes(
      await data.gunzip(await this.#load(name), name),
      name,
      2,
    );
    const first = file * DIGITS_PER_FILE;
    for (let i = 0; i < DIGITS_PER_FILE; i++) {
      const from = i * (1 + PIXELS);
      this.labels[first + i] = rows[from] ?? 0;
      this.ink.set(rows.subarray(from + 1, from + 1 + PIXELS), (first + i) * PIXELS);
    }
  }
}

/** Orders of the first epoch are those of these, which no training comes to. */
const FIRST_PASS = 1_000_000;

/**
 * Batches of an epoch, by seed and epoch alone. The first passes over one file after the other, so that training starts when
 * one has arrived; from the second on all digits are shuffled together.
 */
export async function* trainingBatches(
  digits: DigitFiles,
  epoch: number,
  options: { readonly batchSize: number; readonly seed: number },
): AsyncGenerator<data.Batch, void, void> {
  if (epoch > 1) {
    await digits.arriveAll();
    yield* data.batches(digits.examples(0, digits.count), { ...options, epoch, dropLast: true });
    return;
  }
  for (let file = 0; file < digits.files; file++) {
    await digits.arrive(file);
    // The next is on its way meanwhile; whoever comes to it is told where it fails.
    if (file + 1 < digits.files) digits.arrive(file + 1).catch(() => undefined);
    const examples = digits.examples(file * DIGITS_PER_FILE, (file + 1) * DIGITS_PER_FILE);
    yield* data.batches(examples, { ...options, epoch: FIRST_PASS + file, dropLast: true });
  }
}
