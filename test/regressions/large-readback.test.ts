/** What is read is one array however large it is; staging memory has an upper bound, and so has a single write. */
import { afterEach, describe, expect, it } from "vitest";
import { openCpuDevice } from "../../src/devices/cpu/index.ts";
import { openWebgpuDevice, WebgpuDevice } from "../../src/devices/webgpu/index.ts";
import { OutOfMemoryError } from "../../src/errors.ts";
import { squarePlan, storageOf } from "../support/open-devices.ts";
import { proxyGpu } from "../support/proxy-gpu.ts";
import { onHardware } from "../support/test-adapter.ts";

const PIECE = 1024;

/** A device with pieces of 1 KiB, the sizes of the staging buffers it made, and of the writes. */
async function open() {
  const owner = await openWebgpuDevice({ software: !onHardware });
  const staging: number[] = [];
  const writes: number[] = [];
  const { gpuDevice } = owner;
  const queue = new Proxy(gpuDevice.queue, {
    get(target, name) {
      const value = Reflect.get(target, name, target) as unknown;
      if (typeof value !== "function") return value;
      return (...args: unknown[]) => {
        if (name === "writeBuffer") writes.push((args[2] as ArrayBufferView).byteLength);
        return value.apply(target, args) as unknown;
      };
    },
  });
  const proxy = proxyGpu(gpuDevice, {
    queue,
    createBuffer: (descriptor) => {
      if ((descriptor.usage & 1) !== 0) staging.push(descriptor.size);
      return gpuDevice.createBuffer(descriptor);
    },
  });
  const device = new WebgpuDevice(proxy, {
    traits: owner.traits,
    description: "in pieces",
    isOwned: true,
    budgetBytes: 2 ** 30,
    isDebug: false,
    pieceBytes: PIECE + 100,
  });
  close.push(async () => {
    await device.close();
    await owner.close();
  });
  return { device, staging, writes };
}
const close: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of close.splice(0)) await end();
});

const counted = (n: number, first = 0) => Array.from({ length: n }, (_, i) => first + i);
const numbers = (bytes: ArrayBuffer | undefined) => [
  ...new Float32Array(bytes ?? new ArrayBuffer(0)),
];

describe("reading on webgpu", () => {
  it.each([1, 255, 256, 257, 512, 1000, 2567])(
    "%d elements come as one array through staging buffers of 256",
    async (n) => {
      const { device, staging, writes } = await open();
      const storage = storageOf(device, counted(n));
      expect(numbers(await device.read(storage, 0, 4 * n))).toEqual(counted(n));
      expect(Math.max(...staging)).toBeLessThanOrEqual(PIECE);
      expect(Math.max(...writes)).toBeLessThanOrEqual(PIECE);
      // Two pieces are under way at a time.
      expect(staging.length).toBeLessThanOrEqual(Math.ceil(n / 256));
    },
  );

  it("a part that begins anywhere is read exactly", async () => {
    const { device } = await open();
    const storage = storageOf(device, counted(2000));
    expect(numbers(await device.read(storage, 4 * 77, 4 * 1111))).toEqual(counted(1111, 77));
  });

  it("gives what was there at the call, whatever is written, run and released behind it", async () => {
    const { device } = await open();
    const n = 1500;
    const [x, out] = [storageOf(device, counted(n)), device.allocate(4 * n)];
    const program = await device.load(squarePlan(device, n));
    const before = device.read(x, 0, 4 * n);
    device.write(x, 0, new Float32Array(n).fill(1));
    void device.run(program, [x, out], []);
    const after = device.read(out, 0, 4 * n);
    device.copy(out, 0, x, 0, 4 * n);
    device.release(out);
    const again = device.allocate(4 * n);
    const copied = device.read(x, 0, 4 * n);
    const zeros = device.read(again, 0, 4 * n);
    expect(numbers(await before)).toEqual(counted(n));
    expect(new Set(numbers(await after))).toEqual(new Set([5]));
    expect(new Set(numbers(await copied))).toEqual(new Set([5]));
    expect(new Set(numbers(await zeros))).toEqual(new Set([0]));
  });

  it("comes with a run as well, several ranges at once", async () => {
    const { device } = await open();
    const n = 700;
    const [x, out] = [storageOf(device, new Array<number>(n).fill(2)), device.allocate(4 * n)];
    const program = await device.load(squarePlan(device, n));
    const reads = device.run(
      program,
      [x, out],
      [
        { storage: out, byteOffset: 0, bytes: 4 * n },
        { storage: x, byteOffset: 4, bytes: 4 },
        { storage: out, byteOffset: 0, bytes: 0 },
        { storage: x, byteOffset: 0, bytes: 4 * n },
      ],
    );
    device.write(x, 0, new Float32Array(n));
    const [all, one, none, input] = await Promise.all(reads);
    expect(numbers(all)).toEqual(new Array<number>(n).fill(18));
    expect(numbers(one)).toEqual([2]);
    expect(numbers(none)).toEqual([]);
    expect(new Set(numbers(input))).toEqual(new Set([2]));
  });

  it("is an OutOfMemoryError where the host has no room, and the next read is right", async () => {
    const { device } = await open();
    const storage = storageOf(device, counted(1000));
    const { ArrayBuffer: HostBuffer } = globalThis;
    globalThis.ArrayBuffer = class extends HostBuffer {
      constructor(bytes: number) {
        if (bytes === 4000) throw new RangeError("Array buffer allocation failed");
        super(bytes);
      }
    } as unknown as ArrayBufferConstructor;
    try {
      await expect(device.read(storage, 0, 4000)).rejects.toThrow(OutOfMemoryError);
    } finally {
      globalThis.ArrayBuffer = HostBuffer;
    }
    expect(numbers(await device.read(storage, 0, 4000))).toEqual(counted(1000));
  });
});

describe("reading on the cpu device", () => {
  it("gives 300 MiB as one array", async () => {
    const device = await openCpuDevice({ threads: 1 });
    close.push(() => device.close());
    const bytes = 300 * 2 ** 20;
    const storage = device.allocate(bytes);
    device.write(storage, bytes - 8, Float32Array.of(1, 2));
    const read = await device.read(storage, 0, bytes);
    expect(read.byteLength).toBe(bytes);
    expect([...new Float32Array(read, bytes - 12, 3)]).toEqual([0, 1, 2]);
  });
});
