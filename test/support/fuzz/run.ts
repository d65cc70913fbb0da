/**
 * A fuzz of everything that can be called. Whatever the arguments, a call ends within seconds in a value or in a typed
 * error, allocates nothing that nobody can have wanted, and leaves device, memory and values as they were.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { GradgpuError, OutOfMemoryError } from "../../../src/index.ts";
import { type Call, makeCall, readTargets, type Target } from "./calls.ts";
import { describeError, faultOf } from "./judge.ts";
import { disposeOf, settle } from "./settle.ts";
import { Watchdog } from "./watchdog.ts";
import { type DeviceName, World } from "./world.ts";

export interface FuzzOptions {
  readonly device: DeviceName;
  readonly seed: number;
  readonly count: number;
  /** The number of the first call; 0. */
  readonly first?: number;
  /** Only functions whose path this finds. */
  readonly only?: RegExp;
  readonly onCall?: (call: Call, number: number) => void;
}

export interface Fault {
  readonly number: number;
  readonly path: string;
  readonly text: string;
  readonly what: string;
}

export interface FuzzReport {
  readonly faults: readonly Fault[];
  readonly calls: number;
  /** By path: how often a function was called, how often it ended in a value, and the typed errors that it threw. */
  readonly counts: ReadonlyMap<string, Count>;
}

export interface Count {
  calls: number;
  values: number;
  readonly errors: Set<string>;
}

/** How long a call may block the process, and how long its promise may take: on a busy machine, too. */
const BLOCK_LIMIT_MS = 60_000;
const LIMIT_MS = 15_000;
const CONTROL_EVERY = 50;
const COLLECT_EVERY = 1_000;
/** Far more than shapes of a few elements need. */
const ALLOCATION_LIMIT = 64 * 2 ** 20;
const HELD_LIMIT = 48 * 2 ** 20;

export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const { device, only, first = 0, count } = options;
  const targets = readTargets().filter(({ path }) => only === undefined || only.test(path));
  const world = await World.open(device);
  const run = new FuzzRun(world, targets, options);
  try {
    for (let number = first; number < first + count; number++) await run.call(number);
    await run.control(first + count, "the last call");
    return { faults: run.faults, calls: count, counts: run.counts };
  } finally {
    await run.close();
    await world.close();
  }
}

class FuzzRun {
  readonly faults: Fault[] = [];
  readonly counts = new Map<string, Count>();
  readonly #world: World;
  readonly #targets: readonly Target[];
  readonly #options: FuzzOptions;
  readonly #watchdog = new Watchdog(BLOCK_LIMIT_MS);
  readonly #collect = collector();
  #running: { call: Call; number: number } | undefined;

  constructor(world: World, targets: readonly Target[], options: FuzzOptions) {
    this.#world = world;
    this.#targets = targets;
    this.#options = options;
    for (const { path } of targets) this.counts.set(path, newCount());
    process.on("unhandledRejection", this.#onUnhandled);
  }

  readonly #onUnhandled = (error: unknown) => {
    this.#note(`unhandled rejection, ${describeError(error)}`);
  };

  #note(what: string): void {
    const { call, number } = this.#running ?? {};
    this.faults.push({
      number: number ?? -1,
      path: call?.target.path ?? "",
      text: call?.text ?? "",
      what,
    });
  }

  async call(number: number): Promise<void> {
    const call = makeCall(this.#targets, this.#world, this.#options.seed, number);
    this.#running = { call, number };
    this.#options.onCall?.(call, number);
    const count = this.counts.get(call.target.path) ?? newCount();
    count.calls++;
    this.#watchdog.begin(`seed ${this.#options.seed}, call ${number}: ${call.text}`);
    const before = process.memoryUsage().arrayBuffers;
    const made: unknown[] = [];
    let error: unknown;
    try {
      const reads = number % (this.#world.device === "cpu" ? 4 : 16) === 0;
      const notes = (value: unknown) => made.push(value);
      await inTime(() => settle(call.run(notes), { reads, notes }));
      count.values++;
    } catch (thrown) {
      error = thrown;
      if (error instanceof GradgpuError) count.errors.add(error.name);
      const fault = error instanceof TooLate ? "the call never ends" : faultOf(error);
      if (fault !== undefined) this.#note(fault);
    }
    const allocated = process.memoryUsage().arrayBuffers - before;
    // Before memory is refused, garbage is made so that the collector runs.
    if (allocated > ALLOCATION_LIMIT && !(error instanceof OutOfMemoryError))
      this.#note(`allocated ${allocated} bytes`);
    await this.#tidy(made);
    if (number % CONTROL_EVERY === CONTROL_EVERY - 1) await this.control(number, call.text);
    if (number % COLLECT_EVERY === COLLECT_EVERY - 1) await this.#checkMemory();
    this.#watchdog.end();
  }

  /** Disposes of everything; what belongs to the world stays. */
  async #tidy(made: readonly unknown[]): Promise<void> {
    const { runtime } = this.#world;
    const kept = new Set<unknown>([...this.#world.onDevice, this.#world.elsewhere, runtime]);
    kept.add(this.#world.spare);
    for (const value of made) {
      try {
        const opened = (value as { runtime?: { close?: () => Promise<void> } } | null | undefined)
          ?.runtime;
        if (opened?.close !== undefined && !kept.has(opened)) await inTime(() => opened.close?.());
        disposeOf(value, kept);
      } catch (error) {
        const fault = faultOf(error);
        if (fault !== undefined) this.#note(`dispose: ${fault}`);
      }
    }
    this.#world.makeCurrent();
  }

  /** Whatever was called, the next thing that is right must work. */
  async control(number: number, text: string): Promise<void> {
    this.#watchdog.begin(`the control after call ${number}: ${text}`);
    try {
      const wrong = await inTime(async () => {
        const found = await this.#world.control();
        await this.#world.renew();
        return found;
      });
      if (wrong !== undefined) this.#note(`control: ${wrong}`);
    } catch (error) {
      this.#note(`control: ${error instanceof TooLate ? "never ends" : describeError(error)}`);
    }
    this.#watchdog.end();
  }

  async #checkMemory(): Promise<void> {
    this.#collect();
    await new Promise((resolve) => setTimeout(resolve, 10));
    const { bytes } = this.#world.runtime.memory();
    if (bytes > HELD_LIMIT) this.#note(`memory: ${bytes} bytes are held with nothing alive`);
  }

  async close(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 10));
    process.off("unhandledRejection", this.#onUnhandled);
    await this.#watchdog.close();
  }
}

const newCount = (): Count => ({ calls: 0, values: 0, errors: new Set() });

class TooLate extends Error {}

async function inTime<T>(task: () => Promise<T> | T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TooLate()), LIMIT_MS);
  });
  try {
    return await Promise.race([task(), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Node's garbage collector, without a flag on the command line. */
function collector(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}
