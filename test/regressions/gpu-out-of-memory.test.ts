/** A GPU says late that it has no memory: whoever used it is told so, with the size, and nobody else is. */
import { afterEach, describe, expect, it } from "vitest";
import type { Storage } from "../../src/devices/device.ts";
import { openWebgpuDevice, WebgpuDevice } from "../../src/devices/webgpu/index.ts";
import { OutOfMemoryError } from "../../src/errors.ts";
import { held } from "../support/held.ts";
import { floats, squarePlan, storageOf } from "../support/open-devices.ts";
import { proxyGpu } from "../support/proxy-gpu.ts";
import { onHardware } from "../support/test-adapter.ts";

const close: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of close.splice(0)) await end();
});

/** A device whose GPU has no memory for buffers of storages beyond `limit` bytes while `limit` is set. */
async function open(isOwned = true) {
  const owner = await openWebgpuDevice({ software: !onHardware });
  const { gpuDevice } = owner;
  const memory = { limit: Number.POSITIVE_INFINITY };
  class GPUOutOfMemoryError {
    readonly message = "Out of memory";
  }
  // Scopes of this device: an error of its own goes to the innermost one for it.
  const scopes: { filter: string; error: GPUError | null }[] = [];
  const device = new WebgpuDevice(
    proxyGpu(gpuDevice, {
      pushErrorScope: (filter) => {
        scopes.push({ filter, error: null });
        gpuDevice.pushErrorScope(filter);
      },
      popErrorScope: async () => {
        const scope = scopes.pop();
        const error = await gpuDevice.popErrorScope();
        return scope?.error ?? error;
      },
      createBuffer: (descriptor) => {
        if (descriptor.size <= memory.limit) return gpuDevice.createBuffer(descriptor);
        const scope = scopes.findLast(({ filter }) => filter === "out-of-memory");
        if (scope !== undefined) scope.error = new GPUOutOfMemoryError() as GPUError;
        // Invalid, as one is that there is no memory for: whatever uses it is a validation error.
        gpuDevice.pushErrorScope("validation");
        const invalid = gpuDevice.createBuffer({ ...descriptor, usage: 0x03 });
        void gpuDevice.popErrorScope();
        return invalid;
      },
    }),
    {
      traits: owner.traits,
      description: "short of memory",
      isOwned,
      budgetBytes: 2 ** 32,
      isDebug: false,
    },
  );
  close.push(async () => {
    await device.close();
    await owner.close();
  });
  return { device, memory };
}

async function expectWorks(device: WebgpuDevice, kept: Storage): Promise<void> {
  await device.synchronise();
  expect(await floats(device, kept)).toEqual([1, 2, 3]);
  const storage = storageOf(device, [4, 5]);
  expect(await floats(device, storage)).toEqual([4, 5]);
  device.release(storage);
}

it("a storage that is larger than the adapter's buffers is refused at the call", async () => {
  const { device } = await open();
  const most = device.gpuDevice.limits.maxBufferSize;
  expect(() => device.allocate(2 * most)).toThrow(
    `webgpu: a buffer must have at most ${most} bytes on this adapter; got ${2 * most}. Use smaller batches or the cpu device.`,
  );
});

describe.each([true, false])(
  "when the GPU has no memory, on a device of its own: %s",
  (isOwned) => {
    it("for a storage, the promise of what uses it tells so with the size, and the next call is right", async () => {
      const { device, memory } = await open(isOwned);
      const kept = storageOf(device, [1, 2, 3]);
      await device.synchronise();
      memory.limit = 2 ** 16;
      const large = device.allocate(10 * 2 ** 20);
      device.write(large, 0, new Float32Array(100));
      const read = device.read(large, 0, 400);
      await expect(read).rejects.toThrow(OutOfMemoryError);
      await expect(read).rejects.toThrow(
        /^webgpu: the GPU must have memory for what is allocated; got a request for 10485760 bytes with \d+ in use\. Use smaller batches, dispose of tensors, or use the cpu device\.$/,
      );
      await expectWorks(device, kept);
      // It is known by now, so it is told at the call.
      expect(() => device.read(large, 0, 4)).toThrow(OutOfMemoryError);
      device.release(large);
      memory.limit = Number.POSITIVE_INFINITY;
      const again = device.allocate(10 * 2 ** 20);
      expect(await floats(device, again, 3)).toEqual([0, 0, 0]);
      await expectWorks(device, kept);
    });

    it("every promise of a run with it rejects, none gives what was never computed", async () => {
      const { device, memory } = await open(isOwned);
      const n = 100_000;
      const kept = storageOf(device, [1, 2, 3]);
      const program = await device.load(squarePlan(device, n));
      const x = device.allocate(4 * n);
      await device.synchronise();
      memory.limit = 2 ** 16;
      const out = device.allocate(4 * n);
      const request = { storage: out, byteOffset: 0, bytes: 16 };
      const reads = Array.from({ length: 3 }, () =>
        device.run(program, [x, out], [request]),
      ).flat();
      for (const result of await Promise.allSettled(reads)) {
        expect(result).toMatchObject({ status: "rejected", reason: expect.any(OutOfMemoryError) });
      }
      memory.limit = Number.POSITIVE_INFINITY;
      await expectWorks(device, kept);
      const next = device.allocate(4 * n);
      const [value] = device.run(program, [x, next], [{ ...request, storage: next }]);
      expect([...new Float32Array((await value) ?? new ArrayBuffer(0))]).toEqual([0, 0, 0, 0]);
    });

    it("for temporaries, load says so and leaves everything as it was", async () => {
      const { device, memory } = await open(isOwned);
      const kept = storageOf(device, [1, 2, 3]);
      const small = await device.load(squarePlan(device, 3));
      const out = device.allocate(12);
      await device.synchronise();
      const before = device.memory();
      memory.limit = 2 ** 16;
      const loading = device.load(squarePlan(device, 10 ** 6));
      await expect(loading).rejects.toThrow(OutOfMemoryError);
      await expect(loading).rejects.toThrow(/bytes/);
      expect(held(device.memory())).toEqual(held(before));
      void device.run(small, [kept, out], []);
      expect(await floats(device, out)).toEqual([5, 18, 39]);
      memory.limit = Number.POSITIVE_INFINITY;
      await device.load(squarePlan(device, 10 ** 6));
      await expectWorks(device, kept);
    });
  },
);
