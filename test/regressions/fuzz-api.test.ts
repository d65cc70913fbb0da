/** Every public function, called with anything: nothing but typed errors, no hang, and the next call right. */
import { describe, expect, it } from "vitest";
import { fuzz } from "../support/fuzz/run.ts";
import { readPublicApi } from "../support/public-api/read.ts";
import { undocumentedErrors } from "../support/public-api/thrown.ts";

describe.each([
  { device: "cpu", seed: 1, count: 7_000 },
  { device: "webgpu", seed: 2, count: 2_000 },
] as const)("$device", (options) => {
  it(`${options.count} calls of public functions end in values or in typed errors`, async () => {
    const { faults, counts } = await fuzz(options);
    expect(faults.map(({ number, text, what }) => `call ${number}, ${text}: ${what}`)).toEqual([]);
    // Docstrings say what is thrown.
    expect(undocumentedErrors(readPublicApi(), counts)).toEqual([]);
    // Nothing is tested by being refused only; calls are checked before they reach a device.
    if (options.device !== "cpu") return;
    const never = [...counts].filter(([, { values }]) => values === 0).map(([path]) => path);
    expect(never).toEqual([]);
  }, 600_000);
});
