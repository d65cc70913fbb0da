import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { openWebgpuDevice, type WebgpuDevice } from "../../../src/devices/webgpu/index.ts";
import {
  DeviceLostError,
  DeviceUnavailableError,
  DisposedError,
  InternalError,
  KernelError,
  OutOfMemoryError,
} from "../../../src/errors.ts";
import type { FallbackCall, Region } from "../../../src/scheduler/lowering.ts";
import { openTestGpu } from "../../support/dawn.ts";
import { handPlan, vector } from "../../support/hand-plan.ts";
import { held } from "../../support/held.ts";
import { binaryCalls } from "../../support/open-devices.ts";
import { proxyGpu } from "../../support/proxy-gpu.ts";
import { onHardware } from "../../support/test-adapter.ts";

let device: WebgpuDevice;
beforeAll(async () => {
  device = await openWebgpuDevice({ software: !onHardware });
});
afterAll(() => device.close());

/** A step that the host does: out = exp(x). */
function expOnHost(x: Region, out: Region): FallbackCall {
  return {
    kernel: "fallback",
    op: "unary",
    attrs: { fn: "exp" },
    operands: [
      { region: x, access: "read" },
      { region: out, access: "write" },
    ],
    presentInputs: { x: 1 },
    presentOutputs: { out: 1 },
    why: "test",
  };
}

async function floats(from: WebgpuDevice, storage: { bytes: number }): Promise<number[]> {
  return [...new Float32Array(await from.read(storage, 0, storage.bytes))];
}

function storageOf(of: WebgpuDevice, values: readonly number[]) {
  const storage = of.allocate(values.length * 4);
  of.write(storage, 0, Float32Array.from(values));
  return storage;
}

describe("memory", () => {
  test("is zero when it is allocated, also when it was used before", async () => {
    const first = storageOf(device, [1, 2, 3]);
    device.release(first);
    const second = device.allocate(12);
    expect(second.buffer).toBe(first.buffer);
    expect(await floats(device, second)).toEqual([0, 0, 0]);
    device.release(second);
  });

  test("that is written in part keeps zeros in the rest", async () => {
    device.release(storageOf(device, [1, 2, 3]));
    const storage = device.allocate(12);
    device.write(storage, 4, Float32Array.of(5));
    expect(await floats(device, storage)).toEqual([0, 5, 0]);
    device.release(storage);
  });

  test("takes the data at once, so that the caller may change them", async () => {
    const values = Float32Array.of(1, 2);
    const storage = device.allocate(8);
    device.write(storage, 0, values);
    values.fill(9);
    expect(await floats(device, storage)).toEqual([1, 2]);
    device.release(storage);
  });

  test("is copied between storages", async () => {
    const [a, b] = [storageOf(device, [1, 2, 3, 4]), device.allocate(16)];
    device.copy(a, 4, b, 8, 8);
    expect(await floats(device, b)).toEqual([0, 0, 2, 3]);
    device.release(a);
    device.release(b);
  });

  test("of no bytes can be allocated and read", async () => {
    const storage = device.allocate(0);
    expect(await floats(device, storage)).toEqual([]);
    device.release(storage);
  });

  test("is counted", () => {
    const before = device.memory();
    const storage = device.allocate(1000);
    expect(held(device.memory())).toEqual({
      bytes: before.bytes + 1000,
      buffers: before.buffers + 1,
    });
    device.release(storage);
    expect(held(device.memory())).toEqual(held(before));
    // All tests are a debug build, where that is an error; elsewhere it does nothing.
    expect(() => device.release(storage)).toThrow(InternalError);
    expect(held(device.memory())).toEqual(held(before));
  });

  test("beyond the adapter's limit or the budget is an OutOfMemoryError, and the next allocation works", async () => {
    const small = await openWebgpuDevice({ device: device.gpuDevice, budgetBytes: 4096 });
    expect(() => small.allocate(2 ** 45)).toThrow(OutOfMemoryError);
    expect(() => small.allocate(8192)).toThrow(/budget of 4096 bytes/);
    expect(held(small.memory())).toEqual({ bytes: 0, buffers: 0 });
    small.release(small.allocate(1024));
    await small.close();
  });
});

describe("memory in use", () => {
  const gib = 2 ** 30;
  /** Gives buffers of 16 bytes, whatever is asked for, under an adapter's name. */
  const opened = (vendor: string) => {
    const { gpuDevice } = device;
    return openWebgpuDevice({
      device: proxyGpu(gpuDevice, {
        adapterInfo: { vendor, architecture: "", device: "", description: "" } as GPUAdapterInfo,
        limits: new Proxy(gpuDevice.limits, {
          get: (own, name) => (name === "maxBufferSize" ? 2 * gib : Reflect.get(own, name, own)),
        }),
        createBuffer: (descriptor) => gpuDevice.createBuffer({ ...descriptor, size: 16 }),
      }),
    });
  };

  test("has no bound on a GPU but the GPU's own", async () => {
    const large = await opened("nvidia");
    for (let i = 0; i < 3; i++) large.allocate(2 * gib);
    expect(large.memory().bytes).toBe(6 * gib);
    await large.close();
  });

  test("stays within 4 GiB of the host on a software adapter", async () => {
    const software = await opened("SwiftShader");
    software.allocate(2 * gib);
    software.allocate(2 * gib);
    expect(() => software.allocate(16)).toThrow(/budget of 4294967296 bytes/);
    await software.close();
  });
});

describe("a program", () => {
  test("is one submission with all its dispatches and reads", async () => {
    const [a, b, c] = [vector(0, 5), vector(1, 5), vector(2, 5)];
    const plan = handPlan(
      [...binaryCalls(device, "mul", a, a, c), ...binaryCalls(device, "add", c, b, b)],
      [5, 5],
      [5],
    );
    const program = await device.load(plan);
    const bindings = [storageOf(device, [1, 2, 3, 4, 5]), storageOf(device, [1, 1, 1, 1, 1])];
    const [out] = bindings.slice(1);
    if (out === undefined) throw new Error("no output");
    const request = { storage: out, byteOffset: 0, bytes: 20 };
    const reads = [
      device.run(program, bindings, [request]),
      device.run(program, bindings, [request]),
    ].flat();
    const [first, second] = await Promise.all(reads);
    expect([...new Float32Array(first ?? new ArrayBuffer(0))]).toEqual([2, 5, 10, 17, 26]);
    expect([...new Float32Array(second ?? new ArrayBuffer(0))]).toEqual([3, 9, 19, 33, 51]);
    expect(program.counters).toEqual({ dispatches: 4, submits: 2 });
    device.unload(program);
    for (const storage of bindings) device.release(storage);
  });

  test("runs on other storages than before", async () => {
    const program = await device.load(
      handPlan(binaryCalls(device, "add", vector(0, 3), vector(0, 3), vector(1, 3)), [3, 3]),
    );
    const [x, y, out] = [
      storageOf(device, [1, 2, 3]),
      storageOf(device, [4, 5, 6]),
      device.allocate(12),
    ];
    void device.run(program, [x, out], []);
    expect(await floats(device, out)).toEqual([2, 4, 6]);
    void device.run(program, [y, out], []);
    expect(await floats(device, out)).toEqual([8, 10, 12]);
    device.unload(program);
    for (const storage of [x, y, out]) device.release(storage);
  });

  test("reads and writes different parts of one buffer in one dispatch", async () => {
    const program = await device.load(
      handPlan(
        binaryCalls(device, "add", vector(0, 3), vector(0, 3, 64), vector(0, 3, 128)),
        [192],
      ),
    );
    const storage = device.allocate(192 * 4);
    device.write(storage, 0, Float32Array.of(1, 2, 3));
    device.write(storage, 256, Float32Array.of(10, 20, 30));
    void device.run(program, [storage], []);
    expect((await floats(device, storage)).slice(128, 131)).toEqual([11, 22, 33]);
    device.unload(program);
    device.release(storage);
  });

  test("updates an input in place", async () => {
    const program = await device.load(
      handPlan(binaryCalls(device, "sub", vector(0, 4), vector(1, 4), vector(1, 4)), [4, 4]),
    );
    const [a, b] = [storageOf(device, [1, 2, 3, 4]), storageOf(device, [4, 3, 2, 1])];
    void device.run(program, [a, b], []);
    expect(await floats(device, b)).toEqual([-3, -1, 1, 3]);
    device.unload(program);
    device.release(a);
    device.release(b);
  });

  test("covers more workgroups than a grid dimension has", async () => {
    const length = 65535 * 128 + 1;
    const program = await device.load(
      handPlan(
        binaryCalls(device, "add", vector(0, length), vector(0, length), vector(1, length)),
        [length, length],
      ),
    );
    const [x, out] = [device.allocate(length * 4), device.allocate(length * 4)];
    device.write(x, (length - 1) * 4, Float32Array.of(7));
    const [last] = await Promise.all(
      device.run(program, [x, out], [{ storage: out, byteOffset: (length - 1) * 4, bytes: 4 }]),
    );
    expect(new Float32Array(last ?? new ArrayBuffer(0))[0]).toBe(14);
    device.unload(program);
    device.release(x);
    device.release(out);
  });

  test("gives its memory back when it is unloaded, and cannot run any more", async () => {
    const before = device.memory();
    const program = await device.load(
      handPlan(binaryCalls(device, "add", vector(0, 4), vector(0, 4), vector(1, 4)), [4], [4]),
    );
    expect(device.memory().buffers).toBe(before.buffers + 1);
    device.unload(program);
    expect(held(device.memory())).toEqual(held(before));
    const storage = device.allocate(16);
    expect(() => device.run(program, [storage], [])).toThrow(DisposedError);
    device.release(storage);
  });

  test("that runs 2,000 times, each with a read, leaves no buffer behind", async () => {
    const before = device.memory();
    const program = await device.load(
      handPlan(binaryCalls(device, "add", vector(0, 4), vector(1, 4), vector(0, 4)), [4, 4]),
    );
    const [sum, one] = [storageOf(device, [0, 0, 0, 0]), storageOf(device, [1, 1, 1, 1])];
    let late: Promise<ArrayBuffer>[] = [];
    for (let step = 0; step < 2000; step++) {
      const previous = late;
      late = device.run(program, [sum, one], [{ storage: sum, byteOffset: 0, bytes: 4 }]);
      await Promise.all(previous);
    }
    const [last] = await Promise.all(late);
    expect(new Float32Array(last ?? new ArrayBuffer(0))[0]).toBe(2000);
    device.unload(program);
    device.release(sum);
    device.release(one);
    expect(held(device.memory())).toEqual(held(before));
  });
});

describe("a step on the host", () => {
  test("lies between the steps before and after it, and later calls wait for it", async () => {
    const [x, twice, soft] = [vector(0, 2), vector(2, 2), vector(3, 2)];
    const calls = [
      ...binaryCalls(device, "add", x, x, twice),
      expOnHost(twice, soft),
      ...binaryCalls(device, "mul", soft, soft, vector(1, 2)),
    ];
    const program = await device.load(handPlan(calls, [2, 2], [2, 2]));
    const [input, out] = [storageOf(device, [0, 0]), device.allocate(8)];
    const values = Float32Array.of(5, 5);
    const first = device.run(program, [input, out], [{ storage: out, byteOffset: 0, bytes: 8 }]);
    device.write(input, 0, values);
    values.fill(0);
    const copied = device.allocate(8);
    device.copy(out, 0, copied, 0, 8);
    device.write(out, 0, Float32Array.of(8, 8));
    const read = device.read(out, 0, 8);
    const [result] = await Promise.all(first);
    expect([...new Float32Array(result ?? new ArrayBuffer(0))]).toEqual([1, 1]);
    expect([...new Float32Array(await read)]).toEqual([8, 8]);
    expect(await floats(device, copied)).toEqual([1, 1]);
    expect(await floats(device, input)).toEqual([5, 5]);
    expect(program.counters).toEqual({ dispatches: 2, submits: 2 });
    device.unload(program);
    for (const storage of [input, out, copied]) device.release(storage);
  });

  test("is what becomes of a withheld op", async () => {
    const partial = await openWebgpuDevice({ device: device.gpuDevice, withhold: ["argmax"] });
    expect(partial.traits.lower.argmax).toEqual({ fallback: expect.stringContaining("withheld") });
    await partial.close();
  });
});

describe("faults", () => {
  test("a kernel that does not compile is a KernelError with the line, and the next plan loads", async () => {
    const [call] = binaryCalls(device, "add", vector(0, 4), vector(0, 4), vector(1, 4));
    if (call === undefined) throw new Error("no call");
    const broken = {
      ...call,
      constants: { ...call.constants, BODY: "return Results(unknown_name);" },
    };
    const loading = device.load(handPlan([broken], [4, 4]));
    await expect(loading).rejects.toThrow(KernelError);
    await expect(loading).rejects.toThrow(
      /line \d+: .*unknown_name.*got "return Results\(unknown_name\);"/s,
    );
    device.unload(await device.load(handPlan([call], [4, 4])));
  });

  test("a command that the GPU refuses is told by the next promise", async () => {
    const storage = device.allocate(16);
    // Past the device's own checks.
    device.gpuDevice.queue.writeBuffer(storage.buffer, 1 << 20, Float32Array.of(1));
    await device.gpuDevice.queue.onSubmittedWorkDone();
    await expect(device.synchronise()).rejects.toThrow(KernelError);
    await device.synchronise();
    device.release(storage);
  });

  test("without an adapter there is a DeviceUnavailableError that says what to do", async () => {
    const { gpu } = await openTestGpu();
    // As a machine without a driver answers.
    const none = Object.create(gpu, { requestAdapter: { value: async () => null } }) as GPU;
    await expect(openWebgpuDevice({ gpu: none })).rejects.toThrow(DeviceUnavailableError);
    await expect(openWebgpuDevice({ gpu: none })).rejects.toThrow(/cpu device/);
  });

  test("a software adapter is refused where only hardware will do", async () => {
    const { gpu, adapter } = await openTestGpu();
    // As SwiftShader's calls itself, whichever adapter this is.
    const info = { vendor: "google", architecture: "swiftshader", device: "", description: "" };
    const software = Object.create(adapter, { info: { value: info } }) as GPUAdapter;
    const only = Object.create(gpu, { requestAdapter: { value: async () => software } }) as GPU;
    await expect(openWebgpuDevice({ gpu: only, software: false })).rejects.toThrow(
      DeviceUnavailableError,
    );
  });

  test("a lost device rejects every promise within 2 s and refuses calls", async () => {
    const doomed = await openWebgpuDevice({ software: !onHardware });
    const program = await doomed.load(
      handPlan(binaryCalls(device, "add", vector(0, 4), vector(0, 4), vector(1, 4)), [4, 4]),
    );
    const [x, out] = [doomed.allocate(16), doomed.allocate(16)];
    const pending = [
      ...doomed.run(program, [x, out], [{ storage: out, byteOffset: 0, bytes: 16 }]),
      doomed.read(x, 0, 16),
      doomed.synchronise(),
      doomed.load(
        handPlan(binaryCalls(device, "mul", vector(0, 3), vector(0, 3), vector(1, 3)), [3, 3]),
      ),
    ];
    const startMs = performance.now();
    doomed.gpuDevice.destroy();
    const settled = await Promise.allSettled(pending);
    expect(await doomed.lost).toBeInstanceOf(DeviceLostError);
    expect(performance.now() - startMs).toBeLessThan(2000);
    // What was done before the end may have arrived; the rest says why it did not.
    for (const result of settled) {
      if (result.status === "rejected") expect(result.reason).toBeInstanceOf(DeviceLostError);
    }
    expect(settled.some(({ status }) => status === "rejected")).toBe(true);
    expect(() => doomed.allocate(4)).toThrow(DeviceLostError);
    expect(() => doomed.read(x, 0, 16)).toThrow(DeviceLostError);
    doomed.release(x);
    await doomed.close();
  });

  test("what was compiled on a caller's own device is there for whoever opens it again", async () => {
    const { gpuDevice } = device;
    const compiling = vi.spyOn(gpuDevice, "createComputePipelineAsync");
    const counts: number[] = [];
    for (let i = 0; i < 2; i++) {
      const mine = await openWebgpuDevice({ device: gpuDevice });
      const [x, out] = [vector(0, 4), vector(1, 4)];
      await mine.load(handPlan(binaryCalls(mine, "pow", x, x, out), [4, 4]));
      await mine.close();
      counts.push(compiling.mock.calls.length);
    }
    expect(counts).toEqual([1, 1]);
    compiling.mockRestore();
  });

  test("close leaves a caller's own device alive and refuses calls", async () => {
    const mine = await openWebgpuDevice({ device: device.gpuDevice });
    await mine.close();
    expect(() => mine.allocate(4)).toThrow(DisposedError);
    device.release(device.allocate(4));
    await device.synchronise();
  });
});
