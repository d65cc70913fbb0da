/** A step compiled for each kind of batch: examples, and windows of each size of batch with what they carry. */

import { ArgumentError, DisposedError, InternalError } from "../errors.ts";
import { type Compiled, compile, type Tensor, tensor, type Variable } from "../functions.ts";
import { type Cell, cellsOfStep } from "../internals.ts";
import type { Collected, Parts } from "../metrics/index.ts";
import { freezeChanges } from "../nn/frozen.ts";
import type { AnyModule, Tensors } from "../nn/index.ts";
import { sameNames } from "../nn/tensors.ts";
import { mappedLater } from "../records.ts";
import { Carried, type CarriedMark, type CarriedSequences, keepOf, rowsOf } from "./carried.ts";
import type { FlowNotes, FlowTensors, LayerFlow } from "./flow.ts";
import { applied, type Forward } from "./forward.ts";
import { LimitsByType } from "./limits.ts";
import type { BatchTensors } from "./objective.ts";
import { asTaken, checkTime, checkWindow, timeOf } from "./time.ts";
import { type Columns, nested, type StepBatch } from "./training-data.ts";
import type { Truncation } from "./window.ts";

export interface Outputs {
  readonly loss: Tensor;
  readonly norm?: Tensor;
  readonly finite?: Tensor;
  readonly metrics: Readonly<Record<string, Tensor>>;
  /** Of metrics that are more than a mean. */
  readonly parts: Readonly<Record<string, Parts>>;
  /** What loss and metrics say of themselves that they are means over. */
  readonly counts: Readonly<Record<string, Tensor>>;
  readonly flow?: readonly FlowTensors[] | undefined;
}

export interface StepNumbers {
  readonly loss: number;
  readonly norm: number;
  readonly isFinite: boolean;
  readonly metrics: Readonly<Record<string, number>>;
  readonly parts: Readonly<Record<string, Collected>>;
  readonly counts: Readonly<Record<string, number>>;
  readonly flow: readonly LayerFlow[] | undefined;
}

/** A step that is under way. */
export interface StepResult {
  /** May be called by several; they are read once. */
  read(): Promise<StepNumbers>;
  /** The same for one that has a turn between two steps: where the device is lost, this fails and waits for no other. */
  readInTurn?(): Promise<StepNumbers>;
}

function resultOf(outputs: Outputs, notes: FlowNotes | undefined): StepResult {
  let numbers: Promise<StepNumbers> | undefined;
  return {
    read() {
      numbers ??= numbersOf(outputs, notes);
      return numbers;
    },
  };
}

async function numbersOf(outputs: Outputs, notes: FlowNotes | undefined): Promise<StepNumbers> {
  const [loss, norm, flag, metrics, parts, counts, flow] = await Promise.all([
    outputs.loss.item(),
    outputs.norm?.item() ?? Number.NaN,
    outputs.finite?.item() ?? 1,
    mappedLater(outputs.metrics, (tensor) => tensor.item()),
    mappedLater(outputs.parts, (parts) =>
      mappedLater(parts, async (tensor) => Float64Array.from(await tensor.data())),
    ),
    mappedLater(outputs.counts, (tensor) => tensor.item()),
    outputs.flow && notes?.read(outputs.flow),
  ]);
  return { loss, norm, isFinite: flag === 1, metrics, parts, counts, flow };
}

/** What a step does, for a caller whom errors name. */
export type Compute = (
  batch: BatchTensors,
  forward: (x: Tensors) => Forward,
  caller: string,
) => Outputs;

interface CompiledByKindOptions {
  readonly truncation?: Truncation | undefined;
  /** Whether single steps may be left out, so that only the device knows where rows began. */
  readonly skips?: boolean;
  /** See `CompileOptions`: the numbers of a run are the same whichever of the compiled steps it is a run of. */
  readonly randomCount: () => number;
  readonly randomStream: () => number;
  readonly flow?: FlowNotes | undefined;
}

/** What the host knows of what steps carry. */
export type StepsMark = ReadonlyMap<number, CarriedMark>;

/** The steps for windows of one number of rows. */
interface WindowSteps {
  readonly carried: Carried;
  readonly step: Compiled<Outputs>;
  /** For stretches in which no row begins. */
  readonly unbroken: Compiled<Outputs>;
}

export class CompiledByKind {
  readonly #model: AnyModule;
  readonly #compute: Compute;
  readonly #options: CompiledByKindOptions;
  readonly #plain: Compiled<Outputs>;
  readonly #windows = new Map<number, WindowSteps>();
  readonly #limits = new LimitsByType();
  #tail: Promise<unknown> = Promise.resolve();
  /** What a step is traced for, and who asked for it. */
  #batch: StepBatch | undefined;
  #caller = "fit";
  /** Of the columns of every batch, in the order in which steps take them. */
  #names: readonly string[] | undefined;
  /** What was frozen when steps were traced. */
  #freezes = freezeChanges();
  #isDisposed = false;

  constructor(model: AnyModule, compute: Compute, options: CompiledByKindOptions) {
    this.#model = model;
    this.#compute = compute;
    this.#options = options;
    this.#plain = this.#compile((x) => ({ output: applied(model, x), changes: [] }));
  }

  /** A step of the columns and, of windows, of what tells rows that go on. */
  #compile(forward: (x: Tensors, keep: Tensor) => Forward): Compiled<Outputs> {
    const step = (...args: Tensor[]) => {
      const named = (this.#names ?? []).map((name, i) => [name, args[i]]);
      const columns: Columns<Tensor> = Object.fromEntries(named);
      const keep = args.at(-1);
      if (keep === undefined) throw new InternalError("a step has arguments.");
      const outputs = this.#compute(nested(columns), (x) => forward(x, keep), this.#caller);
      this.#limits.note(columns, [outputs.loss]);
      // Nothing has run yet: a step is compiled before its first run.
      if (this.#batch !== undefined) this.#limits.check(this.#caller, this.#batch);
      return outputs;
    };
    const { randomCount, randomStream } = this.#options;
    return compile(step, { randomCount, randomStream });
  }

  /** For one that has its turn; errors name the caller. The number of the step is the caller's matter. */
  async take(given: StepBatch, caller = "fit"): Promise<StepResult> {
    this.#caller = caller;
    if (this.#isDisposed) {
      throw new DisposedError(
        `${caller}: a Trainer cannot be used after dispose(); got a step more. Leave the loop first.`,
      );
    }
    const batch = asTaken(this.#model, this.#inOrder(given));
    if ("x" in batch.columns) checkTime(caller, this.#model, batch.x, timeOf(batch, this.#model));
    checkWindow(caller, this.#model, batch, this.#options.truncation);
    if (this.#freezes !== freezeChanges()) this.#traceAnew();
    this.#limits.check(caller, batch);
    this.#batch = batch;
    try {
      return resultOf(await this.#run(batch), this.#options.flow);
    } finally {
      this.#batch = undefined;
    }
  }

  /** Every batch has the columns of the first. @throws ArgumentError */
  #inOrder(batch: StepBatch): StepBatch {
    const given = Object.keys(batch.columns);
    this.#names ??= given;
    const names = this.#names;
    if (given.every((name, i) => name === names[i]) && given.length === names.length) return batch;
    if (!sameNames(given, names)) {
      throw new ArgumentError(
        `${this.#caller}: all batches must have the same inputs and targets; got ${given.join(", ")} after ${names.join(", ")}. Give what a batch lacks, and train on others by another Trainer.`,
      );
    }
    const { columns } = batch;
    return {
      ...batch,
      columns: Object.fromEntries(names.map((name) => [name, columns[name] ?? batch.x])),
    };
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

  async #run(batch: StepBatch): Promise<Outputs> {
    const { columns, start } = batch;
    const inputs = Object.values(columns).map(({ data, shape, dtype }) =>
      tensor(data, shape, dtype),
    );
    if (start === undefined) return this.#plain(...inputs);
    const { carried, step, unbroken } = this.#forRows(rowsOf(this.#caller, batch, this.#model));
    const keep = keepOf(this.#caller, batch, carried, this.#model);
    this.#checkGoesOn(batch, carried);
    carried.prepare(batch);
    const isUnbroken = carried.goesOn(batch) && this.#options.skips !== true;
    try {
      const outputs = await (isUnbroken ? unbroken : step)(...inputs, keep);
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

  #checkGoesOn({ x, start }: StepBatch, carried: Carried): void {
    const isWhole = start === true || (typeof start === "object" && !start.includes(false));
    if (carried.hasBegun || isWhole || carried.state.length === 0) return;
    const begun = [...this.#windows].filter(([, one]) => one.carried.hasBegun).map(([n]) => n);
    const got =
      begun.length === 0 ? "no window before it" : `windows of ${begun.join(", ")} rows before it`;
    throw new ArgumentError(
      `${this.#caller}: a window that goes on (start: false) must have as many rows as one before it; got x [${x.shape.join(", ")}], ${carried.batchSize} rows, and ${got}. Give start: true where sequences begin.`,
    );
  }

  /** See `Carried.lose`. */
  lose(): void {
    for (const { carried } of this.#windows.values()) carried.lose();
  }

  /** For one that has its turn. */
  saveCarried(): Promise<CarriedSequences[]> {
    const begun = [...this.#windows.values()].filter(({ carried }) => carried.hasBegun);
    return Promise.all(begun.map(({ carried }) => carried.save()));
  }

  /** Goes on from `saved`, which has been checked; nothing else is carried afterwards. */
  load(saved: readonly CarriedSequences[]): void {
    this.reset();
    for (const one of saved) this.#forRows(one.batchSize).carried.load(one);
  }

  /** What the host knows of what is carried, for each size of batch. */
  mark(): StepsMark {
    return new Map([...this.#windows].map(([rows, { carried }]) => [rows, carried.mark()]));
  }

  /** Goes on from `marks`: the variables have what they had then. Nothing is carried any more where none are given. */
  reset(marks: StepsMark = new Map()): void {
    for (const [rows, { carried }] of this.#windows) carried.reset(marks.get(rows));
  }

  /** What the steps that have been traced read and assign, arguments apart. */
  cells(): Cell[] {
    const windows = [...this.#windows.values()];
    const steps = windows.flatMap(({ step, unbroken }) => [step, unbroken]);
    return [this.#plain, ...steps].flatMap(cellsOfStep);
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
