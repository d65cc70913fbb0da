/** What a host may do to a device, and what must come of it. Free of the test runner: it runs on every stack. */
import { CpuDevice } from "../../src/devices/cpu/device.ts";
import type { Device } from "../../src/devices/device.ts";
import { WebgpuDevice } from "../../src/devices/webgpu/device.ts";
import { DeviceLostError, NonFiniteError, OutOfMemoryError } from "../../src/errors.ts";
import { exp, init, matmul, ones, sum, tensor } from "../../src/functions.ts";
import { losses, nn, optim, Trainer } from "../../src/index.ts";
import { currentRuntime } from "../../src/runtime/current.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { use } from "../training/open.ts";
import { type Started, watchWorkers } from "./workers.ts";

/** Opens a device of the form that is tested. */
type Open = () => Promise<Device>;

/** What never comes is found out. The 2 s that promises have after a fault are measured in test/errors/device-lost.test.ts. */
const LIMIT_MS = 20_000;

const batch = {
  x: { data: Float32Array.from({ length: 32 }, (_, i) => Math.sin(i)), shape: [8, 4] },
  y: { data: Int32Array.from({ length: 8 }, (_, i) => i % 3), shape: [8] },
};

function trainer() {
  const model = nn.sequential(nn.linear(4, 8), nn.tanh(), nn.linear(8, 3));
  const optimizer = optim.adam({ learningRate: 0.05 });
  return new Trainer(model, { loss: losses.crossEntropy, optimizer });
}

async function lossesOf(own: ReturnType<typeof trainer>, steps: number): Promise<number[]> {
  const found: number[] = [];
  for await (const { loss } of own.fit(stepsOf(steps))) found.push(loss);
  return found;
}

function stepsOf(steps: number) {
  return function* () {
    for (let step = 0; step < steps; step++) yield batch;
  };
}

function check(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

/** What a promise comes to: its error, or "a result", in time. */
async function outcomeOf(promise: Promise<unknown>): Promise<unknown> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise((resolve) => {
    timer = setTimeout(() => resolve("nothing in time"), LIMIT_MS);
  });
  const settled = promise.then(
    () => "a result",
    (error: unknown) => error,
  );
  const outcome = await Promise.race([settled, late]);
  clearTimeout(timer);
  return outcome;
}

async function isRejected(
  promise: Promise<unknown>,
  Kind: abstract new (...args: never[]) => Error,
): Promise<void> {
  const outcome = await outcomeOf(promise);
  check(outcome instanceof Kind, `${Kind.name} expected; got ${outcome}`);
}

/** As a crash of the GPU, or of a worker, would. */
function crash({ device }: Runtime, workers: readonly Started[]): void {
  if (device instanceof WebgpuDevice) device.gpuDevice.destroy();
  else if (device instanceof CpuDevice) workers.at(-1)?.terminate();
}

export const faults: Readonly<
  Record<string, (open: Open, device: "cpu" | "webgpu") => Promise<void>>
> = {
  async "a device that is lost beneath a fit that goes on by itself"(_, device) {
    const undisturbed = await init({ device, threads: 2, seed: 3 });
    const expected = await lossesOf(trainer(), 40);
    await undisturbed.runtime.close();

    const watch = watchWorkers();
    const { runtime } = await init({ device, threads: 2, seed: 3 });
    const found: number[] = [];
    let changes = 0;
    const options = { onDeviceLost: () => changes++ };
    for await (const { loss, step } of trainer().fit(stepsOf(40), options)) {
      found.push(loss);
      if (step !== 20) continue;
      crash(runtime, watch.started);
      // A host that is slow to tell would let a fit of so few steps end before.
      await runtime.device.lost;
    }
    watch.end();
    check(changes === 1, `${changes} devices were lost`);
    check(found.join() === expected.join(), `losses ${found} instead of ${expected}`);
    await currentRuntime("test").close();
  },

  async "a device that is lost in the middle of training"(open) {
    const undisturbed = use(await open());
    const expected = await lossesOf(trainer(), 6);
    await undisturbed.close();

    const watch = watchWorkers();
    const first = use(await open());
    const own = trainer();
    const begun = await lossesOf(own, 3);
    const saved = await own.state();
    const waiting = [
      exp(ones([100_000])).data(),
      sum(matmul(ones([64, 64]), ones([64, 64]))).data(),
    ].map(outcomeOf);
    const training = isRejected(lossesOf(own, Number.POSITIVE_INFINITY), DeviceLostError);
    // Under way, and not at an end.
    for (let i = 0; i < 50; i++) await Promise.resolve();
    crash(first, watch.started);
    watch.end();
    await training;
    // A host may have had their results before it had the end.
    for (const outcome of await Promise.all(waiting)) {
      check(outcome === "a result" || outcome instanceof DeviceLostError, String(outcome));
    }
    check((await first.device.lost) instanceof DeviceLostError, "the device does not say so");
    await isRejected(exp(tensor([1])).data(), DeviceLostError);
    await first.close();

    const second = use(await open());
    const again = trainer();
    again.loadState(saved);
    const all = [...begun, ...(await lossesOf(again, 3))];
    check(all.join() === expected.join(), `losses ${all} instead of ${expected}`);
    await second.close();
  },

  async "more memory than there may be"(open) {
    const runtime = use(await open(), 0, 2 ** 20);
    await isRejected(exp(ones([2 ** 20])).data(), OutOfMemoryError);
    const [one] = await exp(tensor([0])).data();
    check(one === 1, `exp(0) = ${one} after that`);
    await runtime.close();
  },

  async "a step that is not finite"(open) {
    const runtime = use(await open());
    const own = trainer();
    await lossesOf(own, 2);
    const before = JSON.stringify(await own.state());
    const x = { data: new Float32Array(32).fill(Number.NaN), shape: [8, 4] };
    const broken = own.fit([{ ...batch, x }]);
    await isRejected(Promise.resolve(broken), NonFiniteError);
    check(JSON.stringify(await own.state()) === before, "the state has changed");
    await runtime.close();
  },
};
