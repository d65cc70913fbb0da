import { describe, expect, test } from "vitest";
import { compareReports, describeComparison, parseReport } from "../../bench/compare/compare.ts";
import { renderReport } from "../../bench/report/html.ts";
import type { MeasuredRow, Report, Row } from "../../bench/runner/rows.ts";
import { withShares } from "../../bench/runner/shares.ts";

function measured(name: string, medianMs: number, more: Partial<MeasuredRow> = {}): MeasuredRow {
  return {
    outcome: "measured",
    case: name,
    kind: "matmul",
    engine: "gradgpu-cpu",
    device: "cpu",
    runner: "chrome",
    medianMs,
    minMs: 0.97 * medianMs,
    p90Ms: 1.05 * medianMs,
    samples: 7,
    runsPerSample: 1,
    isChecked: true,
    ...more,
  };
}

function report(rows: readonly Row[]): Report {
  return {
    format: 1,
    gradgpu: "0.1.0",
    startedAt: "2026-11-23T20:00:00.000Z",
    runner: "chrome",
    machine: { cpu: "a CPU", cores: 2, system: "Linux" },
    host: "Chrome/1",
    engines: [],
    rounds: 7,
    limitSeconds: 60,
    isComplete: true,
    rows,
  };
}

describe("comparing two runs", () => {
  test("a row is slower where it exceeds the noise, and not before", () => {
    const base = report([measured("a", 10), measured("b", 10), measured("c", 10)]);
    const now = report([measured("a", 10.8), measured("b", 15), measured("c", 5)]);
    const found = compareReports(base, now);
    expect(found.slower.map(({ key }) => key)).toEqual(["b gradgpu-cpu chrome"]);
    expect(found.faster.map(({ key }) => key)).toEqual(["c gradgpu-cpu chrome"]);
    expect(found.unchanged).toBe(1);
  });

  test("a row whose rounds vary by a factor of two is not slower at a factor of 1.5", () => {
    const noisy = { minMs: 5, p90Ms: 20 };
    const found = compareReports(
      report([measured("a", 10, noisy)]),
      report([measured("a", 15, noisy)]),
    );
    expect(found.slower).toEqual([]);
  });

  test("what can no longer be measured is told with the reason", () => {
    const { outcome: _, ...head } = measured("a", 10);
    const broken: Row = { ...head, outcome: "failed", why: "no kernel" };
    const text = describeComparison(compareReports(report([measured("a", 10)]), report([broken])));
    expect(text).toContain("no longer measured: 1");
    expect(text).toContain("no kernel");
  });

  test("a software adapter's row is never compared with a GPU's", () => {
    const gpu = measured("a", 1, {
      device: "webgpu",
      engine: "gradgpu-webgpu",
      isFallbackAdapter: false,
    });
    const found = compareReports(
      report([gpu]),
      report([{ ...gpu, medianMs: 100, isFallbackAdapter: true }]),
    );
    expect(found.slower).toEqual([]);
    expect(found.added).toEqual(["a gradgpu-webgpu software chrome"]);
  });

  test("another machine is a warning", () => {
    const other = { ...report([]), machine: { cpu: "another", cores: 2, system: "Linux" } };
    expect(compareReports(report([]), other).warnings).toEqual([
      "the CPU differs: a CPU then, another now",
    ]);
  });

  test("a file that is no report is refused", () => {
    expect(() => parseReport("null", "x.json")).toThrow("x.json: is no report");
  });
});

describe("a report", () => {
  test("gives the share of what the bare loop reached on the same device", () => {
    const [, row] = withShares([
      measured("fma", 1, { engine: "limit-wasm", gflops: 100 }),
      measured("a", 1, { gflops: 80 }),
    ]);
    expect(row).toMatchObject({ shareOfPeak: 0.8 });
  });

  test("is one page that names what could not be done and runs nothing that an error says", () => {
    const { outcome: _, ...head } = measured("cnn-train-b64", 1, { engine: "tfjs-wasm" });
    const why = "no kernel <script>alert(1)</script>";
    const html = renderReport(
      report([measured("cnn-train-b64", 3), { ...head, outcome: "cannot", why }]),
    );
    expect(html).toContain("no kernel &lt;script&gt;");
    expect(html).not.toContain("<script");
    expect(html).toContain("cnn-train-b64");
  });

  test("marks a software adapter", () => {
    const row = measured("a", 1, { device: "webgpu", isFallbackAdapter: true });
    expect(renderReport(report([row]))).toContain("say nothing about GPUs");
  });
});
