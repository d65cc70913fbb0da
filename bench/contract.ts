/**
 * What the benchmark's parts agree on. Cases say what is measured, engines do it, the runner times them.
 * Inputs, layouts and results of every kind are described in cases/inputs.ts.
 */

export type CaseKind =
  /** The MNIST network, one step with Adam. params: batch */
  | "cnn-train"
  /** LSTM, last step → linear → cross-entropy, one step with Adam. params: batch, time, input, hidden, layers, classes */
  | "lstm-train"
  /** The same network's forward pass, ending in the logits. */
  | "lstm-forward"
  | "gru-train"
  | "rnn-train"
  /** A transformer's block, mean over time → linear → cross-entropy, one step with Adam. params: batch, time, features, heads, hidden, classes */
  | "transformer-train"
  /** Characters in windows, the state carried, the gradient cut. params: batch, window, windows, vocabulary, embedding, hidden */
  | "tbptt"
  /** params: m, k, n, layout ("nn", "nt", "tn") */
  | "matmul"
  /** params: batch, height, width, in, out, kernel, stride, groups; padding is (kernel − 1) / 2 on every side */
  | "conv-forward"
  | "conv-input-grad"
  | "conv-filter-grad"
  /** params: batch, height, width, channels, window; stride = window */
  | "max-pool"
  /** Forward in training and all gradients. params: batch, height, width, channels */
  | "batch-norm"
  /** Forward and all gradients. params: rows, features */
  | "layer-norm"
  /** Forward and both gradients. params: batch, height, width, in, out, kernel, stride, padding */
  | "conv-transpose"
  /** Rows of a table, and the table's gradient, of all its rows. params: rows, features, ids */
  | "embedding"
  /** Loss (mean) and its gradient. params: rows, classes */
  | "softmax-cross-entropy"
  /** One update of one flat parameter. params: elements */
  | "adam"
  /** x + y + y + …, small: what an op costs besides its arithmetic. params: elements, length */
  | "add-chain"
  /** Reading and writing memory, the machine's own limit. params: elements */
  | "copy"
  /** A bare loop of multiply-adds in registers, the machine's own limit. params: none */
  | "fma"
  /** What ours costs besides the kernels. params: what */
  | "overhead";

export interface BenchCase {
  readonly name: string;
  readonly kind: CaseKind;
  readonly params: Readonly<Record<string, number | string>>;
  /** Floating-point operations of one run, a multiply-add counted as two. */
  readonly flops?: number;
  /** Bytes that one run has to read and write at least. */
  readonly bytes?: number;
  /** Of which curve this is a point: "time", "batch", "layers". */
  readonly growth?: { readonly curve: string; readonly at: number };
}

export interface EngineInfo {
  readonly engine: string;
  readonly device: "cpu" | "webgpu";
  /** Asserted: what really ran ("wasm simd threaded", "webgpu", "openblas"). */
  readonly backend: string;
  /** Threads that really ran. */
  readonly threads?: number;
  /** webgpu: the adapter is a software one. */
  readonly isFallbackAdapter?: boolean;
  /** webgpu: the adapter in words. */
  readonly adapter?: string;
  readonly version: string;
}

/** One number, or a piece of text, that an engine tells about itself ("js per dispatch", 0.4, "µs"). */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
}

export interface Prepared {
  /** One timed unit of work, finished (results ready on the host or the queue empty) when the promise settles. */
  run(): Promise<void>;
  /**
   * The same unit `times` times, waited for once at the end, as a training loop would. On a hardware GPU the
   * runner times this, so that one wait is not charged to one small kernel. Absent: `run` in a loop.
   */
  runMany?(times: number): Promise<void>;
  /**
   * Numbers to compare with ours, called once, before the first run. Steps: the losses of the first three steps
   * from the initial weights. Others: `checksum` of the outputs, one after the other (cases/inputs.ts).
   */
  result(): Promise<readonly number[]>;
  readonly dispatches?: number;
  readonly submits?: number;
  readonly peakBytes?: number;
  /** Of one run, where the engine decides how much work that is (fma). */
  readonly flops?: number;
  /** Further figures, known when the runs are over. */
  figures?(): readonly Figure[] | Promise<readonly Figure[]>;
  dispose(): Promise<void>;
}

export interface Cannot {
  /** Why, with the engine's own error where it has one. */
  readonly cannot: string;
}

export interface EngineOptions {
  /** Threads asked for; as many as the machine has where nothing is said. */
  readonly threads?: number;
  /**
   * In a page: the address under which bench/peers/node_modules is served, ending in "/", so that a .wasm file is
   * at `${assetBase}@tensorflow/tfjs-backend-wasm/dist/…`. In Node: undefined.
   */
  readonly assetBase?: string;
}

/** A module of bench/engines or bench/peers exports `createEngine(name)`; which module has which: runner/engines.ts. */
export interface Engine {
  /** Opens the back end and asserts what runs. Throws where it is not what was asked for. */
  open(options: EngineOptions): Promise<EngineInfo>;
  prepare(benchCase: BenchCase): Promise<Prepared | Cannot>;
  close(): Promise<void>;
}
