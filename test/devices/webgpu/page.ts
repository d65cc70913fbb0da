/** Runs in the browser: cases on the page's own WebGPU. */
import { openWebgpuDevice, type WebgpuDevice } from "../../../src/devices/webgpu/index.ts";
import type { OpName } from "../../../src/ops/vocabulary.ts";
import type { Case } from "../../cases/case.ts";
import { caseTable } from "../../cases/index.ts";
import { caseError } from "../../support/webgpu-cases.ts";

/** RELIABILITY: relative L2 ≤ 1e-5. */
const TOLERANCE = 1e-5;

let opening: Promise<WebgpuDevice> | undefined;

/** How many cases of `op` ran on which adapter, and what was wrong with those that failed. */
export async function runCases(op: OpName) {
  opening ??= openWebgpuDevice({ software: true });
  const device = await opening;
  const failures: string[] = [];
  const cases = caseTable[op] as readonly Case<OpName>[];
  for (const of of cases) {
    const allowed = of.tolerance ?? TOLERANCE;
    const error = await caseError(device, op, of).catch(String);
    if (typeof error === "string" || !(error <= allowed)) {
      failures.push(`${of.name}: ${error}, allowed ${allowed}`);
    }
  }
  return { adapter: device.description, ran: cases.length, failures };
}
