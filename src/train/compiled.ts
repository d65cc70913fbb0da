/** A step compiled for each kind of batch: examples, and windows of each size of batch with what they carry. */
import { ArgumentError, DisposedError } from "../errors.ts";
import { type Compiled, compile, type Tensor, tensor, type Variable } from "../functions.ts";
import { freezeChanges } from "../nn/frozen.ts";
import type { Module } from "../nn/index.ts";
import { Carried, type CarriedSequences, keepOf, rowsOf } from "./carried.ts";
import type { FlowNotes, FlowTensors, LayerFlow } from "./flow.ts";
import type { Forward } from "./forward.ts";
import { LimitsByType } from "./limits.ts";
import { checkTime, timeOf } from "./time.ts";
import type { TrainingBatch } from "./training-data.ts";
import type { Truncation } from "./window.ts";

export interface Outputs {
  readonly loss: Tensor;
  readonly norm?: Tensor;
  readonly finite?: Tensor;
  readonly metrics: Readonly<Record<string, Tensor>>;
  /** What loss and metrics say of themselves that they are means over; of evaluation. */
  readonly counts?: Readonly<Record<string, Tensor>>;
  readonly flow?: readonly FlowTensors[] | undefined;
}

export interface StepNumbers {
  readonly loss: number;
  readonly norm: number;
  readonly isFinite: boolean;
  readonly metrics: Readonly<Record<string, number>>;
  readonly counts: Readonly<Record<string, number>>;
  readonly flow: readonly LayerFlow[] | undefined;
}

/** A step that is under way. */
export interface StepResult {
  read(): Promise<StepNumbers>;
}

function resultOf(outputs: Outputs, notes: FlowNotes | undefined): StepResult {
  return {
    async read() {
      const [loss, norm, flag, metrics, counts, flow] = await Promise.all([
        outputs.loss.item(),
        outputs.norm?.item() ?? Number.NaN,
        outputs.finite?.item() ?? 1,
        itemsOf(outputs.metrics),
        itemsOf(outputs.counts ?? {}),
        outputs.flow && notes?.read(outputs.flow),
      ]);
      return { loss, norm, isFinite: flag === 1, metrics, counts, flow };
    },
  };
}

async function itemsOf(tensors: Readonly<Record<string, Tensor>>): Promise<Record<string, number>> {
  const entries = Object.entries(tensors).map(
    async ([name, tensor]) => [name, await tensor.item()] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}

type Compute = (y: Tensor, forward: () => Forward) => Outputs;

interface CompiledByKindOptions {
  readonly truncation?: Truncation | undefined;
  /** Whether single steps may be left out, so that only the device knows where rows began. */
  readonly skips?: boolean;
  /** See `CompileOptions`: the numbers of a run are the same whichever of the compiled steps it is a run of. */
  readonly randomCount: () => number;
  readonly randomStream: () => number;
  readonly flow?: FlowNotes | undefined;
}

/** The steps for windows of one number of rows. */
interface WindowSteps {
  readonly carried: Carried;
  readonly step: Compiled<Outputs>;
  /** For stretches in which no row begins. */
  readonly unbroken: Compiled<Outputs>;
}

export class CompiledByKind {
  readonly #model: Module;
  readonly #compute: Compute;
  readonly #options: CompiledByKindOptions;
  readonly #plain: Compiled<Outputs>;
  readonly #windows = new Map<number, WindowSteps>();
  readonly #limits = new LimitsByType();
  #tail: Promise<unknown> = Promise.resolve();
  /** What a step is traced for. */
  #batch: TrainingBatch | undefined;
  /** What was frozen when steps were traced. */
  #freezes = freezeChanges();
  #isDisposed = false;

  constructor(model: Module, compute: Compute, options: CompiledByKindOptions) {
    this.#model = model;
    this.#compute = compute;
    this.#options = options;
    this.#plain = this.#compile((x) => ({ output: model(x), changes: [] }));
  }

  #compile(forward: (x: Tensor, keep: Tensor) => Forward): Compiled<Outputs> {
    const step = (x: Tensor, y: Tensor, keep: Tensor) => {
      const outputs = this.#compute(y, () => forward(x, keep));
      this.#limits.note(x, y, [outputs.loss]);
      // Nothing has run yet: a step is compiled before its first run.
      if (this.#batch !== undefined) this.#limits.check(this.#batch);
      return outputs;
    };
    const { randomCount, randomStream } = this.#options;
    return compile(step, { randomCount, randomStream });
  }

  /** For one that has its turn. */
  async run(batch: TrainingBatch): Promise<StepResult> {
    if (this.#isDisposed) {
      throw new DisposedError(
        "fit: a Trainer cannot be used after dispose(); got a step more. Leave the loop first.",
      );
    }
    checkTime("fit", this.#model, batch.x, timeOf(batch));
    if (this.#freezes !== freezeChanges()) this.#traceAnew();
    this.#limits.check(batch);
    this.#batch = batch;
    try {
      return resultOf(await this.#run(batch), this.#options.flow);
    } finally {
      this.#batch = undefined;
    }
  }

  /** Steps train what was not frozen when they were traced. */
  #traceAnew(): void {
    this.#freezes = freezeChanges();
    this.#plain.dispose();
    for (const { step, unbroken } of this.#windows.values()) {
      step.dispose();
      unbroken.dispose();
    }
  }

  async #run(batch: TrainingBatch): Promise<Outputs> {
    const { x, y, start } = batch;
    const [inputs, targets] = [tensor(x.data, x.shape, x.dtype), tensor(y.data, y.shape, y.dtype)];
    if (start === undefined) return this.#plain(inputs, targets);
    const { carried, step, unbroken } = this.#forRows(rowsOf(batch));
    const keep = keepOf(batch, carried);
    this.#checkGoesOn(batch, carried);
    carried.prepare(batch);
    const isUnbroken = carried.goesOn(batch) && this.#options.skips !== true;
    try {
      const outputs = await (isUnbroken ? unbroken : step)(inputs, targets, keep);
      carried.hasBegun = true;
      return outputs;
    } catch (error) {
      // The block that was counted has not come.
      carried.lose();
      throw error;
    }
  }

  #forRows(rows: number) {
    const known = this.#windows.get(rows);
    if (known !== undefined) return known;
    const carried = new Carried(this.#model, rows, this.#options.truncation);
    const compiled = (isUnbroken: boolean) =>
      this.#compile((x, keep) => carried.forward(x, keep, isUnbroken));
    const made = { carried, step: compiled(false), unbroken: compiled(true) };
    this.#windows.set(rows, made);
    return made;
  }

  #checkGoesOn({ x, start }: TrainingBatch, carried: Carried): void {
    const isWhole = start === true || (typeof start === "object" && !start.includes(false));
    if (carried.hasBegun || isWhole || carried.state.length === 0) return;
    const begun = [...this.#windows].filter(([, one]) => one.carried.hasBegun).map(([n]) => n);
    const got =
      begun.length === 0 ? "no window before it" : `windows of ${begun.join(", ")} rows before it`;
    throw new ArgumentError(
      `fit: a window that goes on (start: false) must have as many rows as one before it; got x [${x.shape.join(", ")}], ${carried.batchSize} rows, and ${got}. Give start: true where sequences begin.`,
    );
  }

  /** See `Carried.lose`. */
  lose(): void {
    for (const { carried } of this.#windows.values()) carried.lose();
  }

  /** For one that has its turn. */
  save(): Promise<CarriedSequences[]> {
    const begun = [...this.#windows.values()].filter(({ carried }) => carried.hasBegun);
    return Promise.all(begun.map(({ carried }) => carried.save()));
  }

  /** Goes on from `saved`, which has been checked; nothing else is carried afterwards. */
  load(saved: readonly CarriedSequences[]): void {
    for (const { carried } of this.#windows.values()) carried.reset();
    for (const one of saved) this.#forRows(one.batchSize).carried.load(one);
  }

  /** What is carried, for all sizes of batch. */
  variables(): Variable[] {
    return [...this.#windows.values()].flatMap(({ carried }) => carried.variables());
  }

  /** Gives back what is held on the device, after the runs that are under way. */
  dispose(): void {
    this.#isDisposed = true;
    void this.inTurn(() => {
      this.#plain.dispose();
      for (const { carried, step, unbroken } of this.#windows.values()) {
        step.dispose();
        unbroken.dispose();
        carried.dispose();
      }
      this.#windows.clear();
    });
  }

  /** Does `task` when those before are done: runs, and what must see the device between two of them. */
  inTurn<T>(task: () => Promise<T> | T): Promise<T> {
    const done = this.#tail.then(task);
    this.#tail = done.catch(() => undefined);
    return done;
  }
}
