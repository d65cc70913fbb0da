import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { type CpuOptions, openCpuDevice } from "../../../src/devices/cpu/index.ts";
import type { Device, Program, Storage } from "../../../src/devices/device.ts";
import { DeviceLostError, KernelError, OutOfMemoryError } from "../../../src/errors.ts";
import { ops } from "../../../src/ops/table.ts";
import type { Attrs, KernelOp } from "../../../src/ops/vocabulary.ts";
import { callsOf, type Plan } from "../../../src/scheduler/plan.ts";
import type { Shape } from "../../../src/tensor/shape.ts";
import { vector } from "../../support/hand-plan.ts";
import { held } from "../../support/held.ts";
import { binaryCalls } from "../../support/open-devices.ts";
import { type OpPlan, planOp, runOp } from "../../support/run-case.ts";

const f32 = (...shape: number[]) => ({ dtype: "f32", shape }) as const;
const opened: Device[] = [];
async function open(options: CpuOptions = {}): Promise<Device> {
  const device = await openCpuDevice(options);
  opened.push(device);
  return device;
}
afterEach(async () => {
  for (const device of opened.splice(0)) await device.close();
});

/** A plan of `x + y`, run in place on its first binding `steps` times. */
function additions(device: Device, length: number, steps: number): Plan {
  const types = { a: f32(length), b: f32(length) };
  const { plan } = planOp(device.traits, "binary", ops.binary, types, { fn: "add" });
  const [step] = callsOf(plan.steps);
  if (step === undefined || !("words" in step.call)) throw new Error("no step");
  const [x, y] = [vector(0, length), vector(1, length)];
  const calls = binaryCalls(device, "add", x, y, x);
  const [call = step.call] = calls;
  return {
    ...plan,
    steps: Array.from({ length: steps }, () => ({ ...step, call, barrierBefore: true })),
  };
}

async function floats(
  device: Device,
  storage: Storage,
  count = storage.bytes / 4,
): Promise<number[]> {
  return [...new Float32Array(await device.read(storage, 0, count * 4))];
}

describe.each([
  { threads: 1 },
  { threads: 2, parallelBytes: 0 },
  { threads: 4, parallelBytes: 0 },
  { shared: false },
])("calls take effect in their order, %o", (options) => {
  it("writes, runs, copies and reads without waiting in between", async () => {
    const device = await open(options);
    const n = 1000;
    const [x, y, kept, unused] = [0, 1, 2, 3].map(() => device.allocate(n * 4)) as Storage[];
    if (!x || !y || !kept || !unused) throw new Error("no storage");
    const program = await device.load(additions(device, n, 3));
    const data = new Float32Array(n).fill(1);
    device.write(x, 0, data);
    device.write(y, 0, data);
    // Written is what was there at the call.
    data.fill(100);
    void device.run(program, [x, y, unused], []);
    device.copy(x, 0, kept, 0, n * 4);
    const [early] = device.run(program, [x, y, unused], [{ storage: x, byteOffset: 8, bytes: 4 }]);
    device.write(x, 0, data);
    const late = floats(device, x, 2);
    expect(new Float32Array((await early) ?? new ArrayBuffer(0))).toEqual(Float32Array.of(7));
    expect(await late).toEqual([100, 100]);
    expect(new Set(await floats(device, kept))).toEqual(new Set([4]));
  });

  it("hands out zeros where a released storage lay, and the release does not disturb what came before", async () => {
    const device = await open(options);
    const first = device.allocate(4000);
    device.write(first, 0, new Float32Array(1000).fill(3));
    const before = floats(device, first);
    device.release(first);
    const second = device.allocate(4000);
    expect(new Set(await floats(device, second))).toEqual(new Set([0]));
    expect(new Set(await before)).toEqual(new Set([3]));
  });

  it("a program runs on other bindings without being loaded again", async () => {
    const device = await open(options);
    const program = await device.load(additions(device, 64, 1));
    const storages = Array.from({ length: 6 }, () => device.allocate(256));
    const [a, b, c, d, out, other] = storages as [
      Storage,
      Storage,
      Storage,
      Storage,
      Storage,
      Storage,
    ];
    storages.forEach((storage, i) => {
      device.write(storage, 0, new Float32Array(64).fill(10 ** i));
    });
    void device.run(program, [a, b, out], []);
    void device.run(program, [c, d, other], []);
    void device.run(program, [a, d, out], []);
    expect(await Promise.all([a, b, c, d].map(async (s) => (await floats(device, s))[63]))).toEqual(
      [1011, 10, 1100, 1000],
    );
  });
});

/** The bits of an op's first output, from inputs that only their number decides. */
async function bitsOf<K extends KernelOp>(
  device: Device,
  op: K,
  shapes: Readonly<Record<string, Shape>>,
  attrs: Attrs<K>,
): Promise<Uint32Array> {
  const ins = Object.fromEntries(
    Object.entries(shapes).map(([name, shape], n) => {
      const length = shape.reduce((product, size) => product * size, 1);
      const data = Float32Array.from({ length }, (_, i) => Math.sin(i * 1.7 + n));
      return [name, name === "ids" ? ids(shape) : { type: f32(...shape), data }];
    }),
  );
  // The inputs are those of op K: each call below names them.
  const outs = await runOp(device, op, ops[op], ins as never, attrs);
  const [first] = Object.values(outs) as { data: Float32Array }[];
  return new Uint32Array(first?.data.buffer ?? new ArrayBuffer(0));
}

function ids(shape: Shape) {
  const length = shape.reduce((product, size) => product * size, 1);
  return {
    type: { dtype: "i32", shape } as const,
    data: Int32Array.from({ length }, (_, i) => (i * i) % 97),
  };
}

/** The bits of a convolution and of both gradients; the sums of the filter's run over more rows than threads. */
function convolutionBits(groups: number, inputs: number, outputs: number) {
  const [x, w, g] = [
    [3, 9, 11, inputs],
    [3, 3, inputs / groups, outputs],
    [3, 4, 5, outputs],
  ];
  const none = [0, 0] as const;
  const attrs = { stride: [2, 2], padding: [none, none], groups } as const;
  return [
    (d: Device) => bitsOf(d, "conv2d", { x, w }, attrs),
    (d: Device) => bitsOf(d, "conv2dInputGrad", { g, w }, { ...attrs, inputShape: x }),
    (d: Device) => bitsOf(d, "conv2dFilterGrad", { x, g }, { ...attrs, filterShape: w }),
  ];
}

describe("the cpu device", () => {
  it("gives the same bits with any number of threads", async () => {
    const devices = await Promise.all(
      [1, 2, 3].map((threads) => open({ threads, parallelBytes: 0 })),
    );
    const sum = { fn: "sum", keepDims: false } as const;
    for (const check of [
      (d: Device) => bitsOf(d, "reduce", { x: [100_003] }, { ...sum, axes: [0] }),
      (d: Device) => bitsOf(d, "reduce", { x: [5000, 33] }, { ...sum, axes: [0] }),
      (d: Device) => bitsOf(d, "reduce", { x: [33, 5000] }, { ...sum, axes: [1] }),
      (d: Device) => bitsOf(d, "reduce", { x: [9, 300, 7, 11] }, { ...sum, axes: [1, 3] }),
      (d: Device) => bitsOf(d, "embeddingGrad", { ids: [500], g: [500, 64] }, { rows: 97 }),
      (d: Device) => bitsOf(d, "embeddingGrad", { ids: [500], g: [500, 5] }, { rows: 97 }),
      (d: Device) => bitsOf(d, "unary", { x: [70_001] }, { fn: "tanh" }),
      ...convolutionBits(1, 5, 7),
      ...convolutionBits(3, 6, 15),
      ...convolutionBits(13, 13, 13),
    ]) {
      const [one, ...others] = await Promise.all(devices.map(check));
      for (const other of others) expect(other).toEqual(one);
    }
  });

  it("keeps its threads in step through 20,000 barriers", async () => {
    const device = await open({ threads: 3, parallelBytes: 0 });
    const program = await device.load(additions(device, 2048, 2000));
    const [x, y, out] = [0, 1, 2].map(() => device.allocate(2048 * 4)) as [
      Storage,
      Storage,
      Storage,
    ];
    device.write(y, 0, new Float32Array(2048).fill(1));
    for (let i = 0; i < 10; i++) void device.run(program, [x, y, out], []);
    expect(new Set(await floats(device, x))).toEqual(new Set([20_000]));
  });

  it("grows its memory while programs are loaded", async () => {
    for (const options of [{ threads: 2 }, { shared: false }]) {
      const device = await open(options);
      const small = device.allocate(400);
      device.write(small, 0, new Float32Array(100).fill(5));
      const large = device.allocate(200 * 1024 * 1024);
      device.copy(small, 0, large, large.bytes - 400, 400);
      const end = new Float32Array(await device.read(large, large.bytes - 404, 404));
      expect([end[0], end[1], end[100]]).toEqual([0, 5, 5]);
      expect(held(device.memory())).toEqual({ bytes: 448 + large.bytes, buffers: 2 });
    }
  });

  it("throws an OutOfMemoryError for what no memory can hold, and goes on", async () => {
    const device = await open();
    expect(() => device.allocate(5 * 2 ** 30)).toThrow(OutOfMemoryError);
    const storage = device.allocate(4);
    expect(await floats(device, storage)).toEqual([0]);
  });

  it("refuses a plan with a kernel that it does not have", async () => {
    const device = await open();
    const plan = additions(device, 4, 1);
    const [step] = callsOf(plan.steps);
    if (step === undefined) throw new Error("no step");
    const wrong = {
      ...plan,
      steps: [{ ...step, call: { ...step.call, kernel: "shaders/other" } }],
    };
    // A kernel call with another name is still one.
    await expect(device.load(wrong as Plan)).rejects.toThrow(KernelError);
    expect(device.memory().buffers).toBe(0);
  });

  it("rejects everything that is waited for when it is closed, and every call after that", async () => {
    const device = await open({ threads: 2, parallelBytes: 0 });
    const storage = device.allocate(64);
    const pending = [device.read(storage, 0, 64), device.synchronise()];
    const settled = Promise.allSettled(pending);
    await device.close();
    for (const result of await settled) {
      expect(result).toMatchObject({ status: "rejected", reason: expect.any(DeviceLostError) });
    }
    expect(() => device.allocate(4)).toThrow(DeviceLostError);
    await expect(device.synchronise()).rejects.toThrow(DeviceLostError);
    expect(await device.lost).toBeInstanceOf(DeviceLostError);
    await device.close();
  });

  it("is lost when a kernel traps in any thread, within 2 s, and another can be opened", async () => {
    for (const threads of [1, 2]) {
      const device = await open({ threads, parallelBytes: 0 });
      const { plan } = trappingPlan(device);
      const program: Program = await device.load(plan);
      const storages = plan.bindings.map(({ bytes }) => device.allocate(bytes));
      void device.run(program, storages, []);
      const startMs = performance.now();
      await expect(device.synchronise()).rejects.toThrow(DeviceLostError);
      expect(await device.lost).toBeInstanceOf(DeviceLostError);
      expect(performance.now() - startMs).toBeLessThan(2000);
    }
    const next = await open();
    await next.synchronise();
  });

  it("says which SIMD and how many threads it uses", async () => {
    const plain = await open({ threads: 2, relaxedSimd: false });
    expect(plain.description).toBe("WebAssembly SIMD, 2 threads");
    const alone = await open({ shared: false });
    expect(alone.description).toMatch(/^WebAssembly (relaxed )?SIMD, 1 thread, memory not shared$/);
  });

  it("lets a Node process end that forgot to close it, but not before its results are there", () => {
    const script = fileURLToPath(new URL("./forgetful.ts", import.meta.url));
    const tsx = fileURLToPath(new URL("../../../node_modules/tsx/dist/cli.mjs", import.meta.url));
    const output = execFileSync(process.execPath, [tsx, script], {
      encoding: "utf8",
      timeout: 20_000,
    });
    expect(output.trim()).toBe("read 42");
  });
});

/** An addition over far more elements than there is memory. */
function trappingPlan(device: Device): OpPlan {
  const made = planOp(
    device.traits,
    "transpose",
    ops.transpose,
    { x: f32(8, 8) },
    { permutation: [1, 0] },
  );
  const steps = callsOf(made.plan.steps).map((step) => {
    if (!("words" in step.call)) throw new Error("a fallback");
    const words = step.call.words.map((word) => (word === 8 ? 100_000 : word));
    return { ...step, call: { ...step.call, words } };
  });
  return { ...made, plan: { ...made.plan, steps } };
}
