import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Summary } from "../../examples/quickstart/summary.ts";
import { startNode } from "./run-node.ts";

const MAIN = "examples/quickstart/main.ts";

describe("npm start", () => {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "gradgpu-quickstart-"));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });
  const start = (...args: readonly string[]) => startNode(MAIN, args, folder);

  test("--help lists the options and trains nothing", async () => {
    const { code, stdout } = await start("--help").ended;
    expect(code).toBe(0);
    for (const flag of ["--device", "--quick", "--seed", "--help"]) expect(stdout).toContain(flag);
    expect(stdout).not.toContain("Device:");
  });

  test("an unknown option ends with 2 and names the one that was meant", async () => {
    const { code, stderr } = await start("--quik").ended;
    expect(code).toBe(2);
    expect(stderr).toContain("Unknown option --quik. Did you mean --quick?");
  });

  test("--quick on the cpu device learns, says that it is quick, and leaves report and summary", async () => {
    const { code, stdout, stderr } = await start("--quick", "--device", "cpu", "--seed", "7").ended;
    expect(`${code} ${stderr}`).toMatch(/^0 /);
    expect(stdout).toContain("Device: cpu (");
    expect(stdout).toContain("A quick run");
    const summary: Summary = JSON.parse(await readFile(join(folder, "out/summary.json"), "utf8"));
    expect(summary.device).toBe("cpu");
    expect(summary.digits.testAccuracy).toBeGreaterThan(0.85);
    expect(summary.digits.steps).toBeGreaterThan(0);
    // Untrained it is log2 of some 90 characters, 6.5.
    expect(summary.text.bitsPerChar).toBeLessThan(4.5);
    expect(summary.text.trigramBitsPerChar).toBeGreaterThan(2);
    expect(summary.text.sample.length).toBeGreaterThan(20);
    const report = await readFile(join(folder, "out/report.html"), "utf8");
    expect(report).toContain("A quick run on part of the data");
    expect(report).toContain("seed 7");
    expect(report).not.toMatch(/NaN|undefined|src="http/);
  });

  test("Ctrl-C stops after the running step, says what was reached and exits 130", async () => {
    const running = start("--device", "cpu");
    await running.wrote(/step \d+\/2811/);
    running.process.kill("SIGINT");
    const { code, stderr } = await running.ended;
    expect(code).toBe(130);
    const [, stopped] = /digits: stopped after step (\d+) of 2811, loss \d/.exec(stderr) ?? [];
    expect(Number(stopped)).toBeGreaterThan(0);
    expect(stderr).toContain("npm start -- --resume");
    expect(existsSync(join(folder, "out/report.html"))).toBe(false);
    // A little later, with the steps that were under way.
    const again = start("--device", "cpu", "--resume");
    await again.wrote(/step \d+\/2811/);
    again.process.kill("SIGKILL");
    const later = await again.ended;
    const [, first] = /step (\d+)\/2811/.exec(later.stderr) ?? [];
    expect(Number(first)).toBeGreaterThan(Number(stopped));
    expect(Number(first)).toBeLessThan(Number(stopped) + 400);
  });
});
