/**
 * Random graphs over whole numbers, which f32 adds, compares and multiplies without error: the plan must give exactly
 * what the ops give one after the other, whatever is fused, viewed, packed, shared or overwritten.
 */
import { expect, it } from "vitest";
import { referenceTraits } from "../../../src/devices/reference/device.ts";
import { webgpuTraits } from "../../../src/devices/webgpu/traits.ts";
import { schedule } from "../../../src/scheduler/schedule.ts";
import { checkAliasing, checkPlan } from "../../support/check-plan.ts";
import { planned, wishOf } from "../../support/plans.ts";
import { randomWish, whole } from "../../support/random-graph.ts";
import { requestOf } from "../../support/run-graph.ts";

const GRAPHS = 300;

const forms = {
  "many operands, any view": referenceTraits,
  "aligned views": { ...referenceTraits, viewAlignment: 64 },
  "few operands, aligned views": {
    ...referenceTraits,
    viewAlignment: 64,
    maxElementwiseOperands: 4,
  },
};

it.each(Object.entries(forms))(
  "plans of random graphs give what the ops give one by one: %s",
  async (_, traits) => {
    for (let seed = 0; seed < GRAPHS; seed++) {
      try {
        await planned(randomWish(seed), traits, whole, 0);
      } catch (error) {
        throw new Error(`graph ${seed}`, { cause: error });
      }
    }
  },
  60_000,
);

it("plans of random graphs for a GPU are sound and keep WebGPU's rule on aliasing", () => {
  const faults: string[] = [];
  for (let seed = 0; seed < GRAPHS; seed++) {
    const plan = schedule(requestOf(wishOf(randomWish(seed))), webgpuTraits());
    faults.push(...[...checkPlan(plan), ...checkAliasing(plan)].map((text) => `${seed}: ${text}`));
  }
  expect(faults).toEqual([]);
}, 60_000);
