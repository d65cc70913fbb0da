/**
 * A fit on a device that may be lost. Every so often what training goes on from is copied to the host, on the device's own
 * time, and the batches since are kept. When the device is lost another one is opened, begins with the snapshot, and the
 * steps since are taken again with the batches that they had: on a device of the same kind they come to the same bits.
 * Whoever waits for what a step comes to is given that of the step that was taken again: a fit notices a pause.
 */
import { DeviceLostError } from "../errors.ts";
import { type HostArray, sizeOf, type Variable } from "../functions.ts";
import {
  type Cell,
  hostArray,
  type Lineage,
  moveVariables,
  type Runtime,
  replaceElements,
  type Snapshot,
  snapshotOf,
} from "../internals.ts";
import type { StepResult, StepsMark } from "./compiled.ts";
import type { DeviceChange } from "./device-change.ts";
import { onLoss, Patience } from "./patience.ts";
import type { Position } from "./progress.ts";
import { Batches, type Kept } from "./replay.ts";
import type { TrainingSteps } from "./steps.ts";
import type { ReadyData, StepBatch, Wanted } from "./training-data.ts";

/** What snapshots may cost of the time. */
const SHARE = 0.01;
/** They are not nearer to each other than this. */
const LEAST_MS = 500;
/** Batches of so many bytes are kept. */
const MOST_BYTES = 64 * 2 ** 20;
/** Steps that are taken again before the first one's end is waited for. */
const IN_FLIGHT = 3;
/** What others change on the device between two steps is noted where it is no more than this. */
const NOTED_ELEMENTS = 1024;

export interface RecoverySetup {
  readonly steps: TrainingSteps;
  readonly position: Pick<Position, "step">;
  readonly lineage: Lineage;
  readonly signal: AbortSignal | undefined;
  readonly everySteps: number | undefined;
  readonly data: ReadyData;
  readonly wanted: Wanted;
  /** The training's own: of model and optimizer, and what is carried. */
  variables(): Variable[];
  /** What else moves with them. */
  cells(): Cell[];
  /** Called when all is as it was at a snapshot. */
  restored(): void;
  /** Called when another device has taken over; steps wait for what it returns. */
  changed(change: DeviceChange): unknown;
}

/** A step since the snapshot. */
interface Taken extends Kept {
  readonly step: number;
  /** What somebody else gave variables before it. */
  readonly changed: Promise<Snapshot> | undefined;
  result: StepResult;
  isRead: boolean;
}

/** What training can go on from. */
interface Point {
  readonly step: number;
  readonly snapshot: Snapshot;
  readonly mark: StepsMark;
}

interface Begun {
  readonly step: number;
  readonly atMs: number;
  /** Undefined where another one is to follow with the next step. */
  readonly cells: ReadonlySet<Cell> | undefined;
}

export class Recovery {
  readonly #setup: RecoverySetup;
  readonly #batches: Batches;
  /** Settles where no device can be had any more, with the reason. */
  readonly ended: Promise<unknown>;
  readonly #patience: Patience;
  #end: (reason: unknown) => void = () => {};
  #leave: () => void = () => {};
  #point: Point | undefined;
  #taken: Taken[] = [];
  /** Of their batches. */
  #bytes = 0;
  /** A snapshot that is under way, and when and where the last one was begun, with what. */
  #coming: Promise<void> | undefined;
  #begun: Begun | undefined;
  #costMs = 0;
  #recovering: Promise<void> | undefined;
  /** What `changed` returned. */
  #told: unknown;
  /** Steps before the last loss: as long as none is behind them, nothing has come of the device. */
  #lostAt = -1;
  /** Whether a batch that is kept may have been overwritten. */
  #isBroken = false;
  /** Variables, and how often they had been changed when the last step was under way. */
  #watched: readonly Cell[] = [];
  #versions: number[] = [];
  /** The GPU that the cpu stands in for is there again. */
  #found: Runtime | undefined;

  constructor(setup: RecoverySetup) {
    this.#setup = setup;
    this.#batches = new Batches(setup.data, setup.wanted);
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#patience = new Patience(setup.signal, this.ended);
    this.#watch();
  }

  /** Starts a step in its turn; `taken` is called when it is under way. */
  async run(batch: StepBatch, taken: (result: StepResult) => void): Promise<void> {
    const told = this.#told;
    this.#told = undefined;
    await this.#patience.of(told);
    await this.survive(() => this.#setup.steps.inTurn(() => this.#take(batch, taken)));
  }

  /**
   * What `task` comes to; where it fails because the device was lost it is done again on the next one.
   * @throws DeviceLostError where there is none
   */
  async survive<T>(task: () => T | Promise<T>): Promise<T> {
    const { lineage } = this.#setup;
    for (;;) {
      if (this.#recovering !== undefined) await this.#patience.of(this.#recovering);
      const { latest } = lineage;
      try {
        return await task();
      } catch (error) {
        if (!(error instanceof DeviceLostError)) throw error;
        // A tensor may have gone with another device.
        if (latest === lineage.latest && !(await hasLost(latest))) throw error;
        await this.#patience.of(this.#recover());
      }
    }
  }

  /** After a device that is being opened. */
  async close(): Promise<void> {
    this.#leave();
    await this.#recovering?.catch(() => undefined);
    this.#patience.close();
    await this.#found?.device.close();
  }

  /** For one that has its turn. */
  async #take(batch: StepBatch, taken: (result: StepResult) => void): Promise<void> {
    const { steps, position, lineage } = this.#setup;
    if (lineage.isProbeDue) this.#probe();
    if (this.#found !== undefined) await this.#moveTo(this.#found);
    if (this.#batches.overwrites(batch, this.#taken)) {
      this.#isBroken = true;
      await this.#coming;
      await this.#snapshot();
    }
    const changed = this.#changed();
    if (this.#isDue()) void this.#snapshot();
    // Without the first there is nothing to go on from.
    if (this.#point === undefined) await this.#coming;
    const kept = this.#batches.keep(batch);
    const result = await steps.take(batch);
    const one = { ...kept, step: position.step + 1, changed, result, isRead: false };
    this.#taken.push(one);
    this.#bytes += bytesOf(one);
    this.#note();
    taken({ read: () => this.#read(one), readInTurn: () => one.result.read() });
  }

  /** What the step came to, the first time or another. */
  #read(one: Taken): ReturnType<StepResult["read"]> {
    return this.survive(async () => {
      const numbers = await one.result.read();
      one.isRead = true;
      if (one.step > this.#lostAt) this.#setup.lineage.noteProgress();
      return numbers;
    });
  }

  /** Variables are as the training has left them. */
  #note(): void {
    this.#watched.forEach((cell, i) => {
      this.#versions[i] = cell.version;
    });
  }

  /** What others have given variables since the last step, as far as it is on the host or small. */
  #changed(): Promise<Snapshot> | undefined {
    const cells = this.#watched.filter(
      ({ version, host, type }, i) =>
        version !== this.#versions[i] &&
        (host !== undefined || sizeOf(type.shape) <= NOTED_ELEMENTS),
    );
    if (cells.length === 0) return undefined;
    const changed = snapshotOf(cells);
    // Told where it is needed.
    changed.catch(() => undefined);
    return changed;
  }

  #isDue(): boolean {
    if (this.#coming !== undefined) return false;
    if (this.#begun === undefined) return true;
    const { everySteps, position } = this.#setup;
    const { step, atMs, cells } = this.#begun;
    const steps = position.step - step;
    if (steps === 0) return false;
    if (cells === undefined || this.#bytes > MOST_BYTES) return true;
    // What steps read beside what is trained is known once one was taken.
    if (steps === 1 && this.#cells().some((cell) => !cells.has(cell))) return true;
    return everySteps === undefined
      ? performance.now() - atMs >= Math.max(LEAST_MS, this.#costMs / SHARE)
      : steps >= everySteps;
  }

  /** Begins a snapshot of what all steps so far come to. */
  #snapshot(): Promise<void> {
    const { steps, position } = this.#setup;
    const { step } = position;
    const cells = this.#cells();
    this.#begun = { step, atMs: performance.now(), cells: new Set(cells) };
    this.#watched = cells.filter(({ kind }) => kind === "variable");
    this.#versions = this.#watched.map(({ version }) => version);
    const coming = this.#adopt(step, steps.mark(), cells)
      // Another one will be taken, or the device is lost.
      .catch(() => undefined)
      .finally(() => {
        this.#coming = undefined;
      });
    this.#coming = coming;
    return coming;
  }

  async #adopt(step: number, mark: StepsMark, cells: readonly Cell[]): Promise<void> {
    const idle = this.#setup.lineage.latest.device.synchronise().then(() => performance.now());
    const [snapshot, idleMs] = await Promise.all([snapshotOf(cells, this.#point?.snapshot), idle]);
    this.#costMs = performance.now() - idleMs;
    const before = this.#taken.filter((one) => one.step <= step && !one.isRead);
    // They cannot be taken again afterwards.
    await Promise.all(before.map(({ result }) => result.read()));
    this.#point = { step, snapshot, mark };
    this.#taken = this.#taken.filter((one) => one.step > step);
    this.#bytes = this.#taken.reduce((sum, one) => sum + bytesOf(one), 0);
    this.#isBroken = false;
  }

  #cells(): Cell[] {
    const { steps, variables } = this.#setup;
    const read = steps.cells().filter(({ kind, isDisposed }) => kind !== "argument" && !isDisposed);
    return [...new Set([...variables().map(({ cell }) => cell), ...read])];
  }

  /** Hears of a loss also while nothing is asked of the device. */
  #watch(): void {
    this.#leave();
    const { lineage } = this.#setup;
    const { latest } = lineage;
    this.#leave = onLoss(latest.device.lost, (loss) => {
      if (latest.isClosing || !lineage.canRecover) this.#end(loss);
      else this.#recover().catch(() => undefined);
    });
  }

  #recover(): Promise<void> {
    if (this.#recovering === undefined && !this.#setup.lineage.latest.isDead)
      return Promise.resolve();
    this.#recovering ??= this.#goOn().finally(() => {
      this.#recovering = undefined;
    });
    return this.#recovering;
  }

  async #goOn(): Promise<void> {
    const { lineage, steps } = this.#setup;
    const { device, loss } = lineage.latest;
    const startMs = performance.now();
    try {
      await steps.inTurn(() => this.#takeAgain());
      this.#watch();
    } catch (error) {
      this.#end(error);
      throw error;
    }
    this.#tell(device.name, startMs, loss);
  }

  /** Everything as it was at the snapshot, on another device, and the steps since taken again. For one that has its turn. */
  async #takeAgain(): Promise<void> {
    const { lineage, position } = this.#setup;
    const { step } = position;
    const { loss } = lineage.latest;
    this.#lostAt = step;
    let loaded: ReadonlyMap<Cell, HostArray> | undefined;
    try {
      for (;;) {
        const next = await lineage.recover();
        loaded ??= this.#loaded();
        const point = this.#point;
        if (point === undefined || this.#isBroken) throw loss;
        try {
          await this.#goFrom(point);
          for (const [cell, elements] of loaded) replaceElements(cell, elements);
          return;
        } catch (error) {
          if (!(error instanceof DeviceLostError) || !(await hasLost(next))) throw error;
        }
      }
    } finally {
      position.step = step;
    }
  }

  /** What others have given variables behind the last step, for the one that comes. */
  #loaded(): Map<Cell, HostArray> {
    return new Map(
      this.#watched.flatMap((cell, i): [Cell, HostArray][] =>
        cell.version !== this.#versions[i] && cell.host !== undefined ? [[cell, cell.host]] : [],
      ),
    );
  }

  async #goFrom({ step, snapshot, mark }: Point): Promise<void> {
    const { steps, position, variables, restored } = this.#setup;
    snapshot.restore();
    // What has come since was zeros when it was made.
    for (const { cell, dtype, size } of variables())
      if (!snapshot.has(cell)) replaceElements(cell, hostArray(dtype, size));
    steps.reset(mark);
    restored();
    position.step = step;
    for (const [i, one] of this.#taken.entries()) {
      (await one.changed)?.restore();
      one.result = await steps.take(await one.again());
      position.step++;
      await this.#taken[i + 1 - IN_FLIGHT]?.result.read();
    }
    this.#note();
    // The next snapshot is due with the next step.
    this.#begun = { step, atMs: 0, cells: undefined };
  }

  #tell(device: Runtime["device"]["name"], startMs: number, error?: DeviceLostError): void {
    const { lineage, position, changed } = this.#setup;
    const { step } = position;
    const change: DeviceChange = {
      device,
      to: lineage.latest.device.name,
      error,
      step,
      from: error === undefined ? step : (this.#point?.step ?? step),
      elapsedMs: performance.now() - startMs,
    };
    const told = (async () => changed(change))();
    told.catch(() => undefined);
    this.#told = told;
  }

  #probe(): void {
    const found = (next: Runtime | undefined) => {
      this.#found = next;
    };
    this.#setup.lineage.probe().then(found, () => undefined);
  }

  /** Moves from the cpu to the GPU that is there again. For one that has its turn. */
  async #moveTo(next: Runtime): Promise<void> {
    this.#found = undefined;
    if (next.isDead) return;
    const { lineage, cells } = this.#setup;
    const { device } = lineage.latest;
    const startMs = performance.now();
    const all = [...this.#cells(), ...cells()];
    // Constants go wherever they are used.
    await snapshotOf(all.filter(({ kind }) => kind === "data"));
    await moveVariables(
      all.filter(({ kind }) => kind === "variable").map((cell) => ({ cell })),
      next,
    );
    lineage.advance(next);
    this.#watch();
    this.#tell(device.name, startMs);
  }
}

/** An error tells of a loss a moment before the runtime knows of it. */
async function hasLost(runtime: Runtime): Promise<boolean> {
  await new Promise((resolve) => setTimeout(resolve));
  return runtime.isDead && !runtime.isClosing;
}

function bytesOf({ arrays }: Kept): number {
  return arrays.reduce((sum, { byteLength }) => sum + byteLength, 0);
}
