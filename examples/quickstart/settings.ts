/** How large the two networks are and how long they train. */
export interface Settings {
  readonly digits: DigitsSettings;
  readonly text: TextSettings;
}

export interface DigitsSettings {
  /** The first so many of the 60,000 training and the 10,000 test digits. */
  readonly training: number;
  readonly test: number;
  readonly epochs: number;
  readonly batchSize: number;
  /** The highest rate of the schedule. */
  readonly learningRate: number;
  /** Training ends after so long, whatever the step. */
  readonly limitMs: number;
}

export interface TextSettings {
  /** The first so many characters of either part of the book. */
  readonly training: number;
  readonly heldOut: number;
  readonly embedding: number;
  readonly hidden: number;
  /** Steps that a gradient reaches back. */
  readonly window: number;
  readonly batchSize: number;
  readonly epochs: number;
  readonly learningRate: number;
  readonly clipNorm: number;
  readonly limitMs: number;
  /** Characters of the sampled paragraph, at most. */
  readonly sampleLength: number;
  readonly temperature: number;
}

/** Everything there is: about three minutes on two cores. */
export const FULL: Settings = {
  digits: {
    training: 60_000,
    test: 10_000,
    epochs: 3,
    batchSize: 64,
    learningRate: 3e-3,
    limitMs: Number.POSITIVE_INFINITY,
  },
  text: {
    training: Number.POSITIVE_INFINITY,
    heldOut: Number.POSITIVE_INFINITY,
    embedding: 64,
    hidden: 256,
    window: 64,
    batchSize: 16,
    epochs: 4,
    learningRate: 1e-2,
    clipNorm: 1,
    // Keeps the whole run under five minutes on a slow or busy machine.
    limitMs: 180_000,
    sampleLength: 700,
    temperature: 0.6,
  },
};

/** A part of the data and a time limit, so that a slow machine keeps to 30 s as well. */
export const QUICK: Settings = {
  digits: { ...FULL.digits, training: 19_200, test: 2_000, epochs: 1, limitMs: 6_000 },
  text: {
    ...FULL.text,
    training: 300_000,
    heldOut: 12_000,
    hidden: 128,
    epochs: 1,
    limitMs: 7_000,
    sampleLength: 150,
  },
};
