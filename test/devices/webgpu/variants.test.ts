/** Kernels that the small cases of the list do not reach: those for long rows, many outputs and several passes. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebgpuDevice } from "../../../src/devices/webgpu/device.ts";
import { webgpuTraits } from "../../../src/devices/webgpu/traits.ts";
import { ops } from "../../../src/ops/table.ts";
import type { KernelOp } from "../../../src/ops/vocabulary.ts";
import { callsOf } from "../../../src/scheduler/plan.ts";
import type { TensorType } from "../../../src/tensor/shape.ts";
import type { Case } from "../../cases/case.ts";
import { caseInputs, mapInputs } from "../../support/case-data.ts";
import { planOp } from "../../support/run-case.ts";
import { openSharedWebgpu } from "../../support/shared-gpu.ts";
import { caseError } from "../../support/webgpu-cases.ts";

/** Whatever the adapter is, it runs the kernels for both. */
let owner: WebgpuDevice;
let software: WebgpuDevice;
let asHardware: WebgpuDevice;
beforeAll(async () => {
  owner = await openSharedWebgpu();
  const withKernelsFor = (isSoftware: boolean) =>
    new WebgpuDevice(owner.gpuDevice, {
      traits: webgpuTraits({ software: isSoftware }),
      description: `the kernels for ${isSoftware ? "software" : "hardware"}`,
      isOwned: false,
      budgetBytes: 2 ** 30,
      isDebug: true,
    });
  software = withKernelsFor(true);
  asHardware = withKernelsFor(false);
});
afterAll(async () => {
  await asHardware.close();
  await software.close();
  await owner.close();
});

/** The kernels that a device's traits choose for a case. */
function kernelsOf<K extends KernelOp>(device: WebgpuDevice, op: K, of: Case<K>): string[] {
  const types = mapInputs(caseInputs(op, of), ({ type }): TensorType => type);
  const { plan } = planOp(device.traits, op, ops[op], types, of.attrs);
  return callsOf(plan.steps).map(({ call }) => call.kernel);
}

/** Expects these kernels, and a relative error of at most 1e-5 (docs/kernels.md). */
async function check<K extends KernelOp>(
  device: WebgpuDevice,
  op: K,
  of: Case<K>,
  kernels: string[],
) {
  expect(kernelsOf(device, op, of)).toEqual(kernels);
  expect(await caseError(device, op, of)).toBeLessThanOrEqual(1e-5);
}

describe("reduce", () => {
  const sum = (shape: readonly number[], axes: readonly number[]): Case<"reduce"> => ({
    name: `sum of ${shape} over ${axes}`,
    // All of one sign, so that the sum has the size of its terms.
    ins: { x: { shape, range: [0, 1] } },
    attrs: { fn: "sum", axes, keepDims: false },
  });

  test("gives long rows to workgroups on hardware, to invocations on a software adapter", async () => {
    await check(asHardware, "reduce", sum([301, 257], [1]), ["group/rows"]);
    await check(software, "reduce", sum([301, 257], [1]), ["group/rows"]);
  });

  test("makes one number in two passes", async () => {
    await check(asHardware, "reduce", sum([40, 1031], [0, 1]), ["group/rows", "group/rows"]);
    await check(asHardware, "reduce", sum([200, 1031], [0, 1]), ["group/rows", "group/rows"]);
    await check(software, "reduce", sum([40, 1031], [0, 1]), ["group/rows", "group/rows"]);
  });

  test("makes few sums of long columns in two passes", async () => {
    await check(asHardware, "reduce", sum([7, 700, 5], [0, 1]), ["group/rows", "group/rows"]);
    await check(software, "reduce", sum([7, 700, 5], [0, 1]), ["group/rows", "group/rows"]);
  });

  test("walks dimensions that do not merge", async () => {
    await check(asHardware, "reduce", sum([3, 5, 7, 11], [0, 2]), ["group/rows"]);
    const mixed: Case<"reduce"> = {
      ...sum([9, 5, 70, 3], [0, 2]),
      attrs: { fn: "max", axes: [2, 0], keepDims: true },
    };
    await check(asHardware, "reduce", mixed, ["group/rows"]);
  });
});

test("embeddingGrad shares the search for ids in a workgroup, over several tiles and blocks of features", async () => {
  const of: Case<"embeddingGrad"> = {
    name: "200 ids, 70 features",
    ins: { ids: { shape: [200], dtype: "i32", range: [-1, 10] }, g: { shape: [200, 70] } },
    attrs: { rows: 9 },
  };
  await check(asHardware, "embeddingGrad", of, ["embedding/grad_groups"]);
  await check(software, "embeddingGrad", of, ["embedding/grad_columns"]);
});

test("embeddingGrad puts ids in order where comparing them with all rows takes longer", async () => {
  const of: Case<"embeddingGrad"> = {
    name: "10,000 ids, 27,000 rows",
    ins: {
      ids: { shape: [10, 1000], dtype: "i32", range: [-3, 27_010] },
      g: { shape: [10, 1000, 3] },
    },
    attrs: { rows: 27_000 },
  };
  const merges = new Array(7).fill("sort/merge");
  await check(asHardware, "embeddingGrad", of, ["sort/runs", ...merges, "embedding/grad_sorted"]);
});

test("the same run twice gives the same bits", async () => {
  const of: Case<"reduce"> = {
    name: "a sum of both signs",
    ins: { x: { shape: [1031, 41] } },
    attrs: { fn: "sum", axes: [0, 1], keepDims: false },
  };
  const errors = [
    await caseError(asHardware, "reduce", of),
    await caseError(asHardware, "reduce", of),
  ];
  expect(errors[0]).toBe(errors[1]);
});
