import type { Tensor } from "../../src/functions.ts";
import type { Attrs, ByInput, OpName } from "../../src/ops/vocabulary.ts";
import type { DType } from "../../src/tensor/dtype.ts";
import type { Shape } from "../../src/tensor/shape.ts";

/** An input of a case: its values are given, or drawn uniformly from `range` by a generator seeded by the case's name. */
export interface InputSpec {
  readonly shape: Shape;
  /** f32 where nothing is said. */
  readonly dtype?: DType;
  /** [-1, 1) where nothing is said; integers are drawn from the whole numbers in [low, high). */
  readonly range?: readonly [low: number, high: number];
  readonly values?: readonly number[];
}

/** What is true of an op, on every device. Written without a test runner, so that it also runs inside a page. */
export interface Case<K extends OpName> extends Checked {
  readonly ins: ByInput<K, InputSpec>;
  readonly attrs: Attrs<K>;
}

/** What is true of a verb that is made of several ops, likewise. */
export interface VerbCase extends Checked {
  readonly ins: Readonly<Record<string, InputSpec>>;
  verb(ins: Readonly<Record<string, Tensor>>): Tensor;
}

/** How far a case is checked. */
interface Checked {
  /** A sentence: "conv2d with stride 2 drops the last column of an even input". */
  readonly name: string;
  /**
   * The largest allowed relative L2 error of an f32 output against the float64 reference; 1e-5 where nothing is
   * said (docs/kernels.md: relative L2 ≤ 1e-5). Any other value needs a reason in the comment beside it.
   */
  readonly tolerance?: number;
  /** The same for gradients on a device; 1e-5 and at least `tolerance` where nothing is said. Needs a reason, too. */
  readonly gradientTolerance?: number;
  /** false where the inputs sit on a kink (a tie in a maximum, relu at 0), so that differences say nothing. */
  readonly checkGradient?: false;
  /** The outputs that have a gradient from outside; all of f32 where nothing is said. */
  readonly seeded?: readonly string[];
}

/** Cases by verb. */
export type VerbTable = Readonly<Record<string, readonly [VerbCase, ...VerbCase[]]>>;

export type CaseTable = { readonly [K in OpName]: readonly [Case<K>, ...Case<K>[]] };
