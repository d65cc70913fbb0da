/** A step compiled for each kind of batch: examples, and windows of each size of batch with what they carry. */
import { ArgumentError } from "../errors.ts";
import { type Compiled, compile, type Tensor, tensor } from "../functions.ts";
import type { Module } from "../nn/index.ts";
import type { TrainingBatch } from "./batch-source.ts";
import { Carried, type CarriedSequences, keepOf, rowsOf } from "./carried.ts";
import type { FlowNotes, FlowTensors, LayerFlow } from "./flow.ts";
import type { Forward } from "./forward.ts";
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

  constructor(model: Module, compute: Compute, options: CompiledByKindOptions) {
    this.#model = model;
    this.#compute = compute;
    this.#options = options;
    const plain = (x: Tensor, y: Tensor) => compute(y, () => ({ output: model(x), changes: [] }));
    this.#plain = compile(plain, options);
  }

  async run(batch: TrainingBatch): Promise<StepResult> {
    const { x, y, start } = batch;
    const [inputs, targets] = [tensor(x.data, x.shape, x.dtype), tensor(y.data, y.shape, y.dtype)];
    if (start === undefined)
      return resultOf(await this.#plain(inputs, targets), this.#options.flow);
    const { carried, step, unbroken } = this.#forRows(rowsOf(batch));
    const keep = keepOf(batch, carried);
    this.#checkGoesOn(batch, carried);
    carried.prepare(batch);
    const isUnbroken = carried.goesOn(batch) && this.#options.skips !== true;
    const outputs = await (isUnbroken ? unbroken : step)(inputs, targets, keep);
    carried.hasBegun = true;
    return resultOf(outputs, this.#options.flow);
  }

  #forRows(rows: number) {
    const known = this.#windows.get(rows);
    if (known !== undefined) return known;
    const carried = new Carried(this.#model, rows, this.#options.truncation);
    const compiled = (isUnbroken: boolean) =>
      compile(
        (x: Tensor, y: Tensor, keep: Tensor) =>
          this.#compute(y, () => carried.forward(x, keep, isUnbroken)),
        this.#options,
      );
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

  save(): Promise<CarriedSequences[]> {
    const begun = [...this.#windows.values()].filter(({ carried }) => carried.hasBegun);
    return Promise.all(begun.map(({ carried }) => carried.save()));
  }

  check(saved: readonly CarriedSequences[]): void {
    for (const one of saved) this.#forRows(one.batchSize).carried.check(one);
  }

  /** `saved` has been checked. Nothing else is carried afterwards. */
  load(saved: readonly CarriedSequences[]): void {
    for (const { carried } of this.#windows.values()) carried.hasBegun = false;
    for (const one of saved) this.#forRows(one.batchSize).carried.load(one);
  }
}
