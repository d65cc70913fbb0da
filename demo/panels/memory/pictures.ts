/** What the page can ask the worker to show of the networks that learn to remember. */

/** A number for every step, by the name of a state: h, and of some cells c. */
export type ByState = Readonly<Record<string, Float32Array>>;

export type ColumnName = "rnn" | "lstm" | "gru" | "own";

export interface GradientAnswer {
  /** Steps of a sequence. */
  readonly steps: number;
  readonly columns: readonly {
    readonly name: ColumnName;
    /** ‖∂loss/∂state_t‖ of the last steps, as far as the window reaches, before anything was learned. */
    readonly start: ByState;
    /** The same of the last step that was trained; of none yet, where nothing was. */
    readonly now: ByState | undefined;
  }[];
}

export interface AnswersAnswer {
  /** What is read, step by step, and what should be said. */
  readonly reads: readonly string[];
  readonly answer: string;
  readonly columns: readonly {
    readonly name: ColumnName;
    readonly said: string;
    /** Of what was said; undefined where it is a number. */
    readonly probability: number | undefined;
  }[];
}

export interface FilmRequest {
  readonly network: ColumnName;
  /** Which sequence: any whole number. */
  readonly sequence: number;
}

/** One sequence of at most 16 steps, there and back. Norms are over the units. */
export interface FilmAnswer {
  readonly reads: readonly string[];
  readonly answer: string;
  readonly loss: number;
  /** Steps in front of which the gradient is cut. */
  readonly cuts: readonly number[];
  /** ‖state_t‖ */
  readonly values: ByState;
  /** ‖∂loss/∂state_t‖ */
  readonly gradients: ByState;
  /** Of an lstm, what reaches c_t, and from where. */
  readonly lanes: Lanes | undefined;
}

/** ∂loss/∂c_t = ∂loss/∂c_{t+1} ∘ f_{t+1} + ∂loss/∂h_t ∘ o_t ∘ (1 − tanh² c_t), as norms of the two. */
export interface Lanes {
  /** Along c, times the forget gate: nothing in the last step. */
  readonly kept: Float32Array;
  /** From h through the output gate. */
  readonly read: Float32Array;
  /** Mean forget and output gate of each step. */
  readonly forget: Float32Array;
  readonly output: Float32Array;
}

export interface CostAnswer {
  /** Steps of the long sequence. */
  readonly steps: number;
  readonly rows: readonly {
    /** Steps that a gradient goes back; `steps` where nothing is cut. */
    readonly window: number;
    /** Median over the walks so far; undefined before the first. */
    readonly microsecondsPerStep: number | undefined;
    readonly walks: number;
  }[];
  readonly isDone: boolean;
}

export interface SweepAnswer {
  readonly lags: readonly number[];
  readonly points: readonly SweepPoint[];
  readonly isDone: boolean;
}

export interface SweepPoint {
  readonly name: ColumnName;
  readonly lag: number;
  /** Share of right answers over the last batches, none of whose sequences was seen before. */
  readonly accuracy: number;
  readonly batches: number;
}

/** What is wrong with a cell that was written, and where; undefined where nothing is. */
export interface OwnAnswer {
  readonly weights: readonly string[];
  readonly wrong:
    | { readonly line: number; readonly column: number; readonly message: string }
    | undefined;
}

export type MemoryPictures = {
  readonly gradient: { readonly request: null; readonly answer: GradientAnswer };
  readonly answers: {
    readonly request: { readonly sequence: number };
    readonly answer: AnswersAnswer;
  };
  readonly film: { readonly request: FilmRequest; readonly answer: FilmAnswer };
  /** Measures a little more at every call. */
  readonly cost: { readonly request: null; readonly answer: CostAnswer };
  /** Trains a little more at every call. */
  readonly sweep: { readonly request: null; readonly answer: SweepAnswer };
  readonly own: { readonly request: { readonly code: string }; readonly answer: OwnAnswer };
};
