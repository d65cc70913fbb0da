import { describe, expect, test } from "vitest";
import { allCases, chooseCases } from "../../bench/cases/index.ts";
import { inputsOf } from "../../bench/cases/inputs.ts";
import { checksum, floats, integers } from "../../bench/cases/random.ts";
import { smokeCases } from "../../bench/cases/smoke.ts";

const names = allCases.map(({ name }) => name);

describe("the cases", () => {
  test("are named as the issue names them", () => {
    for (const name of [
      "cnn-train-b64",
      "lstm-train-b32-t32-i64-h128-l1",
      "lstm-forward-b128-t16-i128-h512-l2",
      "lstm-train-sequential-mnist",
      "gru-train-b32-t32-i64-h128-l1",
      "matmul-1024-nn",
      "matmul-2048-tn",
      "conv-forward-28x28x16x32",
      "conv-filter-grad-56x56x64x128-stride2",
      "adam-10m",
      "transformer-train-b32-t128-d128-h4",
      "embedding-50000x128",
      "copy-64mb",
      "fma",
      "tbptt-100000",
    ]) {
      expect(names).toContain(name);
    }
  });

  test("have each name once", () => {
    expect(new Set(names).size).toBe(names.length);
  });

  test("of a step that is a point of a growth curve, too, are one case that says so", () => {
    const found = allCases.find(({ name }) => name === "lstm-train-b32-t128-i64-h128-l1");
    expect(found?.growth).toEqual({ curve: "lstm time steps", at: 128 });
  });

  test("are chosen by prefix or by group", () => {
    expect(chooseCases(["matmul-1024"]).map(({ name }) => name)).toEqual([
      "matmul-1024-nn",
      "matmul-1024-nt",
      "matmul-1024-tn",
    ]);
    expect(chooseCases(["overheads"]).map(({ kind }) => kind)).toContain("overhead");
    expect(chooseCases([])).toHaveLength(allCases.length);
  });

  test("that do not exist are an error that names the list", () => {
    expect(() => chooseCases(["lsmt"])).toThrow('no case\'s name begins with "lsmt"');
  });

  test("say how much arithmetic an LSTM step is", () => {
    const step = allCases.find(({ name }) => name === "lstm-train-b32-t32-i64-h128-l1");
    // 3 × 2 · T · B · 4H · (I + H), the 0.6 GFLOP of the machine notes.
    expect(step?.flops).toBe(3 * 2 * 32 * 32 * 4 * 128 * (64 + 128));
  });
});

describe("the inputs", () => {
  test("are the same numbers at every call, in the range that was asked for", () => {
    const numbers = floats(3, 1000, 0.5);
    expect(floats(3, 1000, 0.5)).toEqual(numbers);
    expect(Math.max(...numbers)).toBeLessThan(0.5);
    expect(Math.min(...numbers)).toBeGreaterThanOrEqual(-0.5);
    expect(Math.abs(numbers.reduce((sum, x) => sum + x, 0) / 1000)).toBeLessThan(0.05);
    expect(floats(4, 1000, 0.5)).not.toEqual(numbers);
  });

  test("are whole numbers below the limit where they are labels", () => {
    const labels = integers(2, 500, 10);
    expect(new Set(labels).size).toBe(10);
    expect(Math.max(...labels)).toBe(9);
  });

  test("fit the shapes that they are said to have", () => {
    for (const benchCase of smokeCases) {
      for (const { shape, data } of Object.values(inputsOf(benchCase))) {
        expect(data.length).toBe(shape.reduce((n, d) => n * d, 1));
      }
    }
  });

  test("begin as pytorch.py's do", () => {
    // Printed by its numbers(1, 4): a change of either generator would make every peer a different computation.
    expect([...floats(1, 4)].map((x) => (x + 1) * 2 ** 23)).toEqual([
      130277, 10440790, 499534, 1018763,
    ]);
  });

  test("in another order have another checksum, also in a large array", () => {
    const x = floats(1, 1 << 18);
    const swapped = x.map((_, i) => x[(i & ~1023) | ((i & 31) << 5) | ((i >> 5) & 31)] ?? 0);
    const [a, b] = [checksum(x), checksum(swapped)];
    expect(b[1]).toBeCloseTo(a[1] ?? 0, 9);
    expect(Math.abs((b[2] ?? 0) - (a[2] ?? 0))).toBeGreaterThan(0.01 * (a[1] ?? 0));
  });
});
