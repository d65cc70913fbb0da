import { init, keyOf, optim, Trainer } from "gradgpu";
import { memoryModel } from "../model.ts";
import type { CostRow, GrowthRow, Kind } from "../results.ts";
import { recall } from "../tasks/recall.ts";
import { keyFor } from "../tasks/task.ts";
import { windowsOf } from "../training.ts";
import type { Measuring } from "./accuracy.ts";

type Device = "webgpu" | "cpu";

export interface Way {
  /** Steps of the sequence. */
  readonly steps: number;
  readonly window: number;
  readonly kind: Kind;
}

/** What a step of a long sequence costs, and how much memory, by how far back the gradient reaches. */
export async function measureCost(run: Measuring, device: Device): Promise<CostRow[]> {
  const { steps, windows, rounds } = run.settings.cost;
  const ways: Way[] = [
    ...windows.map((window) => ({ steps, window, kind: "truncated" as const })),
    { steps, window: steps, kind: "whole" },
    { steps, window: steps, kind: "checkpointed" },
  ];
  const bytes: number[] = [];
  for (const way of ways) bytes.push(await heldBy(way, run, device));
  // In turns, so that what else the machine does falls on all alike.
  const { runtime } = await init({ device, seed: run.seed });
  const walks = ways.map((way) => walker(way, run).walk);
  const times: number[][] = ways.map(() => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [i, walk] of walks.entries()) {
      const startMs = performance.now();
      await walk();
      // In the first round the plans are made.
      if (round > 0) times[i]?.push(performance.now() - startMs);
    }
    if (round > 0) run.terminal.write(`cost of ${steps} steps, round ${round} of ${rounds}\n`);
  }
  await runtime.close();
  return ways.map(({ window, kind }, i) => ({
    window,
    kind,
    msPerStep: median(times[i] ?? []) / steps,
    bytes: bytes[i] ?? 0,
  }));
}

/** How much memory sequences of different lengths take. */
export async function measureGrowth(run: Measuring, device: Device): Promise<GrowthRow[]> {
  const { lengths, window } = run.settings.cost;
  const rows: GrowthRow[] = [];
  for (const steps of lengths) {
    for (const kind of ["truncated", "whole", "checkpointed"] as const) {
      const way = { steps, kind, window: kind === "truncated" ? window : steps };
      rows.push({ steps, kind, bytes: await heldBy(way, run, device) });
    }
    run.terminal.write(`memory of ${steps} steps\n`);
  }
  return rows;
}

/** Bytes held after one walk, on a device of its own, so that nothing else is held there. */
async function heldBy(way: Way, run: Measuring, device: Device): Promise<number> {
  const { runtime } = await init({ device, seed: run.seed });
  await walker(way, run).walk();
  const { bytes } = runtime.memory();
  await runtime.close();
  return bytes;
}

/** Trains on one long sequence whenever `walk` is called. */
export function walker(
  { steps, window, kind }: Way,
  { settings, seed }: Pick<Measuring, "settings" | "seed">,
): { walk(): Promise<void>; dispose(): void } {
  const { hidden, cost } = settings;
  const checkpoint = kind === "checkpointed";
  const model = memoryModel(recall, { cell: "lstm", hidden, seed, checkpoint });
  const trainer = new Trainer(model, {
    loss: recall.loss,
    optimizer: optim.adam({ learningRate: 1e-3, clipNorm: 1 }),
    ...(kind === "truncated" ? { window } : {}),
  });
  const count = cost.batchSize;
  const whole = recall.make(keyFor(keyOf(seed), "training", 0), { lag: steps - 1, count });
  return {
    async walk() {
      const source = () => (kind === "truncated" ? windowsOf(whole, window) : [whole]);
      for await (const _ of trainer.fit(source, { batchSize: count })) {
        // Every report is waited for: the walk has ended when the last one is here.
      }
    },
    dispose: () => trainer.dispose(),
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = 0, high = 0] = [sorted[sorted.length % 2 ? middle : middle - 1], sorted[middle]];
  return (low + high) / 2;
}
