/** Every case, its gradient, and a few whole computations, on the cpu device in each way it can be opened. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { type CpuOptions, openCpuDevice } from "../../src/devices/cpu/index.ts";
import { init } from "../../src/functions.ts";
import { verbFamilies } from "../cases/verbs/index.ts";
import { runComposed } from "../support/composed.ts";
import { caseCount, listFailures, runConformance, summarise } from "../support/conformance.ts";
import { held } from "../support/held.ts";
import { runVerbFamily } from "../support/verb-goldens.ts";

/** Divided by threads, however small: the cases are. */
const DIVIDED = { parallelBytes: 0 };

const forms: readonly (readonly [name: string, options: CpuOptions, description: RegExp])[] = [
  ["one thread with relaxed SIMD", { threads: 1 }, /relaxed SIMD, 1 thread$/],
  [
    "one thread with plain SIMD",
    { threads: 1, relaxedSimd: false },
    /^WebAssembly SIMD, 1 thread$/,
  ],
  ["two threads", { threads: 2, ...DIVIDED }, /relaxed SIMD, 2 threads$/],
  [
    "three threads with plain SIMD",
    { threads: 3, relaxedSimd: false, ...DIVIDED },
    /ly SIMD, 3 threads$/,
  ],
  ["memory that is not shared", { shared: false }, /1 thread, memory not shared$/],
];

test.each(forms)(
  "all cases agree with the float64 reference on the cpu: %s",
  async (_, options, description) => {
    const device = await openCpuDevice(options);
    const report = await runConformance(device);
    console.log(summarise(report));
    expect(device.description).toMatch(description);
    expect(listFailures(report)).toBe("");
    expect(report.cases).toBe(caseCount());
    expect(report.gradients).toBeGreaterThan(caseCount());
    // Everything that the cases allocated has been given back.
    expect(held(device.memory())).toEqual({ bytes: 0, buffers: 0 });
    await device.close();
  },
);

let opened: Awaited<ReturnType<typeof init>>;
beforeEach(async () => {
  opened = await init({ device: "cpu", threads: 2 });
});
afterEach(async () => {
  await opened.runtime.close();
});

test("whole computations agree with the float64 reference, lazily and compiled", async () => {
  const { failures } = await runComposed();
  expect(failures).toEqual([]);
});

test.each(Object.keys(verbFamilies))("verbs of %s and their gradients", async (family) => {
  const { failures } = await runVerbFamily(family);
  expect(failures).toEqual([]);
});
