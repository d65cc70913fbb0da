/** Sums over the rows of a walk, on as many threads as there may be, against the ops one by one. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openCpuDevice } from "../../../src/devices/cpu/index.ts";
import { cpuTraits } from "../../../src/devices/cpu/traits.ts";
import type { Device } from "../../../src/devices/device.ts";
import { max, square, sum, type Tensor } from "../../../src/functions.ts";
import { callsOf } from "../../../src/scheduler/plan.ts";
import { normGradients } from "../../support/norm-gradients.ts";
import { input, labels, planned } from "../../support/plans.ts";

/** A sum of a hundred products of numbers around 1, as f32. */
const TOLERANCE = 2e-5;

describe("all gradients of a norm on the cpu device", () => {
  let device: Device;
  beforeAll(async () => {
    device = await openCpuDevice({ threads: 2, parallelBytes: 0 });
  });
  afterAll(() => device.close());

  const planOf = (outputs: readonly Tensor[]) =>
    planned({ outputs }, cpuTraits, () => [-1, 1] as const, TOLERANCE, device);
  const kernels = async (outputs: readonly Tensor[]) =>
    callsOf((await planOf(outputs)).steps).map(({ call }) => call.kernel);

  it.each([
    [[32], 16],
    [[100], 40],
    [[33], 17],
    [[7, 9], 131],
    [[257], 50],
  ])("is one walk over the rows of %j with %i features, and its parts", async (lead, features) => {
    const plan = await planOf(normGradients([...lead, features]));
    expect(new Set(labels(plan)).size).toBe(1);
    expect(callsOf(plan.steps).map(({ call }) => call.kernel)).toEqual(["rows", "columns"]);
  });

  it("is a walk each where rows are few, or short", async () => {
    expect(new Set(labels(await planOf(normGradients([9, 40])))).size).toBe(2);
    expect(new Set(labels(await planOf(normGradients([100, 7])))).size).toBe(2);
  });

  it("goes with what is the same for a row", async () => {
    const x = input("x", [64, 48]);
    const outputs = [max(x, { axis: 1 }), sum(square(x), { axis: 0 })];
    expect(await kernels(outputs)).toEqual(["rows", "columns"]);
  });
});
