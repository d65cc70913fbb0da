import { median, walker } from "../../../examples/memory/measure/cost.ts";
import { QUICK } from "../../../examples/memory/settings.ts";
import { UNITS } from "./columns.ts";
import { COST_STEPS as STEPS, COST_WINDOWS as WINDOWS } from "./cost-windows.ts";
import type { CostAnswer } from "./pictures.ts";

const BATCH_SIZE = 16;
const WALKS = 7;

/** What a step of a long sequence costs an lstm by how far back its gradient goes; windows take turns, one walk a call. */
export class Cost {
  readonly #seed: number;
  #walkers: ReturnType<typeof walker>[] = [];
  readonly #times: number[][] = WINDOWS.map(() => []);
  #calls = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  async measure(): Promise<CostAnswer> {
    // One walk more, in which plans are made.
    if (this.#calls < WINDOWS.length * (WALKS + 1))
      await this.#walk(this.#calls++ % WINDOWS.length);
    const isDone = this.#calls === WINDOWS.length * (WALKS + 1);
    if (isDone) this.dispose();
    const rows = WINDOWS.map((window, i) => {
      const times = this.#times[i] ?? [];
      const perStep = times.length === 0 ? undefined : (1000 * median(times)) / STEPS;
      return { window, microsecondsPerStep: perStep, walks: times.length };
    });
    return { steps: STEPS, rows, isDone };
  }

  async #walk(i: number): Promise<void> {
    const window = WINDOWS[i] ?? STEPS;
    const kind = window === STEPS ? "whole" : "truncated";
    const settings = { ...QUICK, hidden: UNITS, cost: { ...QUICK.cost, batchSize: BATCH_SIZE } };
    const known = this.#walkers[i];
    const own = known ?? walker({ steps: STEPS, window, kind }, { settings, seed: this.#seed });
    this.#walkers[i] = own;
    const start = performance.now();
    await own.walk();
    if (known !== undefined) this.#times[i]?.push(performance.now() - start);
  }

  dispose(): void {
    for (const own of this.#walkers) own.dispose();
    this.#walkers = [];
  }
}
