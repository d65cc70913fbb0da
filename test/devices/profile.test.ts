/** A run that is made call by call comes to the same bits, and tells how long each call took, on every device. */
import { afterEach, describe, expect, it } from "vitest";
import { openCpuDevice } from "../../src/devices/cpu/index.ts";
import type { Device } from "../../src/devices/device.ts";
import { openWebgpuDevice } from "../../src/devices/webgpu/index.ts";
import {
  add,
  compile,
  matmul,
  memoryByOwner,
  mul,
  planRows,
  profile,
  scan,
  sin,
  sum,
  type Tensor,
  tanh,
  tensor,
  variable,
  zeros,
} from "../../src/functions.ts";
import { openSharedWebgpu } from "../support/shared-gpu.ts";
import { use } from "../training/open.ts";

const opened: Device[] = [];
afterEach(async () => {
  for (const device of opened.splice(0)) await device.close();
});

/** Products of a loop's step are on the reference kernels: the host walks such a loop. */
async function withholding(opening: Promise<Device>): Promise<Device> {
  const device = await opening;
  const lower = { ...device.traits.lower, reduce: { fallback: "withheld for a test" } };
  const groups = { ...device.traits.groups, takes: () => false };
  Object.defineProperty(device, "traits", { value: { ...device.traits, lower, groups } });
  return device;
}

/** The GPU of the tests, as one that tells no time. */
async function withoutClock(): Promise<Device> {
  const { gpuDevice } = await openSharedWebgpu();
  const features = new Set([...gpuDevice.features].filter((name) => name !== "timestamp-query"));
  const blind = new Proxy(gpuDevice, {
    get(target, name) {
      if (name === "features") return features;
      const own: unknown = Reflect.get(target, name, target);
      return typeof own === "function" ? own.bind(target) : own;
    },
  });
  return openWebgpuDevice({ device: blind });
}

const devices: Readonly<Record<string, readonly [() => Promise<Device>, Device["clock"]]>> = {
  "cpu, one thread": [() => openCpuDevice({ threads: 1 }), "worker"],
  "cpu, two threads": [() => openCpuDevice({ threads: 2, parallelBytes: 0 }), "worker"],
  "cpu, partly on the fallback": [
    () => withholding(openCpuDevice({ threads: 2, parallelBytes: 0 })),
    "worker",
  ],
  webgpu: [() => openSharedWebgpu(), "gpu"],
  "webgpu without timestamps": [withoutClock, "host"],
};

const [T, B, H] = [6, 5, 8];
const numbers = (size: number, phase = 0) =>
  Float32Array.from({ length: size }, (_, i) => Math.sin(i * i + phase));

/** A step with products, a loop whose slices and results lie elsewhere at each step, and a variable that it updates. */
function makeStep() {
  const w = variable(numbers(H * H, 1), [H, H]);
  const step = compile((x: Tensor) => {
    const { carry, ys } = scan(
      (h: Tensor, at: Tensor) => {
        const next = tanh(add(matmul(at, w), matmul(mul(h, 1), w)));
        return { carry: next, y: sum(sin(next)) };
      },
      zeros([B, H]),
      x,
      { reverse: true },
    );
    w.assign(mul(w, 0.9));
    return { carry, ys, total: sum(carry) };
  });
  return { w, step };
}

describe.each(Object.entries(devices))("profile on %s", (_, [opener, clock]) => {
  it("comes to the same bits, with the time of every call", async () => {
    const device = await opener();
    opened.push(device);
    use(device);
    const x = () => tensor(numbers(T * B * H), [T, B, H]);
    const read = async ({ carry, ys, total }: { carry: Tensor; ys: Tensor; total: Tensor }) =>
      Promise.all([carry, ys, total].map((of) => of.data()));
    const plain = makeStep();
    const expected = [await read(await plain.step(x())), await read(await plain.step(x()))];
    const own = makeStep();
    const first = await profile(() => own.step(x()));
    const second = await profile(async () => read(await own.step(x())));
    expect([await read(first.result), second.result]).toEqual(expected);
    expect(await own.w.data()).toEqual(await plain.w.data());
    expect(first.clock).toBe(clock);
    const [plan] = own.step.plans;
    if (plan === undefined) throw new Error("there is a plan");
    const rows = planRows(plan);
    expect(rows.some(({ runs, loops }) => runs === T && loops.length === 1)).toBe(true);
    for (const { runs } of [first, second]) {
      const kernels = runs[0]?.kernels ?? [];
      expect(kernels.map(({ label }) => label)).toEqual(rows.map(({ label }) => label));
      // A software adapter's clock may not tick within a small call.
      expect(kernels.every(({ elapsedMs }) => elapsedMs >= 0 && elapsedMs < 10_000)).toBe(true);
      expect(runs[0]?.elapsedMs).toBeGreaterThan(0);
    }
    // Runs after it are whole again.
    expect(await read(await own.step(x()))).toEqual(await read(await plain.step(x())));
  });

  it("memory by owner adds up", async () => {
    const device = await opener();
    opened.push(device);
    const runtime = use(device);
    const { w, step } = makeStep();
    const { carry } = await step(tensor(numbers(T * B * H), [T, B, H]));
    await carry.data();
    const { bytes, owners, temporaries, plans, other, free } = memoryByOwner({ weights: [w] });
    expect(owners.weights).toBe(4 * H * H);
    expect(owners.weights + temporaries + plans + other).toBe(bytes);
    expect(bytes).toBe(runtime.memory().bytes);
    expect(temporaries).toBeGreaterThan(0);
    expect(plans).toBeGreaterThan(T * B * H * 4);
    expect(free).toBeGreaterThanOrEqual(0);
    step.dispose();
    await device.synchronise();
    await tensor(1).data();
    expect(memoryByOwner({ weights: [w] }).temporaries).toBe(0);
  });
});
