import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { kernelNames } from "../../../../src/devices/cpu/kernel-names.ts";
import { CONTROL_ADDRESS, THREAD_SCRATCH_BYTES } from "../../../../src/devices/cpu/messages.ts";
import { compileKernels } from "../../../../src/devices/cpu/module.ts";

const folder = new URL("../../../../src/devices/cpu/wasm/", import.meta.url);
const sourceOf = (name: string) => readFileSync(new URL(name, folder), "utf8");

/** The identifiers that stand alone on a line between `start` and the next line that begins a closing bracket. */
function listAfter(source: string, start: string): string[] {
  const from = source.indexOf(start);
  const list = source.slice(
    from,
    source.search(new RegExp(`(?<=[^]{${from + start.length}})\\n[\\]}]`)),
  );
  return [...list.matchAll(/^ {2}(\w+),$/gm)].map(([, name]) => name ?? "");
}

describe("what TypeScript and AssemblyScript both list", () => {
  it("kernels have the same names in the same order", () => {
    expect(listAfter(sourceOf("kernels.ts"), "export const kernels")).toEqual([...kernelNames]);
  });

  it("a thread's scratch is as large on both sides", () => {
    expect(THREAD_SCRATCH_BYTES).toBe(1 << 20);
    expect(sourceOf("threads.ts")).toContain("THREAD_SCRATCH_BYTES: i32 = 1 << 20;");
  });

  it.each([true, false])(
    "the module's own data ends below what the threads tell each other by, relaxed %s",
    async (relaxed) => {
      const { module, relaxedSimd } = await compileKernels(relaxed, true);
      expect(relaxedSimd).toBe(relaxed);
      const memory = new WebAssembly.Memory({ initial: 64, maximum: 64, shared: true });
      const stubs = { adopt: () => {}, forget: () => {}, sleep: () => {} };
      const { exports } = new WebAssembly.Instance(module, { env: { memory, ...stubs } });
      const staticEnd = exports.staticEnd as () => number;
      expect(staticEnd()).toBeGreaterThan(0);
      expect(staticEnd()).toBeLessThanOrEqual(CONTROL_ADDRESS);
    },
  );
});
