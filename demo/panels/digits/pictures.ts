/** What the page asks of the digits' networks between two steps, and what it is answered. */

/** Pixels of a side of a picture. */
export const SIDE = 28;
export const PIXELS = SIDE * SIDE;
export const CLASSES = 10;
/** A digit is shifted by up to so many pixels to each side. */
export const REACH = 6;

/** A picture as MNIST has it: 28 × 28 bytes, row by row, 0 paper and 255 ink. */
export type Ink = Uint8Array;

/** Maps of one layer, one behind the other: [maps, rows, columns]. */
export interface Maps {
  readonly count: number;
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array;
}

/** Filters of one convolution: weights [filters, inputs, size, size] and a bias for each filter. */
export interface Filters {
  readonly count: number;
  readonly inputs: number;
  readonly size: number;
  readonly weights: Float32Array;
  readonly bias: Float32Array;
}

/** One filter of the first layer on a picture: its weights, its bias, and the map that it makes, behind the ReLU. */
export interface Slid {
  readonly size: number;
  readonly weights: Float32Array;
  readonly bias: number;
  readonly map: Float32Array;
}

/** Both networks' probabilities of the ten digits. */
export interface Probabilities {
  readonly cnn: Float32Array;
  readonly dense: Float32Array;
}

/** The CNN's layers for one picture, each behind its ReLU. */
export interface Layers {
  readonly conv1: Maps;
  readonly pool1: Maps;
  readonly conv2: Maps;
  readonly pool2: Maps;
}

/** What the last layer has of a picture, map by map, and what it makes of it for one digit: bias + Σ features · weights. */
export interface Flat {
  readonly features: Float32Array;
  readonly weights: Float32Array;
  readonly bias: number;
  readonly logit: number;
}

/** How far a measurement has come, and at which step the last one began that is complete. */
interface Progress {
  readonly step: number;
  /** Pictures in all, and of the one under way those that were seen. */
  readonly count: number;
  readonly seen: number;
}

/** The test digits' labels, and what each network took them for; empty before the first measurement. */
export interface TestScores extends Progress {
  readonly labels: Uint8Array;
  readonly cnn: Uint8Array;
  readonly dense: Uint8Array;
}

/** p(digit) of a picture shifted by dx, dy from −6 to 6: [dy, dx], 13 × 13. */
export interface Shifted {
  readonly cnn: Float32Array;
  readonly dense: Float32Array;
}

/** Shares of test digits that are recognised where they are shifted by 0, 1, … 6 pixels; empty before the first measurement. */
export interface ShiftScores extends Progress {
  readonly cnn: Float32Array;
  readonly dense: Float32Array;
}

interface Picture<Request, Answer> {
  readonly request: Request;
  readonly answer: Answer;
}

export type DigitsPictures = {
  probabilities: Picture<{ readonly ink: Ink }, Probabilities>;
  filters: Picture<
    Readonly<Record<string, never>>,
    { readonly conv1: Filters; readonly conv2: Filters }
  >;
  slid: Picture<{ readonly ink: Ink; readonly filter: number }, Slid>;
  layers: Picture<{ readonly ink: Ink }, Layers>;
  flat: Picture<{ readonly ink: Ink; readonly digit: number }, Flat>;
  /** ∂logit/∂x of a digit for every pixel. */
  saliency: Picture<
    { readonly ink: Ink; readonly digit: number },
    { readonly gradient: Float32Array }
  >;
  shifted: Picture<{ readonly ink: Ink; readonly digit: number }, Shifted>;
  test: Picture<Readonly<Record<string, never>>, TestScores>;
  shiftScores: Picture<Readonly<Record<string, never>>, ShiftScores>;
  /** Test digits with one label that the CNN took for a digit, at most `most` of them. */
  examples: Picture<
    { readonly label: number; readonly taken: number; readonly most: number },
    { readonly indices: Int32Array; readonly ink: Ink }
  >;
  /** One test digit. */
  digit: Picture<{ readonly index: number }, { readonly ink: Ink; readonly label: number }>;
};
