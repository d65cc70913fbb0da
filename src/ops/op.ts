import type { TensorType } from "../tensor/shape.ts";
import type { CellBody, CellGradient } from "./cells/body.ts";
import type { Arity, Attrs, ByInput, ByOutput, OpName, Vocabulary } from "./vocabulary.ts";

/** A value of the graph, as an op sees it: its type is known, its elements are not. */
export interface Value {
  readonly type: TensorType;
}

/** Adds an op to the graph that is being built and returns its outputs. Shapes are inferred and checked. */
export type Emit = <K extends OpName>(
  op: K,
  ins: ByInput<K, Value>,
  attrs: Attrs<K>,
) => ByOutput<K, Value>;

/** Values by name, with gaps where something is optional. */
export type Named = Readonly<Record<string, Value | undefined>>;

/**
 * Adds a loop over time to the graph that is being built: a scan whose body is what `cell` emits, once. Whatever else the
 * cell reads is the same at every step. `xs` are [T, ...], at least one of them; the cell gets their slices, and `ys` are
 * what it returns as y, stacked. With `reverse` the steps go from the last to the first, and slices keep their places.
 */
export type Loop = <C extends Named, X extends Named, Y extends Named>(
  cell: (carry: C, x: X) => { readonly carry: C; readonly y: Y },
  carry: C,
  xs: X,
  reverse: boolean,
) => { readonly carry: C; readonly ys: Y };

/** A gradient for one input: a value, undefined where it is zero, or the reason why there is none. */
export type Cotangent = Value | undefined | { readonly notDifferentiable: string };

/** Where a gradient is taken: an op with its inputs, its outputs and the gradients of its outputs. */
export interface VjpSite<K extends OpName> {
  readonly ins: ByInput<K, Value>;
  readonly outs: ByOutput<K, Value>;
  /** ∂loss/∂output; undefined where the loss does not depend on that output. At least one is defined. */
  readonly cotangents: {
    readonly [O in keyof ByOutput<K, Value>]: MaybeEach<ByOutput<K, Value>[O]>;
  };
  readonly attrs: Attrs<K>;
}
type MaybeEach<H> = H extends readonly (infer V)[] ? readonly (V | undefined)[] : H | undefined;
type CotangentEach<H> = H extends readonly unknown[] ? readonly Cotangent[] : Cotangent;

type InputCotangents<K extends OpName> = {
  readonly [I in keyof ByInput<K, Value>]: CotangentEach<ByInput<K, Value>[I]>;
};

/** What made a value: an op with what it was given. */
export type Maker = {
  [P in OpName]: {
    readonly op: P;
    readonly ins: ByInput<P, Value>;
    readonly attrs: Attrs<P>;
  };
}[OpName];

/** Where an op may turn out to be less than it looks. */
export interface RewriteSite<K extends OpName> {
  readonly emit: Emit;
  readonly ins: ByInput<K, Value>;
  readonly attrs: Attrs<K>;
  /** Of the result. */
  readonly type: TensorType;
  /** Undefined for what is given. */
  makerOf(value: Value): Maker | undefined;
}

/** Outputs by name, each with the input that it takes the place of. */
type Overwrites<K extends OpName> = {
  readonly [O in keyof Vocabulary[K]["outputs"]]?: keyof Vocabulary[K]["inputs"];
};

/** The meaning of an op, without a word about devices. */
export interface Op<K extends OpName> {
  readonly inputs: Vocabulary[K]["inputs"] & Readonly<Record<string, Arity>>;
  readonly outputs: Vocabulary[K]["outputs"] & Readonly<Record<string, Arity>>;
  /** `cheap` ops may be computed again rather than kept; `view` ops move no data at all where layout allows. */
  readonly cost: "cheap" | "expensive" | "view";
  /** Outputs that the kernels write in place of an input: the planner copies the input first if it is still needed. */
  readonly overwrites?: Overwrites<K> | ((attrs: Attrs<K>) => Overwrites<K>);
  /** `many` inputs that the kernels reach through one binding each: made side by side where that costs nothing. */
  readonly gathers?: readonly (keyof Vocabulary[K]["inputs"])[];
  /** `many` outputs that the kernels write one behind the other in one buffer, likewise. */
  readonly packsOutputs?: readonly (keyof Vocabulary[K]["outputs"])[];
  /** Types of the outputs. @throws ShapeError, DTypeError or ArgumentError that names op, types and remedy. */
  infer(ins: ByInput<K, TensorType>, attrs: Attrs<K>): ByOutput<K, TensorType>;
  /**
   * What `out` is equal to bit for bit where that is less work: an input, or other ops. Nothing here trades accuracy for
   * speed. `scheduler/rewrite.ts` asks once for every node.
   */
  simpler?(site: RewriteSite<K>): Value | undefined;
  /** The same meaning made of smaller ops: what a fused op is tested against. */
  composite?(emit: Emit, ins: ByInput<K, Value>, attrs: Attrs<K>, loop: Loop): ByOutput<K, Value>;
}

/**
 * How an op is differentiated: the gradients of its inputs; or `throughComposite`: the gradient of `composite`, which is
 * how ops that are themselves gradients get second derivatives; or `throughBody`: the gradient of a loop, made from its
 * body's.
 */
export type Vjp<K extends OpName> =
  | ((
      emit: Emit,
      at: VjpSite<K>,
      loop: Loop,
      gradientOf: (cell: CellBody) => CellGradient,
    ) => InputCotangents<K>)
  | "throughComposite"
  | "throughBody";

export type VjpTable = { readonly [K in OpName]: Vjp<K> };

export type OpTable = { readonly [K in OpName]: Op<K> };
