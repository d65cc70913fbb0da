/**
 * Evaluation outside of compiled steps: values that somebody reads, with all assignments that are pending, as one plan.
 * Graphs are looked up by what they look like; literals are handed in as data, so that a loop whose constants change
 * reuses one plan.
 */
import type { Program, Storage } from "../devices/device.ts";
import { TraceError } from "../errors.ts";
import type { GraphValue } from "../graph/graph.ts";
import { Cell } from "./cell.ts";
import { literalBytes, literalData, type Prepared, prepare, type Update } from "./prepare.ts";
import { type CachedProgram, ProgramCache } from "./program-cache.ts";
import type { Runtime } from "./runtime.ts";
import { fromSettled, settle, settled } from "./settled.ts";
import type { Variable } from "./tensor.ts";

/** An assignment outside of compiled steps that is to be computed. */
export interface PendingUpdate extends Update {
  /** Stands for the elements that it gives. */
  readonly next: GraphValue;
  readonly version: number;
}

/** A plan of eager evaluation. */
interface EagerPlan extends CachedProgram {
  readonly program: Program;
  readonly literals: Storage | undefined;
}

const MAX_PLANS = 256;

/** Assignments that nobody reads are computed when there are so many: their history would grow for ever. */
const MAX_ASSIGNMENTS = 64;

export class Eager {
  readonly plans = new ProgramCache(MAX_PLANS);
  readonly #runtime: Runtime;
  readonly #byKey = new Map<string, EagerPlan>();
  readonly #assigned = new Set<Variable>();
  #assignments = 0;
  /** Results that cut a history of assignments short. */
  #shortcuts: readonly Cell[] = [];

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  note(variable: Variable): void {
    this.#assigned.add(variable);
    if (++this.#assignments % MAX_ASSIGNMENTS === 0) this.#shorten();
  }

  /** `variable` has got other elements, or is gone: what was assigned is not wanted any more. */
  forget(variable: Variable): void {
    this.#assigned.delete(variable);
  }

  /**
   * Keeps the history of assignments short. Their values are computed aside first, since more may be built on the
   * elements that the variables still have; they are assigned once the present task of the page is over.
   */
  #shorten(): void {
    const values = [...this.#assigned].flatMap(({ assigned }) => assigned ?? []);
    const shorten = async () => {
      const cells = await this.compute(values, [], true);
      for (const cell of this.#shortcuts) cell.dispose();
      this.#shortcuts = cells;
      this.#runtime.flush();
    };
    // A value that cannot be computed is found again when it is assigned.
    this.#runtime.enqueue(shorten).catch(() => undefined);
  }

  /** Keeps nothing that refers to what lay on a device that has ended, but assignments: another one may take over. */
  letGo(): void {
    this.plans.empty();
    this.#shortcuts = [];
  }

  /** The assignments that are pending; what is called from here on comes behind them. */
  take(): PendingUpdate[] {
    if (this.#assigned.size === 0) return [];
    const taken = [...this.#assigned].flatMap((variable) => variable.takeAssigned() ?? []);
    this.#assigned.clear();
    this.#assignments = 0;
    return taken;
  }

  /** For tasks of the queue: computes `values`, and stores the elements of `updates`. */
  async evaluate(values: readonly GraphValue[], updates: readonly PendingUpdate[]): Promise<void> {
    try {
      await this.compute(values, updates);
    } catch (error) {
      if (updates.length === 0) throw error;
      const failed = await this.#assignApart(values, updates);
      const [one] = values.filter((value) => failed.has(value));
      if (one !== undefined) throw failed.get(one);
      await this.compute(values, []);
    }
  }

  /**
   * As far as they can be computed: an assignment that fails must not keep others from taking effect. Gives what failed,
   * and why.
   */
  async #assignApart(
    values: readonly GraphValue[],
    updates: readonly PendingUpdate[],
  ): Promise<ReadonlyMap<GraphValue, unknown>> {
    const sound: PendingUpdate[] = [];
    const failed: { readonly update: PendingUpdate; readonly error: unknown }[] = [];
    // None is stored before all are computed: they are made of the elements before.
    for (const update of updates) {
      try {
        await this.compute([update.value], []);
        sound.push(update);
      } catch (error) {
        failed.push({ update, error });
      }
    }
    try {
      await this.compute([], sound);
    } catch (error) {
      failed.push(...sound.map((update) => ({ update, error })));
    }
    for (const { update, error } of failed) {
      update.cell.fail(update.version, error, values.includes(update.value));
    }
    return new Map(failed.map(({ update, error }) => [update.value, error]));
  }

  /**
   * Computes `values` and stores `updates`, as one plan; gives the cells of the results. Where the caller will dispose
   * of them, they are passing.
   */
  async compute(
    values: readonly GraphValue[],
    updates: readonly PendingUpdate[],
    isPassing = false,
  ): Promise<readonly Cell[]> {
    const alive = updates.filter(({ cell, version }) => {
      if (cell.isDisposed) cell.keep(version);
      return !cell.isDisposed;
    });
    const stored = new Set(alive.map(({ value }) => value));
    const lazy = [...new Set(values.map(settled))].filter(
      (value) => value.node.op !== "source" && !stored.has(value),
    );
    if (lazy.length === 0 && alive.length === 0) return [];
    const fresh = fromSettled([...lazy, ...alive.map(({ value }) => value)]);
    const outputs = fresh.slice(0, lazy.length);
    const next = alive.map((update, i) => ({
      ...update,
      value: fresh[lazy.length + i] ?? update.value,
    }));
    const { room } = this.#runtime;
    const prepared = prepare(
      { outputs, updates: next },
      { literalsAsData: true, isFresh: true, on: this.#runtime },
    );
    if (prepared.cells.some(({ kind }) => kind === "argument")) throw isArgument();
    const { program, literals } = await this.#planOf(prepared);
    const cells = lazy.map(({ type }) => this.#cell(type));
    const storages = await this.#runtime.bind(
      prepared,
      cells.map(({ block }) => block),
    );
    if (literals !== undefined) {
      this.#runtime.device.write(literals, 0, literalData(prepared.literals));
      storages.splice(prepared.blocks.length, 0, literals);
    }
    await Promise.all(this.#runtime.run(program, storages, []));
    lazy.forEach((value, i) => {
      const cell = cells[i];
      if (cell !== undefined) settle(value, cell.value, isPassing);
    });
    for (const { cell, version, value, next } of alive) {
      cell.store(version);
      settle(value, next);
    }
    if (room.isFull) await room.collect();
    return cells;
  }

  #cell(type: Cell["type"]): Cell {
    const cell = new Cell("data", type, "result");
    cell.home = this.#runtime;
    return cell;
  }

  async #planOf(prepared: Prepared): Promise<EagerPlan> {
    const { key } = prepared;
    const known = this.#byKey.get(key) ?? (await this.#load(prepared));
    this.#byKey.set(key, known);
    this.plans.use(known);
    return known;
  }

  async #load(prepared: Prepared): Promise<EagerPlan> {
    const { room } = this.#runtime;
    const plan = prepared.plan(this.#runtime.device.traits);
    const program = await room.load(plan);
    const bytes = literalBytes(prepared.literals.length);
    let literals: Storage | undefined;
    try {
      literals = bytes === 0 ? undefined : await room.withRoom(() => room.allocate(bytes, false));
    } catch (error) {
      room.unload(program);
      throw error;
    }
    return {
      program,
      literals,
      bytes,
      unload: () => {
        this.#byKey.delete(prepared.key);
        room.unload(program);
        if (literals !== undefined) room.release(literals);
      },
    };
  }
}

export function isArgument(): TraceError {
  return new TraceError(
    "data: this tensor stands for an argument of a compiled step and has no values. Return what you want to read from the step.",
  );
}
