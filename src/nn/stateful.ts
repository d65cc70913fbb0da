import { check, checkOptions, count } from "../arguments.ts";
import { dispose } from "../dispose.ts";
import { DisposedError, ShapeError } from "../errors.ts";
import {
  type Compiled,
  compile,
  describe,
  type LoadOptions,
  type SavedEntry,
  type Tensor,
  type Variable,
} from "../functions.ts";
import { checkTensor, LOAD_RULES } from "../internals.ts";
import { checkCarries, checkSavedState, keepState, stateVariables } from "./carry.ts";
import { checkModule } from "./define.ts";
import type { Module, StateEntry } from "./module.ts";

/** What `nn.stateful` can be told. */
export interface StatefulOptions {
  /** Sequences that are read side by side: B; 1. */
  readonly batchSize?: number;
}

/** A model that reads a sequence piece by piece, its recurrent state kept on the device. Made by `nn.stateful`. */
export class StatefulSession {
  readonly #model: Module;
  readonly #batchSize: number;
  readonly #state: readonly Variable[];
  readonly #step: Compiled<Tensor>;
  /** Calls take effect in their order. */
  #tail: Promise<unknown> = Promise.resolve();
  #begins = true;
  #isDisposed = false;

  /** @throws ArgumentError for what is no model or drops its state, and where batchSize is not a whole number of 1 or more */
  constructor(model: Module, batchSize: number) {
    checkModule("stateful", "the model", model);
    check("stateful", "batchSize", batchSize, count);
    checkCarries("stateful", model);
    this.#model = model;
    this.#batchSize = batchSize;
    this.#state = stateVariables(model, batchSize);
    this.#step = compile((x, keep) => this.#advance(x, keep));
  }

  /**
   * Reads the next T ≥ 1 steps, x [T, B, …], and gives the model's output for them, in evaluation mode. The promise
   * settles when the step is under way; read the output to wait for it. Each T is compiled once.
   * @throws ShapeError for another number of sequences, ArgumentError for what is no tensor, DTypeError for one of another
   *   dtype than the model takes, DisposedError after dispose()
   */
  async step(x: Tensor): Promise<Tensor> {
    this.#check("step");
    checkTensor("stateful", x);
    const [steps = 0, rows = 0] = x.shape;
    if (x.shape.length < 2 || steps < 1 || rows !== this.#batchSize) {
      throw new ShapeError(
        `stateful: x must be [T, ${this.#batchSize}, …], at least one step of ${this.#batchSize} sequences; got ${describe(x.type)}. Time comes first; batchSize is an option of nn.stateful.`,
      );
    }
    return this.#inTurn(async () => {
      const y = await this.#step(x, this.#begins ? 0 : 1);
      this.#begins = false;
      return y;
    });
  }

  /**
   * The next step begins new sequences.
   * @throws DisposedError after dispose()
   */
  reset(): void {
    this.#check("reset");
    void this.#inTurn(() => {
      this.#begins = true;
    });
  }

  /**
   * The state after all steps so far, in the order of the model's `stateShapes`; zeros before the first.
   * @throws DisposedError after dispose(), DeviceLostError where it is gone with its device
   */
  async state(): Promise<readonly StateEntry[]> {
    this.#check("state");
    return this.#inTurn(() => Promise.all(this.#state.map((held) => this.#read(held))));
  }

  /**
   * Goes on from a state that `state()` gave. Numbers that are not finite are loaded only with
   * `{ allowNonFinite: true }`.
   * @throws ArgumentError for another number of tensors, ShapeError for other shapes; nothing is changed then
   */
  loadState(saved: readonly SavedEntry[], options?: LoadOptions): void {
    this.#check("loadState");
    checkOptions("stateful", options, LOAD_RULES);
    const shapes = this.#model.stateShapes(this.#batchSize);
    const copies = checkSavedState("stateful", shapes, saved, options);
    void this.#inTurn(() => {
      this.#begins = false;
      this.#state.forEach((held, i) => {
        held.load(copies[i] ?? new Float32Array(held.size));
      });
    });
  }

  /** Gives the memory of state and compiled steps back, after the steps that are under way. */
  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    void this.#inTurn(() => {
      for (const held of this.#state) held.dispose();
      this.#step.dispose();
    });
  }

  [dispose](): void {
    this.dispose();
  }

  #advance(x: Tensor, keep: Tensor): Tensor {
    const model = this.#model;
    const { isTraining } = model.mode;
    model.eval();
    try {
      const { y, state } = model.step(x, keepState(model, this.#state, keep));
      this.#state.forEach((held, i) => {
        const next = state[i];
        if (next !== undefined) held.assign(next);
      });
      return y;
    } finally {
      model.train(isTraining);
    }
  }

  async #read(held: Variable): Promise<StateEntry> {
    const { shape, size } = held;
    return {
      shape,
      data: this.#begins ? new Float32Array(size) : Float32Array.from(await held.data()),
    };
  }

  #inTurn<T>(task: () => Promise<T> | T): Promise<T> {
    const done = this.#tail.then(task);
    this.#tail = done.catch(() => undefined);
    return done;
  }

  #check(call: string): void {
    if (!this.#isDisposed) return;
    throw new DisposedError(
      `stateful: ${call}() cannot be called after dispose(); got a session of ${this.#model.kind}. Make a new one with nn.stateful.`,
    );
  }
}

/**
 * Inference step by step, a keystroke or a block at a time: what the model has read stays on the device.
 *
 * ```ts
 * const session = nn.stateful(model);
 * const logits = await (await session.step(tensor(Int32Array.of(id), [1, 1]))).data();
 * ```
 * A model without state is allowed: every step then stands for itself.
 * @throws ArgumentError where batchSize is not a whole number of 1 or more, and for a module of one's own whose `forward` drops
 *   the state of its recurrent layers
 */
export function stateful(model: Module, options: StatefulOptions = {}): StatefulSession {
  checkOptions("stateful", options, { batchSize: count });
  return new StatefulSession(model, options.batchSize ?? 1);
}
