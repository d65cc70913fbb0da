import { describe, expect, test } from "vitest";
import { reachable } from "../../../../src/devices/webgpu/reachable.ts";

const wgsl = (...lines: string[]) => lines.join("\n");

const MAIN = wgsl(
  "@group(0) @binding(0) var<storage, read_write> out: array<Pair>;",
  "@compute @workgroup_size(64)",
  "fn main() {",
  "if (true) {",
  "out[0] = first(1.0);",
  "}",
  "}",
);
const PAIR = wgsl("struct Pair {", "a: f32,", "b: f32,", "}");
const FIRST = wgsl("fn first(", "x: f32,", ") -> Pair {", "return Pair(second(x), x);", "}");
const SECOND = "fn second(x: f32) -> f32 { return x; }";
const OTHER = wgsl("fn other(x: f32) -> Lonely {", "return Lonely(second(x));", "}");
const LONELY = wgsl("struct Lonely {", "a: f32,", "}");

describe("reachable", () => {
  test("keeps what main, a binding or one of those that are kept names, in its order", () => {
    const code = wgsl(SECOND, PAIR, FIRST, MAIN);
    expect(reachable(code)).toBe(code);
  });

  test("leaves out what only those name that are left out", () => {
    expect(reachable(wgsl(LONELY, SECOND, OTHER, PAIR, FIRST, MAIN))).toBe(
      wgsl(SECOND, PAIR, FIRST, MAIN),
    );
  });

  test("leaves out what names itself alone", () => {
    const again = "fn again(x: f32) -> f32 { return again(x); }";
    expect(reachable(wgsl(again, SECOND, PAIR, FIRST, MAIN))).toBe(wgsl(SECOND, PAIR, FIRST, MAIN));
  });

  test("keeps constants and aliases, which cost nothing", () => {
    const code = wgsl("const N = 2u;", "alias Real = f32;", SECOND, PAIR, FIRST, MAIN);
    expect(reachable(code)).toBe(code);
  });

  test("keeps what is not closed, for the compiler to complain of", () => {
    const code = wgsl(SECOND, PAIR, FIRST, MAIN, "fn open() {");
    expect(reachable(code)).toBe(code);
  });
});
