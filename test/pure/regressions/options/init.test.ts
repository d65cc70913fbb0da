/** Options of init that are none, or out of range. */
import { beforeAll, describe, expect, test } from "vitest";
import { ArgumentError, init } from "../../../../src/index.ts";
import { openCounting } from "../../runtime/open.ts";
import { loose } from "./loose.ts";

beforeAll(() => {
  openCounting();
});

describe("init", () => {
  const refused: readonly [what: string, options: unknown, says: RegExp][] = [
    ['"webgpu"', "webgpu", /options must be a record.*device: "webgpu"/],
    ["{ backend }", { backend: "cpu" }, /got "backend". Did you mean device\?/],
    ["{ gpu: true }", { gpu: true }, /got "gpu". Did you mean device\?/],
    ["{ memory_budget }", { memory_budget: 1e9 }, /Did you mean memoryBudget\?/],
    ["{ thread }", { thread: 2 }, /Did you mean threads\?/],
    ["null", null, /options must be a record/],
    ["a list", [], /options must be a record/],
    ["42", 42, /options must be a record/],
    ["threads -3", { threads: -3 }, /threads must be a whole number.*; got -3/],
    ["threads 0", { threads: 0 }, /threads must be/],
    ["threads 1.5", { threads: 1.5 }, /threads must be/],
    ['threads "2"', { threads: "2" }, /threads must be.*got "2"/],
    ["threads NaN", { threads: Number.NaN }, /threads must be.*got NaN/],
    ["seed NaN", { seed: Number.NaN }, /seed must be a finite number; got NaN/],
    ["a text as the seed", { seed: "1" }, /seed must be a finite number; got "1"/],
    ["memoryBudget 0", { memoryBudget: 0 }, /memoryBudget must be a number above 0/],
    ["memoryBudget -1", { memoryBudget: -1 }, /memoryBudget must be/],
    ["a text as the budget", { memoryBudget: "1 GB" }, /memoryBudget must be/],
    ["device 42", { device: 42 }, /device must be "auto", "webgpu", "cpu"/],
    ["device null", { device: Symbol("cpu") }, /device must be/],
    ['device "gpu"', { device: "gpu" }, /device must be.*got "gpu"/],
    ["device {}", { device: {} }, /device must be/],
  ];
  test.each(refused)("%s is refused", async (_, options, says) => {
    const opened = loose(init)(options) as Promise<unknown>;
    await expect(opened).rejects.toThrow(ArgumentError);
    await expect(loose(init)(options)).rejects.toThrow(says);
  });
});
