import type { StepReport } from "gradgpu";
import type { Task } from "../../../examples/memory/tasks/task.ts";
import { Batches } from "./batches.ts";
import { type Column, modelOf } from "./columns.ts";
import { MemoryNetwork } from "./network.ts";
import type { SweepAnswer, SweepPoint } from "./pictures.ts";

export const LAGS = [5, 10, 20, 40, 60, 80, 100];
/** Batches that each network learns from, at most, and the mean accuracy at which it has learned. */
const BUDGET = 300;
const LEARNED = 0.99;
/** Time for one call. */
const CALL_MS = 22;

export interface SweepSettings {
  readonly columns: readonly Column[];
  readonly task: Task;
  readonly window: number | undefined;
  readonly gates: "open" | "plain";
  readonly seed: number;
}

interface Job {
  readonly network: MemoryNetwork;
  readonly reports: AsyncIterator<StepReport>;
  readonly lag: number;
  batches: number;
  accuracy: number;
}

/** How well every cell learns at every lag, from the shortest on: each a network of its own, trained a little at each call. */
export class Sweep {
  readonly #settings: SweepSettings;
  readonly #jobs: { readonly column: Column; readonly lag: number }[];
  readonly #points: SweepPoint[] = [];
  #job: Job | undefined;

  constructor(settings: SweepSettings) {
    this.#settings = settings;
    this.#jobs = LAGS.flatMap((lag) => settings.columns.map((column) => ({ column, lag })));
  }

  async measure(): Promise<SweepAnswer> {
    const start = performance.now();
    while (performance.now() - start < CALL_MS) {
      this.#job ??= this.#begin();
      if (this.#job === undefined) break;
      await this.#train(this.#job);
    }
    const isDone = this.#job === undefined && this.#jobs.length === 0;
    return { lags: LAGS, points: [...this.#points], isDone };
  }

  #begin(): Job | undefined {
    const next = this.#jobs.shift();
    if (next === undefined) return undefined;
    const { column, lag } = next;
    const { task, gates, seed, window } = this.#settings;
    const model = modelOf(column, { task, lag, gates, seed });
    const network = new MemoryNetwork(column.name, model, new Batches(task, lag, seed), window);
    const reports = network.fit({ onDeviceLost: () => undefined })[Symbol.asyncIterator]();
    return { network, reports, lag, batches: 0, accuracy: 0 };
  }

  async #train(job: Job): Promise<void> {
    const { value } = await job.reports.next();
    if (value !== undefined) {
      job.batches++;
      job.accuracy = job.network.values(value)[`${job.network.name}Accuracy`] ?? 0;
    }
    if (job.batches < BUDGET && !(job.accuracy >= LEARNED && job.batches >= 10)) return;
    const { network, lag, accuracy, batches } = job;
    this.#points.push({ name: network.name, lag, accuracy, batches });
    await this.#end();
  }

  async #end(): Promise<void> {
    const job = this.#job;
    this.#job = undefined;
    await job?.reports.return?.();
    job?.network.dispose();
  }

  dispose(): void {
    this.#jobs.length = 0;
    void this.#end();
  }
}
