import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openCpuDevice } from "../../../src/devices/cpu/index.ts";
import type { Device } from "../../../src/devices/device.ts";
import type { OpName } from "../../../src/ops/vocabulary.ts";
import type { Case } from "../../cases/case.ts";
import { caseTable } from "../../cases/index.ts";
import { caseError } from "../../support/webgpu-cases.ts";

const entries = Object.entries(caseTable) as [OpName, readonly Case<OpName>[]][];

// parallelBytes 0: the cases are small, and would otherwise never leave the first thread.
describe.each([
  { threads: 1, relaxedSimd: true },
  { threads: 1, relaxedSimd: false },
  { threads: 2, relaxedSimd: true, parallelBytes: 0 },
  { threads: 3, relaxedSimd: false, parallelBytes: 0 },
  { shared: false, relaxedSimd: true },
])("the cpu device, %o", (options) => {
  let device: Device;
  beforeAll(async () => {
    device = await openCpuDevice(options);
  });
  afterAll(() => device.close());

  it.each(entries)("gives what the float64 reference gives: %s", async (op, cases) => {
    for (const of of cases) {
      expect(await caseError(device, op, of), of.name).toBeLessThanOrEqual(of.tolerance ?? 1e-5);
    }
  });

  it("holds no memory afterwards", () => {
    expect(device.memory()).toEqual({ bytes: 0, buffers: 0 });
  });
});
