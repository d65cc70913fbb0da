/**
 * One engine, driven by messages: the part of the suite that runs where the engine runs (a page, a process). Commands
 * and answers are JSON; pytorch.py speaks the same.
 */
import type {
  BenchCase,
  Engine,
  EngineInfo,
  EngineOptions,
  Figure,
  Prepared,
} from "../contract.ts";
import type { GpuMeter } from "./gpu-meter.ts";

export type Command =
  | { readonly do: "open"; readonly options: EngineOptions }
  | { readonly do: "prepare"; readonly case: BenchCase }
  | { readonly do: "result" }
  /** Runs the case `times` times and answers with the milliseconds of all of them together. */
  | { readonly do: "time"; readonly times: number }
  | { readonly do: "count" }
  | { readonly do: "dispose" }
  | { readonly do: "close" };

/** What is known of a case when it has been timed. */
export interface Counted {
  readonly dispatches?: number;
  readonly submits?: number;
  readonly peakBytes?: number;
  /** From the GPU's own clock, one run. */
  readonly kernelMs?: number;
  readonly figures: readonly Figure[];
}

export interface Answers {
  readonly open: EngineInfo;
  readonly prepare: { readonly cannot?: string; readonly flops?: number };
  readonly result: readonly number[];
  readonly time: number;
  readonly count: Counted;
  readonly dispose: null;
  readonly close: null;
}

/** Something that answers commands, near or far. Rejects with the engine's error. */
export interface Host {
  ask<K extends Command["do"]>(command: Extract<Command, { readonly do: K }>): Promise<Answers[K]>;
  /** Ends it whatever it is doing. */
  kill(): Promise<void>;
}

export class Session {
  readonly #engine: Engine;
  readonly #meter: GpuMeter;
  #info: EngineInfo | undefined;
  #prepared: Prepared | undefined;
  #kind: BenchCase["kind"] | undefined;

  constructor(engine: Engine, meter: GpuMeter) {
    this.#engine = engine;
    this.#meter = meter;
  }

  /** The answer to `command`; see `Answers`. */
  async answer(command: Command): Promise<Answers[Command["do"]]> {
    switch (command.do) {
      case "open":
        this.#info = await this.#engine.open(command.options);
        return this.#info;
      case "prepare":
        return this.#prepare(command.case);
      case "result":
        return this.#current().result();
      case "time":
        return this.#time(command.times);
      case "count":
        return this.#count();
      case "dispose":
        await this.#dispose();
        return null;
      case "close":
        await this.#dispose();
        await this.#engine.close();
        return null;
    }
  }

  #current(): Prepared {
    if (this.#prepared === undefined) throw new Error("no case is prepared.");
    return this.#prepared;
  }

  async #prepare(benchCase: BenchCase): Promise<Answers["prepare"]> {
    await this.#dispose();
    this.#meter.forgetPeak();
    this.#kind = benchCase.kind;
    const prepared = await this.#engine.prepare(benchCase);
    if ("cannot" in prepared) return { cannot: prepared.cannot };
    this.#prepared = prepared;
    return prepared.flops === undefined ? {} : { flops: prepared.flops };
  }

  async #time(times: number): Promise<number> {
    const prepared = this.#current();
    const start = performance.now();
    if (times === 1) await prepared.run();
    else if (prepared.runMany !== undefined) await prepared.runMany(times);
    else for (let i = 0; i < times; i++) await prepared.run();
    return performance.now() - start;
  }

  async #count(): Promise<Counted> {
    const prepared = this.#current();
    // Overheads count for themselves: their runs open devices or make plans.
    const isGpu = this.#info?.device === "webgpu" && this.#kind !== "overhead";
    const counted = isGpu ? await this.#meter.count(() => prepared.run()) : undefined;
    const figures = (await prepared.figures?.()) ?? [];
    const peakBytes = isGpu ? this.#meter.peakBytes : prepared.peakBytes;
    const { dispatches = prepared.dispatches, submits = prepared.submits } = counted ?? {};
    const known = { dispatches, submits, peakBytes, kernelMs: counted?.kernelMs };
    return { ...defined(known), figures };
  }

  async #dispose(): Promise<void> {
    const prepared = this.#prepared;
    this.#prepared = undefined;
    await prepared?.dispose();
  }
}

/** Without the entries that are undefined, as JSON would have it. */
export function defined<T extends object>(
  entries: T,
): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const known = Object.entries(entries).filter(([, value]) => value !== undefined);
  return Object.fromEntries(known) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
