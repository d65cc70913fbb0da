/** A closed device holds no memory, even where what was made on it lives on. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { deviceNames, openers, squarePlan } from "../support/open-devices.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Of storages, of temporaries, and of what a device has of its own. */
const DEVICE_BYTES = 48 * 2 ** 20;
const ELEMENTS = 2 ** 20;

it.each(deviceNames)(
  "12 devices on %s, opened, used and closed, are not 12 times as much",
  async (name) => {
    const kept: unknown[] = [];
    const use = async () => {
      const device = await openers[name]();
      const program = await device.load(squarePlan(device, ELEMENTS));
      const storages = [0, 1].map(() => device.allocate(4 * ELEMENTS));
      for (const storage of storages) device.write(storage, 0, new Float32Array(ELEMENTS).fill(1));
      const [out] = storages.slice(1);
      if (out === undefined) throw new Error("no storage");
      await Promise.all(device.run(program, storages, [{ storage: out, byteOffset: 0, bytes: 4 }]));
      await device.close();
      // As models and tensors that outlive their runtime keep them.
      kept.push(device, program, ...storages);
    };
    const residentBytes = async () => {
      // The threads and buffers of a device end a moment after it.
      for (let i = 0; i < 5; i++) {
        collect();
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      return process.memoryUsage().rss;
    };
    for (let i = 0; i < 4; i++) await use();
    const before = await residentBytes();
    for (let i = 0; i < 12; i++) await use();
    expect((await residentBytes()) - before).toBeLessThan(3 * DEVICE_BYTES);
    expect(kept.length).toBe(16 * 4);
  },
);
