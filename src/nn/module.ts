import type {
  DType,
  LoadOptions,
  Runtime,
  SavedEntry,
  Shape,
  Tensor,
  Variable,
} from "../functions.ts";

/** One tensor, or several by name: what a module takes and gives. */
export type Tensors = Tensor | Readonly<Record<string, Tensor>>;

/** Tensors by these names. */
export type TensorsByName<K extends string> = { readonly [Name in K]: Tensor };

/** For each tensor of X something else: of one tensor one, of several by name as many by the same names. */
export type Each<X extends Tensors, Of> = X extends Tensor ? Of : { readonly [K in keyof X]: Of };

/** A module whatever it takes and gives. */
export type AnyModule = Module<never, Tensors>;

/** What a module carries from one window of a sequence to the next; empty where it carries nothing. */
export type State = readonly Tensor[];

/** What a module makes of a step or of a sequence, and the state that it leaves. */
export interface Stepped<Y extends Tensors = Tensor> {
  /** What it makes of the input. */
  readonly y: Y;
  /** What the next window begins with. */
  readonly state: State;
}

/** Which dimension of its input a module takes for time; "any" where it takes none, and leaves all where they are. */
export type TimeAxis = 0 | 1 | "any";

/** Whether a module is being trained: `train()` and `eval()` set it. */
export interface Mode {
  /** Dropout and the like are at work, and norms count the batch. */
  readonly isTraining: boolean;
}

/** How a parameter appears in a state dict, where it is not simply itself. */
export interface StateLayout {
  /** Names in the state dict. A parameter with several is their sum; it is exported under the first, the rest are 0. */
  readonly names: readonly string[];
  /** Dimension d in the state dict is dimension permutation[d] of the parameter. */
  readonly permutation: readonly number[];
  /** The shape in the state dict: the permuted one, neighbouring dimensions perhaps merged. */
  readonly shape: Shape;
  /** For each name, which part of that entry the parameter is; all of it where nothing is said. */
  readonly pieces?: readonly StatePiece[];
}

/** Elements `start` … `start + count` of an entry of `shape` are the first `count` of the permuted parameter. */
export interface StatePiece {
  /** Of the whole entry. */
  readonly shape: Shape;
  /** The first of its elements that belongs to the parameter. */
  readonly start: number;
  /** How many do. */
  readonly count: number;
}

/** A variable of a module, and how it appears in a state dict where that is not simply as itself. */
export interface Parameter {
  /** What holds its elements. */
  readonly variable: Variable;
  /** As itself where nothing is said. */
  readonly layout?: StateLayout;
}

/** A parameter or a buffer in a state dict. */
export interface StateEntry {
  /** As PyTorch has it. */
  readonly shape: Shape;
  /** Row-major. */
  readonly data: Float32Array;
}

/** Parameters and buffers by PyTorch's names, in PyTorch's layouts. */
export type StateDict = Readonly<Record<string, StateEntry>>;

/** A state dict as it may come back from a file: data in any array of numbers. */
export type SavedDict = Readonly<Record<string, SavedEntry>>;

/** What `loadStateDict` can be told. */
export interface LoadStateOptions extends LoadOptions {
  /** Entries whose names begin so are taken, without it: "model." of a file that holds more. The others are left alone. */
  readonly prefix?: string;
  /** Parameters and buffers that `dict` does not have keep their values: a new head on a backbone. false. */
  readonly allowMissing?: boolean;
  /** Entries that the module has no place for are passed over: the old head of a backbone. false. */
  readonly allowUnexpected?: boolean;
}

/** What was loaded, by the names of the module's state dict, and what was not. */
export interface LoadReport {
  /** In both. */
  readonly loaded: readonly string[];
  /** Of the module, not in the dict. */
  readonly missing: readonly string[];
  /** In the dict, not of the module; without the prefix. */
  readonly unexpected: readonly string[];
}

/**
 * A function from tensor to tensor with parameters of its own, or from tensors by name to tensors by name. Made by the
 * layers and by `nn.module`.
 */
export interface Module<X extends Tensors = Tensor, Y extends Tensors = Tensor> {
  /**
   * Applies the module; a sequence starts from a state of zeros.
   * @throws ShapeError, DTypeError for inputs that it does not take, ArgumentError for what is no tensor
   */
  (x: X): Y;
  /** Which layer it is: "linear", "sequential". */
  readonly kind: string;
  /** The kind with its settings, as `summary()` shows it. */
  readonly description: string;
  /** The modules that it is made of, by their names in paths. */
  readonly children: readonly (readonly [name: string, child: AnyModule])[];
  /** Its own parameters, without those of its children. */
  readonly own: Readonly<Record<string, Parameter>>;
  /** Its own buffers, without those of its children. */
  readonly ownBuffers: Readonly<Record<string, Parameter>>;
  /** Whether it is being trained. */
  readonly mode: Mode;
  /** How it can be made anew; undefined where nothing says so. */
  readonly made: Making | undefined;
  /** What it takes: `i32` where a model starts with an embedding; by name where it takes several. */
  readonly inputDType: DType | Readonly<Record<string, DType>>;
  /** Undefined where it is not known: a Trainer compares it with what its data says of itself. */
  readonly timeAxis: TimeAxis | undefined;
  /**
   * Applies the module to one window of a sequence. `state` is what the window before gave, or undefined for zeros.
   * @throws ArgumentError where the state has another number of tensors than `stateShapes` says, ShapeError where they
   *   have other shapes; whatever the module's layers throw, such as a DTypeError
   */
  step(x: X, state: State | undefined): Stepped<Y>;
  /**
   * The shapes of its state for so many sequences side by side; empty where it carries nothing.
   * @throws ArgumentError for a batchSize that is not a whole number of 1 or more
   */
  stateShapes(batchSize: number): readonly Shape[];
  /** All parameters of the module and its descendants, each once; frozen ones, too. */
  parameters(): Variable[];
  /** Those that are not frozen: what gradients are taken of. */
  trainableParameters(): Variable[];
  /** All parameters by path: `0.weight`. A parameter that is used in two places has two paths. */
  namedParameters(): ReadonlyMap<string, Variable>;
  /** All buffers of the module and its descendants, each once: running statistics, counters, tables. */
  buffers(): Variable[];
  /** The same by path: `1.running_mean`. */
  namedBuffers(): ReadonlyMap<string, Variable>;
  /**
   * Parameters whose paths match are not trained: `freeze("0.*")` for all below the first layer, `freeze()` for all, where
   * * stands for any text. They cost no gradient, and neither clipping nor decay sees them. A compiled step keeps what held
   * when it was traced; a Trainer traces its steps anew, and an optimizer goes on with the parameters that it began with
   * only. What a norm counts in training is not affected.
   * @throws ArgumentError for a pattern that matches no parameter
   */
  freeze(pattern?: string): void;
  /**
   * The reverse of `freeze`.
   * @throws ArgumentError for a pattern that matches no parameter
   */
  unfreeze(pattern?: string): void;
  /**
   * Switches dropout, and the statistics of a batch in norms, on or off. A compiled step keeps what held when it was traced.
   * @throws ArgumentError for what is neither true nor false
   */
  train(isTraining?: boolean): void;
  /** `train(false)`. */
  eval(): void;
  /**
   * The values of all parameters and buffers, on the host, under PyTorch's names and in its layouts.
   * @throws DeviceLostError where they are gone with their device
   */
  stateDict(): Promise<StateDict>;
  /**
   * Replaces all parameters and buffers, or those that `dict` has. Nothing changes where anything does not fit. Numbers in
   * other arrays than Float32Array are converted; NaN and infinities are loaded only with `{ allowNonFinite: true }`.
   *
   * ```ts
   * model.loadStateDict(tensors, { prefix: "backbone.", allowMissing: true });
   * ```
   *
   * @throws ArgumentError for names that are missing or unexpected and entries that are none, ShapeError for shapes
   */
  loadStateDict(dict: SavedDict, options?: LoadStateOptions): LoadReport;
  /**
   * Moves all parameters and buffers to another runtime, for instance from the cpu to a GPU that has become free. A Trainer moves its
   * model itself, with all that belongs to the training: `trainer.moveTo`.
   * @throws ArgumentError for what is no runtime
   */
  moveTo(runtime: Runtime): Promise<void>;
  /**
   * A table of the layers for an input of `inputShape`, the batch included: output shapes, parameters and how many of them
   * are frozen, buffers, bytes of both, and FLOPs of one forward pass: a multiplication and an addition for every pair of
   * numbers that a matmul, a convolution, a recurrent sum or attention brings together. What is done number by number is
   * not counted. Nothing is computed, and no device is needed.
   * @throws ArgumentError, ShapeError where the input does not fit the model
   */
  summary(inputShape: Each<X, Shape>): string;
}

/** A module, or several in a list or by name. */
export type Children = AnyModule | readonly Children[] | { readonly [name: string]: Children };

interface CommonDefinition<X extends Tensors> {
  readonly description?: string;
  readonly parameters?: Readonly<Record<string, Variable | Parameter>>;
  /**
   * f32 variables that belong to the module's state and are not trained. What `forward` assigns to them takes effect with
   * the step that it is part of, and not where a Trainer refuses that step.
   */
  readonly buffers?: Readonly<Record<string, Variable | Parameter>>;
  /**
   * What `forward` calls. Lists and records of modules are PyTorch's ModuleList and ModuleDict: those of
   * `{ layers: [a, b] }` have the paths `layers.0` and `layers.1`.
   */
  readonly children?: Readonly<Record<string, Children>>;
  /**
   * Otherwise that of the first child, or f32. `{ image: "f32", words: "i32" }` makes a module that takes tensors by these
   * names: `forward: ({ image, words }) => …`.
   */
  readonly inputDType?: Each<X, DType>;
  readonly timeAxis?: TimeAxis;
  /** For modules of one's own that `io.loadModel(from, { layers })` is to make again; the layers say it themselves. */
  readonly made?: Making;
}

interface StatelessDefinition<X extends Tensors, Y extends Tensors> extends CommonDefinition<X> {
  readonly forward: (x: X, mode: Mode) => Y;
  readonly step?: never;
  readonly stateShapes?: never;
}

interface StatefulDefinition<X extends Tensors, Y extends Tensors> extends CommonDefinition<X> {
  readonly step: (x: X, state: State | undefined, mode: Mode) => Stepped<Y>;
  /** Otherwise those of the children, one after the other. */
  readonly stateShapes?: (batchSize: number) => readonly Shape[];
  readonly forward?: never;
}

/**
 * The call that makes a module anew: the layer's name and its arguments, plain data, modules and cells; not how parameters
 * start. A model file holds it (`io.saveModel`).
 */
export type Making = readonly [layer: string, ...args: readonly unknown[]];

/** What makes a module: `forward`, or `step` where it or a child carries state. */
export type Definition<X extends Tensors = Tensor, Y extends Tensors = Tensor> =
  | StatelessDefinition<X, Y>
  | StatefulDefinition<X, Y>;
