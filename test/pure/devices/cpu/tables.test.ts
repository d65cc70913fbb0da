import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { elementwiseOps } from "../../../../src/devices/cpu/elementwise-ops.ts";
import { kernelNames } from "../../../../src/devices/cpu/kernel-names.ts";
import { THREAD_SCRATCH_BYTES } from "../../../../src/devices/cpu/messages.ts";

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

  it("elementwise operations have the same names in the same order", () => {
    const names = listAfter(sourceOf("elementwise-ops.ts"), "export const enum Do");
    expect(names).toEqual([...elementwiseOps]);
  });

  it("elementwise loops come in the order of the operations", () => {
    const source = sourceOf("elementwise-loops.ts");
    const table = source.slice(source.indexOf("const loops"));
    const loops = [...table.matchAll(/(?:Do\.(\w+), d|^ {2}(\w+),$)/gm)].map(([, a, b]) => a ?? b);
    const own: Readonly<Record<string, string>> = { divideSigned: "divI", divideUnsigned: "divU" };
    expect(loops.map((name = "") => own[name] ?? name)).toEqual([...elementwiseOps]);
  });

  it("a thread's scratch is as large on both sides", () => {
    expect(THREAD_SCRATCH_BYTES).toBe(1 << 20);
    expect(sourceOf("threads.ts")).toContain("THREAD_SCRATCH_BYTES: i32 = 1 << 20;");
  });
});
