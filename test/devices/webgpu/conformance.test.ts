/**
 * Every case of every op with the kernels that are chosen for hardware, on SwiftShader, each op by itself; with those for
 * a software adapter the cases run in conformance/webgpu.test.ts.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { referenceKernels } from "../../../src/devices/reference/table.ts";
import type { KernelOp } from "../../../src/ops/vocabulary.ts";
import type { Case } from "../../cases/case.ts";
import { caseTable } from "../../cases/index.ts";
import { type HardwareKernels, openHardwareKernels } from "../../support/hardware-kernels.ts";
import { caseError } from "../../support/webgpu-cases.ts";

/** docs/kernels.md: relative L2 ≤ 1e-5. */
const TOLERANCE = 1e-5;

let kernels: HardwareKernels;
beforeAll(async () => {
  kernels = await openHardwareKernels();
});
afterAll(() => kernels.close());

// The table is total over the kernels' ops: its keys are their names. Scans and layers that are walked together are
// tested as plans: in devices/scan, in recurrent-layers.test.ts, and in conformance/.
const kernelOps = Object.keys(referenceKernels) as KernelOp[];
describe.each(kernelOps)("%s", (op) => {
  test.each(caseTable[op] as readonly Case<KernelOp>[])("$name", async (of) => {
    const error = await caseError(kernels.device, op, of);
    expect(error).toBeLessThanOrEqual(of.tolerance ?? TOLERANCE);
  });
});
