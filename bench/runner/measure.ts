/**
 * Cases × engines, in interleaved rounds. Knows nothing of Chrome or processes: hosts come from outside, so that the
 * same code measures from the command line and inside a page.
 */
import type { BenchCase, EngineInfo } from "../contract.ts";
import { isSame } from "./check.ts";
import { type EngineEntry, oursOn } from "./engines.ts";
import { OverLimitError, withLimit } from "./limit.ts";
import type { Row, Runner, UnmeasuredRow } from "./rows.ts";
import type { Counted, Host } from "./session.ts";
import { defined } from "./session.ts";
import { median, pairedRatio, summarise } from "./statistics.ts";

/** An engine to be measured; the same engine with another number of threads is another one. */
export interface Contender {
  readonly entry: EngineEntry;
  readonly threads?: number;
  /** Starts what the engine runs in. Rejects where it cannot be had. */
  start(): Promise<Host>;
  readonly assetBase?: string;
}

export interface MeasureOptions {
  readonly runner: Runner;
  readonly rounds: number;
  /** One run of one engine, and the making of its case, may take this long. */
  readonly limitMs: number;
  /** A sample is the mean of so many runs that it lasts at least this long. */
  readonly sampleMs: number;
  /** So long nothing runs between two samples: threads that wait by spinning take a core from whoever comes next. */
  readonly pauseMs: number;
  /** Ends the measuring after the sample under way; what was measured is kept. */
  readonly signal: AbortSignal;
  /** A line for people. */
  readonly say: (text: string) => void;
}

/** A contender with what runs it now. */
interface Slot {
  readonly contender: Contender;
  host: Host | undefined;
  info: EngineInfo | undefined;
  /** Why it could not be had when it was last tried, and how often in a row. */
  broken: { readonly why: string; readonly tries: number } | undefined;
}

/** A slot while one case is measured. */
interface Lane {
  readonly slot: Slot;
  readonly isChecked: boolean;
  times: number;
  readonly samples: (number | undefined)[];
  /** Of one run, where the case leaves it to the engine. */
  flops: number | undefined;
  counted: Counted | undefined;
  ended: { readonly outcome: UnmeasuredRow["outcome"]; readonly why: string } | undefined;
}

const WARM_UP_MS = 300;
const WARM_UP_RUNS = 2;
const MAX_RUNS_PER_SAMPLE = 500;
const MIN_SAMPLES = 2;
const MAX_OPENINGS = 3;

export class Measuring {
  readonly #options: MeasureOptions;
  readonly #slots: readonly Slot[];
  readonly infos = new Map<string, EngineInfo>();

  constructor(contenders: readonly Contender[], options: MeasureOptions) {
    this.#options = options;
    this.#slots = contenders.map((contender) => ({
      contender,
      host: undefined,
      info: undefined,
      broken: undefined,
    }));
  }

  /** The rows of one case. Never rejects: what goes wrong is a row. */
  async measure(benchCase: BenchCase, isFresh = false): Promise<Row[]> {
    if (isFresh) await this.#restart();
    const lanes: Lane[] = [];
    let reference: readonly number[] | undefined;
    for (const slot of orderedByOwn(this.#slots)) {
      if (this.#options.signal.aborted) break;
      if (!isWanted(slot, benchCase)) continue;
      this.#options.say(`${benchCase.name}: ${labelOf(slot.contender)} prepares`);
      const made = await this.#enter(slot, benchCase, reference);
      if (made.result !== undefined && isOurs(slot)) reference ??= made.result;
      lanes.push(made.lane);
    }
    for (const lane of lanes) await this.#guard(lane, benchCase, () => this.#warmUp(lane));
    await this.#rounds(lanes, benchCase);
    for (const lane of lanes) await this.#finish(lane, benchCase);
    if (isFresh) await this.#restart();
    return lanes.map((lane) => this.#rowOf(lane, lanes, benchCase));
  }

  async close(): Promise<void> {
    await this.#restart();
  }

  async #restart(): Promise<void> {
    for (const slot of this.#slots) {
      const { host } = slot;
      slot.host = undefined;
      if (host === undefined) continue;
      await withLimit(host.ask<"close">({ do: "close" }), 5_000).catch(() => undefined);
      await host.kill();
    }
  }

  /** Opens the engine, makes the case, and checks its result against ours. */
  async #enter(
    slot: Slot,
    benchCase: BenchCase,
    reference: readonly number[] | undefined,
  ): Promise<{ readonly lane: Lane; readonly result?: readonly number[] }> {
    const isRival = !isOurs(slot) && !isLimit(slot);
    const lane: Lane = {
      slot,
      isChecked: reference !== undefined && !isLimit(slot),
      times: 1,
      samples: [],
      flops: undefined,
      counted: undefined,
      ended: undefined,
    };
    let result: readonly number[] | undefined;
    await this.#guard(lane, benchCase, async () => {
      const host = await this.#open(slot);
      const { cannot, flops } = await host.ask<"prepare">({ do: "prepare", case: benchCase });
      lane.flops = flops;
      if (cannot !== undefined) {
        lane.ended = { outcome: "cannot", why: cannot };
        return;
      }
      if (isRival && reference === undefined) {
        const why = "not timed: there is no result of ours on this run to check it against";
        lane.ended = { outcome: "cannot", why };
        return;
      }
      result = await host.ask<"result">({ do: "result" });
      if (lane.isChecked && reference !== undefined) {
        const why = isSame(benchCase, result, reference);
        if (why !== undefined) lane.ended = { outcome: "different", why };
      }
    });
    return { lane, ...defined({ result }) };
  }

  async #open(slot: Slot): Promise<Host> {
    if (slot.host !== undefined) return slot.host;
    const { broken } = slot;
    // Once more, because the first time may have met the end of a page that was cut off.
    if (broken !== undefined && broken.tries >= MAX_OPENINGS) throw new Error(broken.why);
    const { threads, assetBase } = slot.contender;
    let host: Host | undefined;
    try {
      host = await slot.contender.start();
      slot.host = host;
      slot.info = await host.ask<"open">({ do: "open", options: defined({ threads, assetBase }) });
      slot.broken = undefined;
      this.infos.set(labelOf(slot.contender), slot.info);
      return host;
    } catch (error) {
      slot.host = undefined;
      slot.broken = { why: messageOf(error), tries: (broken?.tries ?? 0) + 1 };
      await host?.kill();
      throw error;
    }
  }

  /** Does `work` for a lane that is still running, within the limit; ends the lane where it fails. */
  async #guard(lane: Lane, benchCase: BenchCase, work: () => Promise<void>): Promise<void> {
    if (lane.ended !== undefined || this.#options.signal.aborted) return;
    const { slot } = lane;
    try {
      await withLimit(work(), this.#options.limitMs);
    } catch (error) {
      const isOver = error instanceof OverLimitError;
      lane.ended = { outcome: isOver ? "over" : "failed", why: messageOf(error) };
      if (slot.host === undefined && !isOver) lane.ended = { ...lane.ended, outcome: "cannot" };
      this.#options.say(`${benchCase.name}: ${labelOf(slot.contender)}: ${lane.ended.why}`);
      const { host } = slot;
      slot.host = undefined;
      await host?.kill();
    }
  }

  async #warmUp(lane: Lane): Promise<void> {
    const host = hostOf(lane);
    const start = performance.now();
    const runs: number[] = [];
    while (runs.length < WARM_UP_RUNS || performance.now() - start < WARM_UP_MS) {
      if (this.#options.signal.aborted) return;
      runs.push(await host.ask<"time">({ do: "time", times: 1 }));
      if ((runs.at(-1) ?? 0) > WARM_UP_MS) break;
    }
    const typical = Math.max(1e-3, median(runs.slice(-5)));
    const wanted = Math.ceil(this.#options.sampleMs / typical);
    lane.times = Math.min(MAX_RUNS_PER_SAMPLE, Math.max(1, wanted));
  }

  /** Every engine once a round, in an order that turns, so that a busy moment of the machine meets them all. */
  async #rounds(lanes: readonly Lane[], benchCase: BenchCase): Promise<void> {
    const { rounds, limitMs, pauseMs, signal, say } = this.#options;
    const spent = new Map<Lane, number>();
    for (let round = 0; round < rounds; round++) {
      for (let i = 0; i < lanes.length; i++) {
        const lane = lanes[(i + round) % lanes.length];
        if (lane === undefined || lane.ended !== undefined) continue;
        if (signal.aborted) return;
        const before = spent.get(lane) ?? 0;
        // A slow one gives fewer samples rather than none.
        if (round >= MIN_SAMPLES && before + before / round > limitMs) continue;
        say(`${benchCase.name}: round ${round + 1} of ${rounds}, ${labelOf(lane.slot.contender)}`);
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
        await this.#guard(lane, benchCase, async () => {
          const ms = await hostOf(lane).ask<"time">({ do: "time", times: lane.times });
          lane.samples[round] = ms / lane.times;
          spent.set(lane, before + ms);
        });
      }
    }
  }

  async #finish(lane: Lane, benchCase: BenchCase): Promise<void> {
    const { host } = lane.slot;
    if (host === undefined) return;
    if (lane.ended === undefined && lane.samples.length > 0) {
      await this.#guard(lane, benchCase, async () => {
        lane.counted = await host.ask<"count">({ do: "count" });
      });
    }
    await withLimit(host.ask<"dispose">({ do: "dispose" }), this.#options.limitMs).catch(
      async () => {
        lane.slot.host = undefined;
        await host.kill();
      },
    );
  }

  #rowOf(lane: Lane, lanes: readonly Lane[], benchCase: BenchCase): Row {
    const { contender, info } = lane.slot;
    const { name: engine, device } = contender.entry;
    const head = {
      case: benchCase.name,
      kind: benchCase.kind,
      engine,
      device,
      runner: this.#options.runner,
      ...defined({
        threads: info?.threads ?? contender.threads,
        backend: info?.backend,
        adapter: info?.adapter,
        isFallbackAdapter: info?.isFallbackAdapter,
        growth: benchCase.growth,
      }),
    };
    const samples = lane.samples.filter((sample) => sample !== undefined);
    if (samples.length === 0) {
      const ended = lane.ended ?? { outcome: "failed", why: "interrupted before a sample" };
      return { ...head, ...ended };
    }
    const summary = summarise(samples);
    const ours = lanes.find(({ slot }) => isOurs(slot) && slot.contender.entry.device === device);
    const ratio =
      ours === undefined || ours === lane || !isSameAdapter(ours, lane)
        ? undefined
        : pairedRatio(lane.samples, ours.samples);
    const { figures = [], kernelMs, ...counted } = lane.counted ?? {};
    const isHardware = device === "webgpu" && info?.isFallbackAdapter === false;
    const clock = isHardware ? kernelMs : undefined;
    return {
      ...head,
      outcome: "measured",
      ...summary,
      runsPerSample: lane.times,
      ...ratio,
      ...counted,
      ...defined({ kernelMs: clock }),
      ...speeds(lane.flops ?? benchCase.flops, benchCase.bytes, clock ?? summary.medianMs),
      ...(figures.length > 0 ? { figures } : {}),
      isChecked: lane.isChecked,
    };
  }
}

function speeds(flops: number | undefined, bytes: number | undefined, ms: number) {
  return defined({
    gflops: flops === undefined ? undefined : flops / ms / 1e6,
    gigabytesPerSecond: bytes === undefined ? undefined : bytes / ms / 1e6,
  });
}

export function labelOf({ entry, threads }: Contender): string {
  return threads === undefined
    ? entry.name
    : `${entry.name} (${threads} thread${threads === 1 ? "" : "s"})`;
}

function hostOf(lane: Lane): Host {
  if (lane.slot.host === undefined) throw new Error("the engine is no longer there.");
  return lane.slot.host;
}

const isOurs = ({ contender: { entry } }: Slot) => entry.name === oursOn(entry.device);
const isLimit = ({ contender: { entry } }: Slot) => entry.name.startsWith("limit-");

/** The limits run two cases, of which one, the bare loop, is nobody else's. Overheads are ours. */
function isWanted(slot: Slot, { kind }: BenchCase): boolean {
  if (kind === "fma") return isLimit(slot);
  // Nobody else's insides can be reached.
  if (kind === "overhead") return isOurs(slot);
  return !isLimit(slot) || kind === "copy";
}

/** Ours first, the cpu before the GPU: the first result is what the others are checked against. */
function orderedByOwn(slots: readonly Slot[]): Slot[] {
  const rank = (slot: Slot) => (isOurs(slot) ? (slot.contender.entry.device === "cpu" ? 0 : 1) : 2);
  return [...slots].sort((a, b) => rank(a) - rank(b));
}

/** A software adapter is never compared with a GPU. */
function isSameAdapter(a: Lane, b: Lane): boolean {
  return a.slot.info?.isFallbackAdapter === b.slot.info?.isFallbackAdapter;
}

export function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.length > 600 ? `${message.slice(0, 600)} …` : message;
}
