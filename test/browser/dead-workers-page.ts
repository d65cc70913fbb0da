/** Kills workers of the cpu device from outside, as a browser that needs memory does, and says what became of everything. */
import { init } from "../../src/functions.ts";
import { compile, losses, nn, ones, optim, sum, Trainer } from "../../src/index.ts";

const workers: Worker[] = [];
const { Worker: PageWorker } = globalThis;
globalThis.Worker = class extends PageWorker {
  constructor(...args: ConstructorParameters<typeof PageWorker>) {
    super(...args);
    workers.push(this);
  }
};

export interface Outcome {
  /** Milliseconds from the kill until everything had settled. */
  readonly ms: number;
  readonly reasons: readonly string[];
  readonly lost: string;
  /** A sum on a device that was opened afterwards. */
  readonly next: number;
}

/** `during`: what the device does when the worker is killed. */
export async function kill(worker: number, during: "fit" | "idle"): Promise<Outcome> {
  workers.length = 0;
  const { runtime } = await init({ device: "cpu", threads: 2 });
  const own = workers.splice(0);
  const step = compile((x) => sum(x));
  await (await step(ones([100]))).item();
  const pending: Promise<unknown>[] = [];
  if (during === "fit") {
    let steps = 0;
    const underWay = new Promise<void>((resolve) => {
      pending.push(train(() => (++steps === 5 ? resolve() : undefined)));
    });
    await underWay;
  }
  own[worker]?.terminate();
  const start = performance.now();
  const settled = Promise.allSettled(pending);
  const lost = await runtime.device.lost;
  pending.push(ones([3]).data(), runtime.device.synchronise());
  const later = await Promise.allSettled(pending.slice(-2));
  const results = [...(await settled), ...later];
  await runtime.close();
  const ms = performance.now() - start;
  const reasons = results.map((result) =>
    result.status === "rejected" ? String(result.reason.name) : "fulfilled",
  );
  const { runtime: next } = await init({ device: "cpu", threads: 2 });
  const total = await sum(ones([1000])).item();
  await next.close();
  return { ms, reasons, lost: lost.name, next: total };
}

async function train(onStep: () => void): Promise<void> {
  const model = nn.sequential(nn.linear(64, 256), nn.relu(), nn.linear(256, 10));
  const optimizer = optim.sgd({ learningRate: 0.01 });
  const trainer = new Trainer(model, { loss: losses.crossEntropy, optimizer, recovery: false });
  const batch = {
    x: { data: new Float32Array(64 * 64), shape: [64, 64], dtype: "f32" as const },
    y: { data: new Int32Array(64), shape: [64], dtype: "i32" as const },
  };
  function* forEver() {
    while (true) yield batch;
  }
  for await (const _ of trainer.fit(forEver, { batchSize: 64 })) onStep();
}

/** Devices side by side do not hear of each other's workers. */
export async function killBeside(): Promise<number | undefined> {
  workers.length = 0;
  const one = await init({ device: "cpu", threads: 2 });
  const own = workers.splice(0);
  const { openCpuDevice } = await import("../../src/devices/cpu/index.ts");
  const other = await openCpuDevice({ threads: 2 });
  own[0]?.terminate();
  await one.runtime.device.lost;
  const storage = other.allocate(4);
  other.write(storage, 0, Float32Array.of(7));
  const [value] = new Float32Array(await other.read(storage, 0, 4));
  await other.close();
  return value;
}
