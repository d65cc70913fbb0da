/** What the page asks the worker for, and what it gets: letters are characters (Unicode code points), units those of the LSTM. */

/** What letters of a text are ranked by; see features.ts. */
export type FeatureName = "quotes" | "line" | "spaces" | "depth";
/** Forget, input and output gate, in [0, 1], and tanh of the cell state, in [−1, 1]. */
export type Quantity = "f" | "i" | "o" | "c";

/** What the network wrote by itself, early and late. */
export interface Sample {
  /** Steps that the network had been trained when it wrote this. */
  readonly step: number;
  readonly letters: readonly string[];
  /** So many of them it was given: the first words of the text. */
  readonly given: number;
  /** f32[letters]: how probable the network held each of them when it wrote it. */
  readonly probabilities: Float32Array;
}

export interface Written {
  /** What was to begin with, as far as the network knows the characters, and what it went on with. */
  readonly letters: readonly string[];
  /** So many of them were given. */
  readonly given: number;
  /** Characters of the beginning that the text does not have; they were left out. */
  readonly unknown: readonly string[];
  /** f32[letters, characters]: of the character at each place, before a temperature divides them. */
  readonly logits: Float32Array;
  /** f32[letters] in [0, 1): the draws. Another temperature with the same draws may write another text. */
  readonly draws: Float32Array;
}

export interface Reading {
  readonly letters: readonly string[];
  readonly units: number;
  /** f32[letters, units] each, after each letter was read. */
  readonly steps: Readonly<Record<Quantity, Float32Array>>;
  /** i32[letters, TOP]: what the network expects after each letter, the likeliest first, and f32: how much. */
  readonly expected: Int32Array;
  readonly probabilities: Float32Array;
  /** f32[letters]: −log₂ of what it gave the letter that came; NaN for the first, which nothing comes before. */
  readonly bits: Float32Array;
}

/** Expected characters that a reading tells, at most. */
export const TOP = 5;

export interface UnitOrder {
  /** i32[units]: those that move furthest with the feature first, whatever the sign. */
  readonly order: Int32Array;
  /** f32[units], by unit: correlation of tanh(c) with the feature; 0 for all where the text has nothing of it. */
  readonly correlations: Float32Array;
  /** f32[units], by unit: how far tanh(c) moves with the feature, correlation × standard deviation. */
  readonly swings: Float32Array;
}

export interface Influence {
  /** 1 or more: nothing comes before the first letter. */
  readonly at: number;
  /** f32[at]: ‖∂logit/∂embedding_t‖ of the logit of letter `at`, for every letter t before it. */
  readonly norms: Float32Array;
}

/** What the text came to. */
export interface Source {
  /** By their numbers. */
  readonly characters: readonly string[];
  /** All of its letters; the last tenth of them is not learned from. */
  readonly length: number;
  /** Different characters that are too rare to be learned, and stand as �. */
  readonly rare: number;
}

// A type, not an interface: pictures are looked up by any name.
export type TextPictures = {
  readonly samples: {
    /** How many of them the page has already. */
    readonly request: { readonly from: number };
    readonly answer: { readonly samples: readonly Sample[] };
  };
  readonly write: {
    readonly request: {
      readonly beginning: string;
      readonly temperature: number;
      readonly seed: number;
    };
    readonly answer: Written;
  };
  readonly read: {
    /** Undefined for a passage of the text itself. */
    readonly request: { readonly passage: string | undefined };
    readonly answer: Reading;
  };
  readonly order: {
    readonly request: { readonly by: FeatureName };
    readonly answer: UnitOrder;
  };
  readonly influence: {
    readonly request: { readonly passage: string | undefined; readonly at: number };
    readonly answer: Influence;
  };
  readonly source: { readonly request: Readonly<Record<never, never>>; readonly answer: Source };
};
