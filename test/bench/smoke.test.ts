import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { Report } from "../../bench/runner/rows.ts";

const repository = fileURLToPath(new URL("../..", import.meta.url));

test("a short run in Node leaves rows and a page", () => {
  const json = join(mkdtempSync(join(tmpdir(), "gradgpu-bench-")), "report.json");
  const only = "cnn-train-b1,plan-compile-lstm,bundle-size";
  execFileSync(
    process.execPath,
    [
      ...["--import", "tsx", "--conditions=gradgpu-source", "bench/runner/cli.ts"],
      ...["--runner", "node", "--engines", "gradgpu-cpu", "--only", only],
      ...["--rounds", "2", "--smoke", "--json", json],
    ],
    { cwd: repository, stdio: "pipe" },
  );
  const report = JSON.parse(readFileSync(json, "utf8")) as Report;
  expect(report.isComplete).toBe(true);
  expect(report.rows.map(({ outcome }) => outcome)).toContain("measured");
  const step = report.rows.find((row) => row.case === "cnn-train-b1");
  expect(step).toMatchObject({ outcome: "measured", samples: 2, runner: "node", device: "cpu" });
  expect(readFileSync(json.replace(".json", ".html"), "utf8")).toContain("cnn-train-b1");
});
