/** How large the networks are, what they are asked, and for how long they learn. */
export interface Settings {
  readonly hidden: number;
  /** Sequences in a batch. */
  readonly batchSize: number;
  /** Batches to learn from, at most, for every cell, task and lag alike. */
  readonly budget: number;
  /** Adam's at the start, the same for all cells; it falls to a tenth over the budget. */
  readonly learningRate: { readonly recall: number; readonly adding: number };
  /** Sequences that an accuracy is measured on. */
  readonly tested: number;
  readonly lags: readonly number[];
  /** The lag at which the gradient is looked at. */
  readonly flowLag: number;
  readonly truncation: {
    /** The word lies in the middle of twice so many steps: in the first of the last `half` of them. */
    readonly half: number;
    /** Windows to compare; the whole sequence comes on top. */
    readonly windows: readonly number[];
  };
  readonly cost: {
    /** Steps of the sequence that is walked. */
    readonly steps: number;
    readonly batchSize: number;
    /** Windows to compare, divisors of `steps`; the whole sequence comes on top. */
    readonly windows: readonly number[];
    /** The sequence is walked so often for each window, in turns. */
    readonly rounds: number;
    /** Sequences of so many steps are compared for their memory, multiples of `window`. */
    readonly lengths: readonly number[];
    /** The window that truncates them. */
    readonly window: number;
  };
}

/** About six minutes on two cores. */
export const FULL: Settings = {
  hidden: 32,
  batchSize: 32,
  budget: 1000,
  learningRate: { recall: 3e-3, adding: 1e-2 },
  tested: 1024,
  lags: [10, 20, 50, 100, 200, 500],
  flowLag: 100,
  truncation: { half: 100, windows: [10, 25, 50, 100] },
  cost: {
    steps: 2000,
    batchSize: 16,
    windows: [10, 25, 50, 100, 250, 500],
    rounds: 5,
    lengths: [200, 500, 1000, 2000, 4000],
    window: 100,
  },
};

/** Short lags, and as many batches as they take: a few seconds. */
export const QUICK: Settings = {
  ...FULL,
  budget: 350,
  tested: 512,
  learningRate: { recall: 1e-2, adding: 1e-2 },
  lags: [5, 30],
  flowLag: 40,
  truncation: { half: 24, windows: [6, 12, 24] },
  cost: {
    steps: 480,
    batchSize: 16,
    windows: [10, 20, 60, 120],
    rounds: 3,
    lengths: [60, 240, 960],
    window: 60,
  },
};
