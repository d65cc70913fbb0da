import { expect, it } from "vitest";
import { describeOthers, elsewhere, othersTable } from "../../bench/report/others.ts";
import type { MeasuredRow, Report } from "../../bench/runner/rows.ts";

const row = (
  name: string,
  engine: string,
  medianMs: number,
  more: Partial<MeasuredRow> = {},
): MeasuredRow => ({
  case: name,
  kind: "matmul",
  engine,
  device: "cpu",
  runner: "chrome",
  outcome: "measured",
  medianMs,
  minMs: medianMs,
  p90Ms: medianMs,
  samples: 3,
  runsPerSample: 1,
  isChecked: true,
  ...more,
});

const report = (cpu: string, rows: readonly MeasuredRow[]): Report => ({
  format: 1,
  gradgpu: "0.1.0",
  startedAt: "2026-01-01T00:00:00.000Z",
  runner: "chrome",
  machine: { cpu, cores: 2, system: "Linux" },
  host: "Chrome",
  engines: [],
  rounds: 3,
  limitSeconds: 60,
  isComplete: true,
  rows,
});

const here = report("mine", [
  row("a", "gradgpu-cpu", 2),
  row("b", "gradgpu-webgpu", 4, { isFallbackAdapter: true }),
]);
const there = report("theirs", [
  row("a", "gradgpu-cpu", 3, { threads: 8 }),
  row("a", "tfjs-wasm", 9, { threads: 2 }),
  row("a", "tfjs-wasm", 8, { threads: 1 }),
  row("b", "gradgpu-webgpu", 1, { isFallbackAdapter: false }),
  row("c", "gradgpu-cpu", 1),
]);

it("a run stands beside those of other machines, peers included, hardware and software apart", () => {
  const found = elsewhere(here, [there]).map((one) => [
    one.case,
    one.engine,
    one.hereMs,
    one.thereMs,
  ]);
  expect(found).toEqual([
    ["a", "gradgpu-cpu (8t)", 2, 3],
    ["a", "tfjs-wasm (2t)", undefined, 9],
    ["a", "tfjs-wasm (1t)", undefined, 8],
    ["b", "gradgpu-webgpu", undefined, 1],
  ]);
  expect(describeOthers(here, [there])).toEqual([
    "  a gradgpu-cpu (8t): 2 ms here, 3 ms on theirs, 2 cores, chrome (× 1.5)",
  ]);
  expect(othersTable(here, [there])).toContain("<td>tfjs-wasm (2t)</td><td></td><td>9 ms</td>");
  expect(othersTable(here, [])).toBe("");
});
