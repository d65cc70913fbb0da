/** Random loops with their gradients on every device, against their steps in float64. */
import { afterAll, describe, expect, it } from "vitest";
import type { Device } from "../../src/devices/device.ts";
import { checkScan } from "../support/scans/check-scan.ts";
import { devices, use } from "../training/open.ts";

/** The first loop and how many: a pipeline takes tens of milliseconds to compile. */
const runs = [
  ["cpu, one thread", 1001, 100],
  ["cpu, two threads", 2001, 40],
  ["webgpu", 3001, 12],
] as const;

describe.each(runs)("%s", (name, first, count) => {
  let device: Device | undefined;
  afterAll(() => device?.close());

  it(`${count} random scans and their gradients are those of their steps`, async () => {
    device = await devices[name]();
    use(device);
    const failures: string[] = [];
    for (let seed = first; seed < first + count; seed++) {
      const { form, failure } = await checkScan(seed, seed);
      if (failure !== undefined) failures.push(`--seed ${seed}: ${failure}; ${form}`);
    }
    expect(failures).toEqual([]);
  });
});
