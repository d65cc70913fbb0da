/** A profiled run computes what a run computes, and says how long each step took. */
import { expect, test } from "vitest";
import { matmul, softmax, type Tensor } from "../../../src/functions.ts";
import { planStep } from "../../../src/runtime/compile.ts";
import { openSharedWebgpu } from "../../support/shared-gpu.ts";

const SIZE = 256;

/** Profiles the softmax of a product; products run on the host where they are withheld. */
async function profileSoftmax(withhold: readonly "matmul"[]) {
  const device = await openSharedWebgpu({ withhold });
  const type = { dtype: "f32", shape: [SIZE, SIZE] } as const;
  const fn = (x: Tensor) => softmax(matmul(x, x));
  const plan = planStep(fn, [type], device.traits);
  const program = await device.load(plan);
  const storages = plan.bindings.map(({ bytes }) => device.allocate(bytes));
  const input = plan.bindings.findIndex(({ kind }) => kind === "input");
  const [x] = storages.slice(input);
  if (x === undefined) throw new Error("the plan must have an input");
  device.write(x, 0, new Float32Array(SIZE * SIZE).fill(0.5));
  const times = await device.profile(program, storages);
  const [result] = plan.results;
  const out = storages[result?.binding ?? -1];
  if (result === undefined || out === undefined) throw new Error("the plan must have a result");
  const bytes = await device.read(out, result.offset * 4, SIZE * SIZE * 4);
  const values = new Float32Array(bytes);
  await device.close();
  return { plan, times, values };
}

test.each([
  { name: "on the GPU", withhold: [] },
  { name: "with a step on the host", withhold: ["matmul"] as const },
])("profile times every step and computes the same, $name", async ({ withhold }) => {
  const { plan, times, values } = await profileSoftmax(withhold);
  expect(times.length).toBe(plan.steps.length);
  expect(times.every((time) => time >= 0)).toBe(true);
  const total = times.reduce((sum, time) => sum + time, 0);
  expect(total).toBeGreaterThan(0);
  expect(values.every((value) => Math.abs(value - 1 / SIZE) < 1e-6)).toBe(true);
});
