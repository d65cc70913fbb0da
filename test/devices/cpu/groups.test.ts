/** Random groups on every form of the cpu device, against the reference; `npm run fuzz:groups` runs as many as one likes. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openCpuDevice } from "../../../src/devices/cpu/index.ts";
import type { Device } from "../../../src/devices/device.ts";
import { checkGroup } from "../../support/groups/check-group.ts";
import { randomGroup } from "../../support/groups/random-group.ts";

const forms = [
  { name: "one thread with relaxed SIMD", count: 600, options: { threads: 1 } },
  {
    name: "one thread with plain SIMD",
    count: 300,
    options: { threads: 1, relaxedSimd: false },
  },
  { name: "two threads", count: 400, options: { threads: 2, parallelBytes: 0 } },
  { name: "memory that is not shared", count: 200, options: { shared: false } },
];

describe.each(forms)("groups on the cpu device: $name", ({ count, options }) => {
  let device: Device;
  beforeAll(async () => {
    device = await openCpuDevice(options);
  });
  afterAll(() => device.close());

  it(`${count} random groups give what the reference gives, and write nowhere else`, async () => {
    const failures: string[] = [];
    let taken = 0;
    for (let seed = 1; seed <= count; seed++) {
      const wrong = await checkGroup(device, randomGroup(seed), seed);
      if (wrong !== undefined) taken++;
      for (const one of wrong ?? []) failures.push(`seed ${seed}: ${one}`);
    }
    // What a device leaves apart is not looked at.
    expect(taken).toBeGreaterThan(0.8 * count);
    expect(failures).toEqual([]);
  }, 60_000);

  it("adds up what rows hold before something of it is overwritten", async () => {
    // A number for each row, an input overwritten element by element, and sums over the rows of what is made of it.
    const group = randomGroup(20261827);
    const { stores } = group.program;
    expect(stores.some(({ isTotal }) => isTotal)).toBe(true);
    expect(group.outputs.some(({ inPlace }) => inPlace !== undefined)).toBe(true);
    expect(await checkGroup(device, group, 20261827)).toEqual([]);
  });
});
