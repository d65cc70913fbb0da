/** A training on a page whose GPU process is killed, or which is behind another tab. */
import { init } from "../../src/functions.ts";
import { losses, nn, optim, Trainer } from "../../src/index.ts";

export interface Ended {
  readonly steps: number;
  readonly end: string;
  readonly changes: readonly string[];
  readonly longestMs: number;
}

let ended: Promise<Ended> | undefined;
let step = 0;

/** The step that was reported last. */
export const reported = (): number => step;

/** What the training comes to that `start` began. */
export const finish = (): Promise<Ended> | undefined => ended;

/** `pauseMs`: between two steps, so that a page has something left to do when it is disturbed. */
export async function start(
  device: "webgpu" | "cpu",
  steps: number,
  pauseMs: number,
): Promise<string> {
  step = 0;
  const { runtime, device: name } = await init({ device, threads: 2, seed: 7 });
  const model = nn.sequential(nn.linear(3, 16), nn.tanh(), nn.dropout(0.2), nn.linear(16, 3));
  const optimizer = optim.adam({ learningRate: 0.01 });
  const trainer = new Trainer(model, {
    loss: losses.crossEntropy,
    optimizer,
    recovery: { everySteps: 5 },
  });
  const x = Array.from({ length: 64 }, (_, i) => [Math.sin(i), Math.cos(3 * i), (i % 7) / 7]);
  const y = x.map((_, i) => i % 3);
  const fit = trainer.fit(
    { x, y },
    {
      batchSize: 8,
      epochs: steps / 8,
      onStep: async (report) => {
        step = report.step;
        if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
      },
    },
  );
  ended = (async () => {
    const { steps, deviceChanges } = await fit;
    const end = JSON.stringify(await model.stateDict());
    await runtime.close();
    const changes = deviceChanges.map(({ device: from, to }) => `${from} ${to}`);
    const longestMs = Math.max(0, ...deviceChanges.map(({ elapsedMs }) => elapsedMs));
    return { steps, end, changes, longestMs };
  })();
  ended.catch(() => undefined);
  return name;
}
