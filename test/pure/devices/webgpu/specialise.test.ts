import { describe, expect, test } from "vitest";
import { specialise } from "../../../../src/devices/webgpu/specialise.ts";
import { KernelError } from "../../../../src/errors.ts";

const expand = (lines: readonly string[], constants: Record<string, number | string> = {}) =>
  specialise(lines.join("\n"), constants, "family/name").split("\n");

describe("specialise", () => {
  test("leaves WGSL without directives as it is", () => {
    const source = "@compute @workgroup_size(64)\nfn main() { let a = b[(1 + 2) % 3]; }";
    expect(specialise(source, {})).toBe(source);
  });

  test("puts in constants and integer expressions", () => {
    expect(
      expand(["array<f32, $(BM * BK / 4)>; $(7 / 2) $(-7 % 4) $(2 + 3 * (4 - 1))"], {
        BM: 64,
        BK: 16,
      }),
    ).toEqual(["array<f32, 256>; 3 -3 11"]);
  });

  test("puts in text of several lines", () => {
    expect(
      expand(["let y = $(ACTIVATION);", "$(BODY)"], { ACTIVATION: "max(x, 0.0)", BODY: "a;\nb;" }),
    ).toEqual(["let y = max(x, 0.0);", "a;", "b;"]);
  });

  test("unrolls nested loops whose bounds are expressions", () => {
    expect(
      expand(["#for i in 0..N", "  #for j in i..N", "acc_$(i)_$(j)", "  #end", "#end"], { N: 2 }),
    ).toEqual(["acc_0_0", "acc_0_1", "acc_1_1"]);
  });

  test("an empty range leaves nothing", () => {
    expect(expand(["a", "#for i in 3..3", "b", "#end"])).toEqual(["a"]);
  });

  test("takes one side of a condition, also inside a loop and for texts", () => {
    const lines = [
      "#for i in 0..3",
      "#if i == 1 || LAST && i >= 2",
      "$(i)",
      "#else",
      "no",
      "#end",
      "#end",
    ];
    expect(expand(lines, { LAST: 1 })).toEqual(["no", "1", "2"]);
    expect(expand(["a", "#if TEXT", "yes", "#end"], { TEXT: "" })).toEqual(["a"]);
    expect(expand(["#if !N", "none", "#end"], { N: 0 })).toEqual(["none"]);
  });

  const include = (sources: Record<string, string>, constants: Record<string, number> = {}) =>
    specialise(sources.main ?? "", constants, "main", sources).split("\n");

  test("includes a file in place, with the constants and loop variables of that place", () => {
    const sources = {
      main: "first\n#for i in 0..2\n#if i < N\n#include lib/row\n#end\n#end\nlast",
      "lib/row": "row $(i)\n#include lib/end",
      "lib/end": "end $(i) of $(N)",
    };
    expect(include(sources, { N: 1 })).toEqual(["first", "row 0", "end 0 of 1", "last"]);
  });

  test("gives a file names of its own, numbers and texts, which take the place of others there", () => {
    const sources = {
      main: '#for i in 0..2\n#include lib/row with name = "b", N = 2 * i + N, last = i == 1\n#end\n$(N)',
      "lib/row": "#if last\n$(name)[$(N)]\n#else\n$(name)\n#end\n#include lib/end",
      "lib/end": "$(N)",
    };
    expect(include(sources, { N: 1 })).toEqual(["b", "1", "b[3]", "3", "1"]);
  });

  test("a fault of an included file names that file, its line and who includes it", () => {
    const faulty = { main: "a\n#include lib/b", "lib/b": "b\n$(NONE)" };
    expect(() => include(faulty)).toThrow(
      /^lib\/b \(included by main, line 2\), line 2: NONE must be/,
    );
    const open = { main: "#include lib/b\n#end", "lib/b": "#for i in 0..2" };
    expect(() => include(open)).toThrow(/^lib\/b .*, line 1: the block must be closed/);
    expect(() => include({ main: "\n#include lib/none" })).toThrow(
      /^main, line 2: #include must name a file in shaders\/; got "#include lib\/none"/,
    );
  });

  test("a file that includes itself, directly or by others, is a fault", () => {
    expect(() => include({ main: "#include main" })).toThrow(/main must not include itself/);
    const circle = { main: "#include a", a: "#include b", b: "x\n#include a" };
    expect(() => include(circle)).toThrow(/^b \(.*\), line 2: a must not include itself/);
  });

  test("a fault is a KernelError that names shader and line", () => {
    const faults: [string[], RegExp][] = [
      [["ok", "x = $(NONE);"], /family\/name, line 2: NONE must be one of/],
      [["#for i in 0..2", "x"], /line 1: the block must be closed/],
      [["a", "#end"], /line 2: a directive must be/],
      [["#for i of 0..2", "#end"], /line 1: a loop must read/],
      [["$(1 +)"], /line 1: an expression must not end here/],
      [["$((1)"], /line 1: \$\( must be closed/],
      [["$(HALF)"], /HALF must be a whole number, is 0.5/],
      [["$(T + 1)"], /a text constant must stand alone/],
      [["$(1 / 0)"], /must give a whole number/],
      [["#for N in 0..2", "#end"], /N must not be a name already/],
      [["#if 1", "#else", "#else", "#end"], /one #else at most/],
    ];
    for (const [lines, message] of faults) {
      const run = () => expand(lines, { HALF: 0.5, T: "text", N: 1 });
      expect(run).toThrow(KernelError);
      expect(run).toThrow(message);
    }
  });
});
