import type { Settings } from "./settings.ts";

/** All that a run found out: what the report is made of. */
export interface Results {
  readonly run: {
    readonly date: Date;
    readonly seed: number;
    readonly isQuick: boolean;
    readonly device: string;
    readonly why: string;
    readonly seconds: number;
  };
  readonly settings: Settings;
  readonly accuracy: readonly AccuracyRow[];
  readonly flow: FlowResult;
  readonly truncation: readonly TruncationRow[];
  readonly cost: readonly CostRow[];
  readonly growth: readonly GrowthRow[];
}

export interface AccuracyRow {
  readonly task: "recall" | "adding";
  /** "rnn", "gru", "lstm", or the name of a cell of one's own. */
  readonly cell: string;
  readonly lag: number;
  /** Share of unseen sequences answered right, 0 … 1. */
  readonly accuracy: number;
  /** Batches learned from. */
  readonly batches: number;
  readonly seconds: number;
}

/** ‖∂loss/∂h_t‖ by the distance from the last step: element d is that of step T − 1 − d. */
export interface FlowCurve {
  readonly name: string;
  /** "rnn", "gru", "lstm", or the name of a cell of one's own. */
  readonly cell: string;
  readonly h: readonly number[];
  /** The same of the cell state; of an lstm. */
  readonly c: readonly number[] | undefined;
}

export interface FlowResult {
  readonly lag: number;
  readonly atStart: readonly FlowCurve[];
  readonly trained: readonly (FlowCurve & { readonly accuracy: number })[];
  /** An RNN with larger weights at the start, and what it reached. */
  readonly control: FlowCurve & { readonly accuracy: number };
  /** LSTMs at the start, by the bias of their forget gate. */
  readonly biases: readonly FlowCurve[];
}

export interface TruncationRow {
  /** Steps that a gradient reaches back. */
  readonly window: number;
  readonly isWhole: boolean;
  readonly accuracy: number;
  readonly batches: number;
}

export type Kind = "truncated" | "whole" | "checkpointed";

/** What a long sequence takes, by window. */
export interface CostRow {
  /** Steps that a gradient reaches back; all of the sequence without truncation. */
  readonly window: number;
  readonly kind: Kind;
  /** For one step of the sequence, forward, backward and its share of the update: the median of the rounds. */
  readonly msPerStep: number;
  /** Held on the device while training: parameters, optimizer, batch, and the plan's temporaries. */
  readonly bytes: number;
}

/** What sequences of different lengths take. */
export interface GrowthRow {
  /** Steps of the sequence. */
  readonly steps: number;
  readonly kind: Kind;
  /** As of `CostRow`. */
  readonly bytes: number;
}
