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
/** The last step that was reported, and the devices that took over from one that was lost. */
let told: { readonly step: number; readonly devices: readonly string[] } = { step: 0, devices: [] };
const looking = new Set<() => void>();

function tell(news: Partial<typeof told>): void {
  told = { ...told, ...news };
  for (const look of looking) look();
}

function until(holds: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (!holds()) return;
      looking.delete(look);
      resolve();
    };
    looking.add(look);
    look();
  });
}

/** Settles when `step` has been reported, or the training is at its end. */
export async function reached(step: number): Promise<void> {
  await Promise.race([until(() => told.step >= step), ended]);
}

/** What the training comes to that `start` began. */
export const finish = (): Promise<Ended> | undefined => ended;

/**
 * Steps behind one at which the device is to be killed. With those in flight fewer than between two kills: each device
 * gets so far that a test's next kill is of one of which something has come.
 */
const WITHIN = 8;

/**
 * `pauseMs`: between two steps, so that a page has something left to do when it is disturbed. `kills`: the steps at which
 * its device will be killed, in turn. The training goes on for a few steps meanwhile, and waits where the kill has not
 * come by then: a busy machine kills late, and would kill the same device twice.
 */
export async function start(
  device: "webgpu" | "cpu",
  steps: number,
  pauseMs: number,
  kills: readonly number[],
): Promise<string> {
  told = { step: 0, devices: [] };
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
      onStep: async ({ step }) => {
        tell({ step });
        if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
        const due = kills.filter((at) => step >= at + WITHIN).length;
        // Where the cpu has taken over there is nothing to kill.
        await until(() => told.devices.length >= due || told.devices.includes("cpu"));
      },
      onDeviceLost: ({ to }) => tell({ devices: [...told.devices, to] }),
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
