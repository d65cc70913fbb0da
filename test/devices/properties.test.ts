/** Properties of verbs: whatever shapes and options they are called with, they are what they mean, and so are their gradients. */
import { afterAll, beforeAll, describe, it } from "vitest";
import type { Device } from "../../src/devices/device.ts";
import { checkVerb, VERBS } from "../support/properties/index.ts";
import { devices, use } from "../training/open.ts";

/** A verb's pipelines take a software GPU tenths of a second to compile. */
const RUNS = { "cpu, one thread": 30, "cpu, two threads": 5, webgpu: 4 } as const;

describe.each(Object.entries(RUNS))("%s and the float64 reference", (name, runs) => {
  let device: Device;
  beforeAll(async () => {
    device = await devices[name as keyof typeof RUNS]();
    use(device);
  });
  afterAll(() => device.close());

  it.each(VERBS)(`${runs} calls of %s`, async (verb) => {
    await checkVerb(verb, 1, runs);
  });
});
