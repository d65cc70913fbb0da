/** Runs in the browser: every case on the cpu device, and whether the page stays free meanwhile. */
import { type CpuOptions, openCpuDevice } from "../../../src/devices/cpu/index.ts";
import { ops } from "../../../src/ops/table.ts";
import type { OpName } from "../../../src/ops/vocabulary.ts";
import type { Case } from "../../cases/case.ts";
import { caseTable } from "../../cases/index.ts";
import { planOp } from "../../support/run-case.ts";
import { caseError } from "../../support/webgpu-cases.ts";

export async function runCases(options: CpuOptions) {
  const device = await openCpuDevice(options);
  const failures: string[] = [];
  let count = 0;
  for (const [op, cases] of Object.entries(caseTable) as [OpName, readonly Case<OpName>[]][]) {
    for (const of of cases) {
      count++;
      const error = await caseError(device, op, of);
      if (!(error <= (of.tolerance ?? 1e-5))) failures.push(`${op}: ${of.name}: ${error}`);
    }
  }
  const { description } = device;
  await device.close();
  return { description, isIsolated: crossOriginIsolated, count, failures };
}

/** The longest time between two timers of the page while the device works, in milliseconds, and the work's. */
export async function longestPause(options: CpuOptions) {
  const device = await openCpuDevice(options);
  const x = { dtype: "f32", shape: [1 << 20] } as const;
  const { plan } = planOp(device.traits, "unary", ops.unary, { x }, { fn: "tanh" });
  const storages = plan.bindings.map(({ bytes }) => device.allocate(bytes));
  const program = await device.load(plan);
  for (let i = 0; i < 100; i++) void device.run(program, storages, []);
  const startMs = performance.now();
  let lastMs = startMs;
  let pauseMs = 0;
  const timer = setInterval(() => {
    const now = performance.now();
    pauseMs = Math.max(pauseMs, now - lastMs);
    lastMs = now;
  }, 1);
  await device.synchronise();
  clearInterval(timer);
  await device.close();
  return { pauseMs, workMs: performance.now() - startMs };
}
