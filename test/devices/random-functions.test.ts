/** Random functions with their gradients: thousands of graphs on every device against float64. */
import { afterAll, describe, expect, it } from "vitest";
import type { Device } from "../../src/devices/device.ts";
import { CheckedFunction } from "../support/graphs/check-function.ts";
import { STEP_NAMES } from "../support/graphs/random-function.ts";
import { openHardwareKernels } from "../support/hardware-kernels.ts";
import { devices, use } from "../training/open.ts";

interface Run {
  readonly open: () => Promise<Device>;
  readonly close?: () => Promise<void>;
  /** The first structure, how many of them, and how many functions of each. */
  readonly first: number;
  readonly structures: number;
  readonly each: number;
}

let hardware: Awaited<ReturnType<typeof openHardwareKernels>> | undefined;

const runs: Readonly<Record<string, Run>> = {
  "cpu, one thread": { open: devices["cpu, one thread"], first: 1, structures: 375, each: 4 },
  "cpu, two threads": { open: devices["cpu, two threads"], first: 1001, structures: 125, each: 4 },
  // A pipeline takes tens of milliseconds to compile: more data for each structure.
  webgpu: { open: devices.webgpu, first: 2001, structures: 30, each: 20 },
  "webgpu, a GPU's kernels": {
    async open() {
      hardware = await openHardwareKernels();
      return hardware.device;
    },
    first: 3001,
    structures: 20,
    each: 20,
  },
};

describe.each(Object.entries(runs))("%s", (_, { open, first, structures, each }) => {
  let device: Device | undefined;
  afterAll(async () => {
    await (device === hardware?.device ? hardware?.close() : device?.close());
  });

  it(`${structures * each} random functions and their gradients are those of float64`, async () => {
    device = await open();
    use(device);
    const failures: string[] = [];
    const reached = new Set<string>();
    for (let structure = first; structure < first + structures; structure++) {
      const checked = new CheckedFunction(structure);
      for (let data = 0; data < each; data++) {
        const { ops, failure } = await checked.check(data);
        for (const op of ops) reached.add(op);
        if (failure !== undefined)
          failures.push(`--seed ${structure} --data ${data}: ${failure}; ${ops.join(" ")}`);
      }
      checked.dispose();
    }
    expect(failures).toEqual([]);
    // The functions reach what they are made of.
    if (structures > 100) expect([...reached].sort()).toEqual([...STEP_NAMES].sort());
  });
});
