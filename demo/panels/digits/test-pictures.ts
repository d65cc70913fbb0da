/** How the networks do on the test digits, where they are and where they are shifted to. */
import type { DigitFiles } from "./digits.ts";
import { Measurement, shareRight } from "./measurement.ts";
import type { Models } from "./networks.ts";
import {
  type DigitsPictures,
  PIXELS,
  REACH,
  type ShiftScores,
  type TestScores,
} from "./pictures.ts";
import { shiftedAside } from "./shift.ts";

/** Test digits that are shifted by each of the distances from 0 to 6, and how far each is behind the one before. */
const SHIFTED_DIGITS = 500;
const SHIFTED_STRIDE = 4;

/** Steps between two measurements: a tenth of those so far, within bounds. */
const stepsUntilNext = (step: number) => Math.min(200, Math.max(10, Math.round(step / 10)));

type Asked<K extends keyof DigitsPictures> = DigitsPictures[K]["request"];

export class TestPictures {
  readonly #digits: DigitFiles;
  readonly #test: Measurement;
  readonly #shifted: Measurement;
  #step = 0;
  #nextTest = 0;
  #nextShift = 0;

  /** `copy` makes networks of the same shape; all of `digits` have arrived. */
  constructor(models: Models, copy: () => Models, digits: DigitFiles) {
    this.#digits = digits;
    this.#test = new Measurement(models, copy(), digits.count, (i) => digits.picture(i));
    const shifts = REACH + 1;
    this.#shifted = new Measurement(models, copy(), shifts * SHIFTED_DIGITS, (i) => {
      const digit = i % SHIFTED_DIGITS;
      const picture = digits.picture(digit * SHIFTED_STRIDE);
      return shiftedAside(picture, Math.floor(i / SHIFTED_DIGITS), digit);
    });
  }

  /** Goes on with the measurement of test digits that is due, a piece at a time. */
  async between(step: number): Promise<Readonly<Record<string, number>> | undefined> {
    this.#step = step;
    if (this.#test.seen === 0 && step < this.#nextTest) return undefined;
    if (!(await this.#test.goOn(step))) return undefined;
    this.#nextTest = step + stepsUntilNext(step);
    const { cnn = new Uint8Array(), dense = new Uint8Array() } = this.#test.complete ?? {};
    const { labels } = this.#digits;
    return { "cnn.test": shareRight(cnn, labels), "dense.test": shareRight(dense, labels) };
  }

  /** The last measurement; the first is gone on with where nothing is trained. */
  async scores(): Promise<TestScores> {
    if (this.#test.complete === undefined) await this.#test.goOn(this.#step);
    const { complete, count, seen } = this.#test;
    const taken = (digits: Uint8Array | undefined) => digits?.slice() ?? new Uint8Array();
    return {
      step: complete?.step ?? this.#step,
      count,
      seen,
      labels: taken(complete && this.#digits.labels),
      cnn: taken(complete?.cnn),
      dense: taken(complete?.dense),
    };
  }

  /** By distance; goes on with the measurement where one is due. */
  async shiftScores(): Promise<ShiftScores> {
    if (this.#shifted.seen > 0 || this.#step >= this.#nextShift) {
      const isComplete = await this.#shifted.goOn(this.#step);
      if (isComplete) this.#nextShift = this.#step + stepsUntilNext(this.#step);
    }
    const { complete, count, seen } = this.#shifted;
    const labels = this.#digits.labels.filter((_, i) => i % SHIFTED_STRIDE === 0);
    const shares = (taken: Uint8Array = new Uint8Array()) =>
      Float32Array.from({ length: taken.length / SHIFTED_DIGITS }, (_, distance) => {
        const first = distance * SHIFTED_DIGITS;
        return shareRight(taken.subarray(first, first + SHIFTED_DIGITS), labels);
      });
    return {
      step: complete?.step ?? this.#step,
      count,
      seen,
      cnn: shares(complete?.cnn),
      dense: shares(complete?.dense),
    };
  }

  /** Test digits of one label that the CNN took for `taken`, in the measurement that is complete. */
  async examples({ label, taken, most }: Asked<"examples">) {
    const { cnn = new Uint8Array() } = this.#test.complete ?? {};
    const found = [...cnn.keys()]
      .filter((i) => cnn[i] === taken && this.#digits.labels[i] === label)
      .slice(0, most);
    const ink = new Uint8Array(found.length * PIXELS);
    found.forEach((index, i) => {
      ink.set(this.#digits.picture(index), i * PIXELS);
    });
    return { indices: Int32Array.from(found), ink };
  }

  async digit({ index }: Asked<"digit">) {
    const at = index % this.#digits.count;
    return { ink: this.#digits.picture(at).slice(), label: this.#digits.labels[at] ?? 0 };
  }

  dispose(): void {
    this.#test.dispose();
    this.#shifted.dispose();
  }
}
