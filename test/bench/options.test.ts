import { describe, expect, test } from "vitest";
import { parseOptions, withOurs } from "../../bench/runner/options.ts";

describe("the command line", () => {
  test("of the issue is understood", () => {
    const line = "--only lstm-train --engines gradgpu-cpu,tfjs-wasm --rounds 5 --json FILE";
    expect(parseOptions(line.split(" "))).toMatchObject({
      only: ["lstm-train"],
      engines: ["gradgpu-cpu", "tfjs-wasm"],
      rounds: 5,
      json: "FILE",
      runner: "chrome",
      limitSeconds: 60,
    });
  });

  test("without arguments measures everything in Chrome", () => {
    expect(parseOptions([])).toMatchObject({ only: [], engines: [], runner: "chrome", rounds: 7 });
  });

  test("refuses engines, runners and numbers that there are not", () => {
    expect(() => parseOptions(["--engines", "tensorflow"])).toThrow('no "tensorflow"');
    expect(() => parseOptions(["--runner", "deno"])).toThrow("chrome or node");
    expect(() => parseOptions(["--rounds", "0"])).toThrow("above 0");
    expect(() => parseOptions(["--round", "3"])).toThrow();
  });

  test("a peer brings ours on its device along, to be checked against and compared with", () => {
    expect(withOurs(["torch"])).toEqual(["gradgpu-cpu", "torch"]);
    expect(withOurs(["ort-webgpu", "gradgpu-cpu"])).toEqual([
      "gradgpu-webgpu",
      "ort-webgpu",
      "gradgpu-cpu",
    ]);
  });
});
