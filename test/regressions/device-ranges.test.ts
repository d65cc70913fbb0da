/** A device reads and writes what it was asked for, within what is its own: all else is an error, and nothing is done. */
import { afterEach, describe, expect, it } from "vitest";
import type { Device, Storage } from "../../src/devices/device.ts";
import { DisposedError, InternalError } from "../../src/errors.ts";
import { held } from "../support/held.ts";
import { deviceNames, floats, openers, squarePlan, storageOf } from "../support/open-devices.ts";

const opened: Device[] = [];
async function open(name: Device["name"]): Promise<Device> {
  const device = await openers[name]();
  opened.push(device);
  return device;
}
afterEach(async () => {
  for (const device of opened.splice(0)) await device.close();
});

/** What `call` throws or rejects with. */
async function errorOf(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe.each(deviceNames)("%s", (name) => {
  it("writes nothing behind a storage, before it or across its end, and no part of an element", async () => {
    const device = await open(name);
    const [storage, neighbour] = [storageOf(device, [1, 2, 3, 4]), storageOf(device, [5, 6, 7, 8])];
    const wrong: [number, Float32Array][] = [
      [16, new Float32Array(1)],
      [12, new Float32Array(2)],
      [0, new Float32Array(36)],
      [-4, new Float32Array(1)],
      [2, new Float32Array(1)],
      [2 ** 40, new Float32Array(1)],
      [Number.NaN, new Float32Array(1)],
    ];
    for (const [at, data] of wrong) {
      expect(await errorOf(() => device.write(storage, at, data))).toBeInstanceOf(InternalError);
    }
    // What typed code cannot say: bytes that are no whole elements.
    const bytes = new Uint8Array(3) as unknown as Float32Array;
    expect(await errorOf(() => device.write(storage, 0, bytes))).toBeInstanceOf(InternalError);
    expect(await floats(device, storage)).toEqual([1, 2, 3, 4]);
    expect(await floats(device, neighbour)).toEqual([5, 6, 7, 8]);
  });

  it("copies and reads nothing beyond either end", async () => {
    const device = await open(name);
    const [from, to] = [storageOf(device, [1, 2, 3, 4]), storageOf(device, [5, 6])];
    for (const [at, into, bytes] of [
      [0, 0, 12],
      [12, 0, 8],
      [0, 4, 8],
      [-4, 0, 4],
      [0, 0, -4],
      [0, 0, 3],
    ] as const) {
      const copied = await errorOf(() => device.copy(from, at, to, into, bytes));
      expect(copied).toBeInstanceOf(InternalError);
    }
    for (const [at, bytes] of [
      [0, 20],
      [16, 4],
      [-4, 4],
      [1, 4],
      [0, 2],
    ] as const) {
      expect(await errorOf(() => device.read(from, at, bytes))).toBeInstanceOf(InternalError);
    }
    expect(await floats(device, to)).toEqual([5, 6]);
    expect((await device.read(from, 16, 0)).byteLength).toBe(0);
  });

  it("runs only with storages that are large enough, as many as the plan has, and reads within them", async () => {
    const device = await open(name);
    const program = await device.load(squarePlan(device, 4));
    const [x, out, small] = [
      storageOf(device, [1, 2, 3, 4]),
      device.allocate(16),
      device.allocate(12),
    ];
    const run = (bindings: Storage[], bytes = 16) =>
      errorOf(() =>
        Promise.all(device.run(program, bindings, [{ storage: out, byteOffset: 0, bytes }])),
      );
    expect(await run([x])).toBeInstanceOf(InternalError);
    expect(await run([x, out, small])).toBeInstanceOf(InternalError);
    expect(await run([x, small])).toBeInstanceOf(InternalError);
    expect(await run([x, out], 20)).toBeInstanceOf(InternalError);
    expect(await run([x, out])).toBeUndefined();
    expect(await floats(device, out)).toEqual([5, 18, 39, 68]);
  });

  it("refuses what was given back, and what is another device's", async () => {
    const [device, other] = [await open(name), await open(name)];
    const program = await device.load(squarePlan(device, 4));
    const [x, out] = [storageOf(device, [1, 2, 3, 4]), device.allocate(16)];
    const foreign = storageOf(other, [1, 2, 3, 4]);
    const gone = device.allocate(16);
    device.release(gone);
    for (const wrong of [gone, foreign]) {
      for (const call of [
        () => device.write(wrong, 0, new Float32Array(1)),
        () => device.copy(wrong, 0, x, 0, 4),
        () => device.copy(x, 0, wrong, 0, 4),
        () => device.read(wrong, 0, 4),
        () => device.run(program, [wrong, out], []),
        () => device.run(program, [x, out], [{ storage: wrong, byteOffset: 0, bytes: 4 }]),
      ])
        expect(await errorOf(call)).toBeInstanceOf(DisposedError);
      expect(await errorOf(() => device.release(wrong))).toBeInstanceOf(InternalError);
    }
    device.unload(program);
    expect(await errorOf(() => device.run(program, [x, out], []))).toBeInstanceOf(DisposedError);
    expect(await errorOf(() => device.unload(program))).toBeInstanceOf(InternalError);
    expect(await floats(device, x)).toEqual([1, 2, 3, 4]);
    expect(await floats(other, foreign)).toEqual([1, 2, 3, 4]);
  });

  it("a second release gives back nothing that belongs to somebody else by now", async () => {
    const device = await open(name);
    const first = device.allocate(4096);
    device.release(first);
    const second = device.allocate(4096);
    device.write(second, 0, new Float32Array(1024).fill(7));
    // A debug build says so; either way nothing is given back.
    expect(await errorOf(() => device.release(first))).toBeInstanceOf(InternalError);
    const third = device.allocate(4096);
    device.write(third, 0, new Float32Array(1024).fill(1));
    expect(new Set(await floats(device, second))).toEqual(new Set([7]));
  });

  it("forgets what it held when it is closed, and gives back again without a word", async () => {
    const device = await open(name);
    const program = await device.load(squarePlan(device, 4));
    const storage = device.allocate(4096);
    await device.close();
    device.release(storage);
    device.unload(program);
    expect(held(device.memory())).toEqual({ bytes: 0, buffers: 0 });
    expect(await device.lost).toBeInstanceOf(Error);
    await device.close();
  });
});
