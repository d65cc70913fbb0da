/** Random groups as WGSL, with the kernels for hardware and those for software; `npm run fuzz:groups` runs as many as one likes. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Device } from "../../../src/devices/device.ts";
import { openWebgpuDevice } from "../../../src/devices/webgpu/open.ts";
import { checkGroup } from "../../support/groups/check-group.ts";
import { randomGroup } from "../../support/groups/random-group.ts";
import { openHardwareKernels } from "../../support/hardware-kernels.ts";

interface Opened {
  readonly device: Device;
  close(): Promise<void>;
}

const forms = [
  { name: "kernels for hardware", first: 1, open: openHardwareKernels },
  { name: "kernels for software", first: 1001, open: openSoftware },
];

async function openSoftware(): Promise<Opened> {
  const device = await openWebgpuDevice({ software: true });
  return { device, close: () => device.close() };
}

/** Each is a pipeline or two, which SwiftShader compiles in a tenth of a second to half of one. */
const COUNT = 60;

describe.each(forms)("groups on a GPU: $name", ({ first, open }) => {
  let opened: Opened;
  beforeAll(async () => {
    opened = await open();
  });
  afterAll(() => opened.close());

  it(`${COUNT} random groups give what the reference gives, and write nowhere else`, async () => {
    const failures: string[] = [];
    for (let seed = first; seed < first + COUNT; seed++) {
      const wrong = await checkGroup(opened.device, randomGroup(seed), seed);
      for (const one of wrong ?? []) failures.push(`seed ${seed}: ${one}`);
    }
    expect(failures).toEqual([]);
  }, 120_000);
});
