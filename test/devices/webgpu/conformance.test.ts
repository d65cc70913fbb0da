/**
 * Every case of every op on SwiftShader, with the kernels that are chosen for a software adapter and with those that
 * are chosen for hardware.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { referenceKernels } from "../../../src/devices/reference/table.ts";
import { WebgpuDevice } from "../../../src/devices/webgpu/device.ts";
import { openWebgpuDevice } from "../../../src/devices/webgpu/open.ts";
import { webgpuTraits } from "../../../src/devices/webgpu/traits.ts";
import type { KernelOp } from "../../../src/ops/vocabulary.ts";
import type { Case } from "../../cases/case.ts";
import { caseTable } from "../../cases/index.ts";
import { caseError } from "../../support/webgpu-cases.ts";

/** RELIABILITY: relative L2 ≤ 1e-5. */
const TOLERANCE = 1e-5;

let software: WebgpuDevice;
let asHardware: WebgpuDevice;
let cases = 0;

beforeAll(async () => {
  software = await openWebgpuDevice({ software: true });
  const { gpuDevice } = software;
  asHardware = new WebgpuDevice(gpuDevice, {
    traits: webgpuTraits({ software: false, limits: gpuDevice.limits }),
    description: "SwiftShader with the kernels for hardware",
    isOwned: false,
    budgetBytes: 2 ** 30,
    isDebug: true,
  });
});
afterAll(async () => {
  console.log(`${cases} cases on ${software.description}`);
  await asHardware.close();
  await software.close();
});

// The table is total over the kernels' ops: its keys are their names. Scans and layers that are walked together are
// tested as plans: in devices/scan, in layers.test.ts, and in conformance/.
const kernelOps = Object.keys(referenceKernels) as KernelOp[];
for (const op of kernelOps) {
  describe(op, () => {
    for (const of of caseTable[op] as readonly Case<KernelOp>[]) {
      test(of.name, async () => {
        for (const device of [software, asHardware]) {
          const error = await caseError(device, op, of);
          expect(error, device.description).toBeLessThanOrEqual(of.tolerance ?? TOLERANCE);
          cases++;
        }
      });
    }
  });
}
