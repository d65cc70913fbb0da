/** What programs need while they run is one pool for all of a device: they run one after the other. */
import { afterEach, describe, expect, it } from "vitest";
import type { Device, Program, Storage } from "../../src/devices/device.ts";
import type { WebgpuDevice } from "../../src/devices/webgpu/index.ts";
import { OutOfMemoryError } from "../../src/errors.ts";
import type { FallbackCall } from "../../src/scheduler/lowering.ts";
import type { Plan } from "../../src/scheduler/plan.ts";
import { handPlan, vector } from "../support/hand-plan.ts";
import { held } from "../support/held.ts";
import {
  binaryCalls,
  deviceNames,
  floats,
  openers,
  squarePlan,
  storageOf,
} from "../support/open-devices.ts";

const opened: Device[] = [];
async function open(name: Device["name"]): Promise<Device> {
  const device = await openers[name]();
  opened.push(device);
  return device;
}
afterEach(async () => {
  for (const device of opened.splice(0)) await device.close();
});

const temporaryBytes = ({ slots }: Plan) => slots.reduce((sum, bytes) => sum + bytes, 0);

describe.each(deviceNames)("on %s", (name) => {
  it("programs take the temporaries of the largest, and give right results in any order", async () => {
    const device = await open(name);
    const before = device.memory();
    const lengths = [3, 64, 1000, 17, 333];
    const runs: { program: Program; x: Storage; out: Storage; n: number }[] = [];
    for (const n of lengths) {
      const program = await device.load(squarePlan(device, n));
      const x = storageOf(
        device,
        Array.from({ length: n }, (_, i) => i % 7),
      );
      runs.push({ program, x, out: device.allocate(n * 4), n });
    }
    for (const at of [0, 2, 1, 4, 3, 2, 0, 1, 1, 3, 4, 0]) {
      const { program, x, out, n } = runs[at] ?? fail();
      device.write(out, 0, new Float32Array(n));
      void device.run(program, [x, out], []);
      const values = Array.from({ length: n }, (_, i) => 4 * (i % 7) ** 2 + (i % 7));
      expect(await floats(device, out)).toEqual(values);
    }
    // 3n elements of temporaries in each, of which the largest has 3,000.
    const tensors = lengths.reduce((sum, n) => sum + 2 * 4 * n, 0);
    const rest = device.memory().bytes - before.bytes - tensors;
    expect(rest).toBeGreaterThanOrEqual(12_000);
    // What is left are commands and roundings of five programs.
    expect(rest).toBeLessThan(12_000 + 8_000);
  });

  it("`growth` is what loading adds, to the byte", async () => {
    const device = await open(name);
    for (const n of [100, 10, 1000, 500, 999, 4000]) {
      const plan = squarePlan(device, n);
      const before = device.memory().bytes;
      const growth = device.growth(plan);
      await device.load(plan);
      expect(device.memory().bytes - before).toBe(growth);
    }
    const again = squarePlan(device, 4000);
    expect(device.growth(again)).toBeLessThan(temporaryBytes(again) / 10);
  });

  it("the pool shrinks to what the programs that stay need, and is gone with the last", async () => {
    const device = await open(name);
    const before = device.memory();
    const [small, large] = [squarePlan(device, 100), squarePlan(device, 10_000)];
    const one = await device.load(small);
    const withOne = device.memory();
    const two = await device.load(large);
    const [x, out] = [storageOf(device, new Array<number>(100).fill(1)), device.allocate(400)];
    void device.run(one, [x, out], []);
    device.unload(two);
    void device.run(one, [x, out], []);
    expect(await floats(device, out, 3)).toEqual([5, 5, 5]);
    device.release(x);
    device.release(out);
    expect(held(device.memory())).toEqual(held(withOne));
    device.unload(one);
    expect(held(device.memory())).toEqual(held(before));
  });

  it("plans loaded and forgotten for hundreds of lengths leave nothing behind", async () => {
    const device = await open(name);
    const before = device.memory();
    const loaded: Program[] = [];
    for (let n = 1; n <= 300; n++) {
      loaded.push(await device.load(squarePlan(device, 10 * n)));
      // As a cache that holds eight.
      const oldest = loaded.length > 8 ? loaded.shift() : undefined;
      if (oldest !== undefined) device.unload(oldest);
    }
    expect(device.memory().buffers - before.buffers).toBeLessThanOrEqual(2 + 8);
    for (const program of loaded) device.unload(program);
    expect(held(device.memory())).toEqual(held(before));
  });
});

describe("a replayed run", () => {
  it("makes no bind group on webgpu, until what it binds was replaced", async () => {
    const device = (await open("webgpu")) as WebgpuDevice;
    const { gpuDevice } = device;
    const made = gpuDevice.createBindGroup.bind(gpuDevice);
    let count = 0;
    gpuDevice.createBindGroup = (descriptor) => {
      count++;
      return made(descriptor);
    };
    const program = await device.load(squarePlan(device, 100));
    const [x, out] = [storageOf(device, new Array<number>(100).fill(1)), device.allocate(400)];
    void device.run(program, [x, out], []);
    const first = count;
    for (let i = 0; i < 10; i++) void device.run(program, [x, out], []);
    expect(count).toBe(first);
    // One that fits into what is there moves nothing.
    await device.load(squarePlan(device, 50));
    void device.run(program, [x, out], []);
    expect(count).toBe(first);
    await device.load(squarePlan(device, 100_000));
    void device.run(program, [x, out], []);
    expect(count).toBe(2 * first);
    expect(await floats(device, out, 1)).toEqual([5]);
  });
});

describe("a program that visits the host in the middle", () => {
  it("keeps its temporaries while others are loaded and unloaded beside it", async () => {
    const device = (await open("webgpu")) as WebgpuDevice;
    const [x, twice, soft] = [vector(0, 2), vector(2, 2), vector(3, 2)];
    const onHost: FallbackCall = {
      kernel: "fallback",
      op: "unary",
      attrs: { fn: "sign" },
      operands: [
        { region: twice, access: "read" },
        { region: soft, access: "write" },
      ],
      presentInputs: { x: 1 },
      presentOutputs: { out: 1 },
      why: "test",
    };
    const calls = [
      ...binaryCalls(device, "add", x, x, twice),
      onHost,
      ...binaryCalls(device, "mul", soft, twice, vector(1, 2)),
    ];
    const program = await device.load(handPlan(calls, [2, 2], [2, 2]));
    const [input, out] = [storageOf(device, [3, 3]), device.allocate(8)];
    const [result] = device.run(program, [input, out], [{ storage: out, byteOffset: 0, bytes: 8 }]);
    // The run has begun. What replaces its temporaries now, and is filled at once, must not reach it.
    const other = await device.load(squarePlan(device, 10_000));
    const filled = Array.from({ length: 20 }, () =>
      storageOf(device, new Array<number>(64).fill(9)),
    );
    expect([...new Float32Array((await result) ?? new ArrayBuffer(0))]).toEqual([6, 6]);
    device.unload(other);
    for (const storage of filled) device.release(storage);
  });
});

describe("a program that does not fit", () => {
  it("leaves everything as it was on the cpu device", async () => {
    const device = await open("cpu");
    const one = await device.load(squarePlan(device, 100));
    const before = device.memory();
    const huge = handPlan([], [], [1000, 2 ** 29, 2 ** 29, 2 ** 29]);
    await expect(device.load(huge)).rejects.toThrow(OutOfMemoryError);
    expect(held(device.memory())).toEqual(held(before));
    const [x, out] = [storageOf(device, new Array<number>(100).fill(1)), device.allocate(400)];
    void device.run(one, [x, out], []);
    expect(await floats(device, out, 2)).toEqual([5, 5]);
  });

  it("leaves everything as it was on webgpu", async () => {
    const device = await open("webgpu");
    const one = await device.load(squarePlan(device, 100));
    const before = device.memory();
    const huge = handPlan([], [], [100_000, 2 ** 40]);
    await expect(device.load(huge)).rejects.toThrow(OutOfMemoryError);
    expect(held(device.memory())).toEqual(held(before));
    const [x, out] = [storageOf(device, new Array<number>(100).fill(1)), device.allocate(400)];
    void device.run(one, [x, out], []);
    expect(await floats(device, out, 2)).toEqual([5, 5]);
  });
});

function fail(): never {
  throw new Error("no such program");
}
