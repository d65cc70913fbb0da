/** Random recurrent networks, whose layers are walked together, with the kernels for hardware on SwiftShader. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cellWalks } from "../../../src/devices/webgpu/lowering/walk/index.ts";
import { type HardwareKernels, openHardwareKernels } from "../../support/hardware-kernels.ts";
import { labels, planned } from "../../support/plans.ts";
import { step, steps } from "../../support/recurrent-modes.ts";
import { recurrentStack } from "../../support/recurrent-stacks.ts";

const STACKS = 16;
const modes = [step, steps];

/** Sums of a dozen terms a step, through up to three layers and back: see cell-walks.test.ts. */
const TOLERANCE = 2e-5;

describe.each(modes)("in the mode $kind", (mode) => {
  let kernels: HardwareKernels;
  beforeAll(async () => {
    kernels = await openHardwareKernels({
      instead: (target) => ({ walks: cellWalks(target, () => mode) }),
    });
  });
  afterAll(() => kernels.close());

  it("layers that are walked together give what they give one by one", async () => {
    const found = new Set<string>();
    const { device } = kernels;
    for (let seed = 1; seed <= STACKS; seed++) {
      const stack = recurrentStack(seed);
      // In one dispatch for all steps a stack is walked layer by layer, which other tests are about.
      if (mode.kind === "steps" && stack.isStacked) continue;
      const range = (name: string): [number, number] =>
        name === "lengths" ? [0, stack.steps + 1] : [-1, 1];
      const wish = { outputs: stack.outputs };
      const plan = await planned(wish, device.traits, range, TOLERANCE, device).catch((error) => {
        throw new Error(`stack ${seed}: ${stack.name}`, { cause: error });
      });
      for (const label of labels(plan)) found.add(label);
    }
    const all = ["recurrence × 2", "recurrenceGrad × 2"];
    if (mode.kind === "step") all.push("recurrence × 3");
    expect([...found]).toEqual(expect.arrayContaining(all));
  });
});
