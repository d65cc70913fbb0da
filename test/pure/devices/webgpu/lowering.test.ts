import { describe, expect, test } from "vitest";
import { sizeClass } from "../../../../src/devices/webgpu/buffers.ts";
import { listPlan } from "../../../../src/devices/webgpu/listing.ts";
import { lineGrid, MAX_GRID } from "../../../../src/devices/webgpu/lowering/grid.ts";
import { wgslOf } from "../../../../src/devices/webgpu/pipelines.ts";
import { webgpuTraits } from "../../../../src/devices/webgpu/traits.ts";
import type { GroupProgram } from "../../../../src/scheduler/group-program.ts";
import type { KernelCall, Region } from "../../../../src/scheduler/lowering.ts";
import { elementwiseProgram, groupCalls } from "../../../support/elementwise-program.ts";
import { handPlan, vector } from "../../../support/hand-plan.ts";

const traits = webgpuTraits();

function matrix(buffer: number, shape: readonly number[]): Region {
  return { buffer, offset: 0, type: { dtype: "f32", shape } };
}

/** a · literal + b over `shape`. */
function scaleAndAdd(
  shape: readonly number[],
  strides: readonly (readonly number[])[],
  literal = 2,
): GroupProgram {
  return elementwiseProgram(shape, strides, [
    { kind: "input", input: 0, dtype: "f32" },
    { kind: "literal", value: literal, dtype: "f32" },
    { kind: "binary", fn: "mul", a: 0, b: 1, dtype: "f32" },
    { kind: "input", input: 1, dtype: "f32" },
    { kind: "binary", fn: "add", a: 2, b: 3, dtype: "f32" },
  ]);
}

interface Site {
  readonly program: GroupProgram;
  readonly ins: readonly Region[];
  readonly outs: readonly Region[];
}
const calls = ({ program, ins, outs }: Site) => groupCalls(traits, program, ins, outs);

function only(calls: readonly KernelCall[]): KernelCall {
  const [call] = calls;
  if (call === undefined || calls.length > 1) throw new Error(`${calls.length} calls`);
  return call;
}

/** How its tensors are declared. */
function bindingsIn({ kernel, constants }: KernelCall): string[] {
  const found = wgslOf(kernel, constants, []).matchAll(/<storage, (\w+)> b\d+: array<(.+)>;/g);
  return [...found].map(([, access, element]) => `${access} ${element}`);
}

describe("elementwise programs", () => {
  const rows = { ins: [matrix(0, [6, 8]), matrix(1, [8])], outs: [matrix(2, [6, 8])] };

  test("read four elements at a time where all inputs allow it", () => {
    const call = only(
      calls({
        program: scaleAndAdd(
          [6, 8],
          [
            [8, 1],
            [0, 1],
          ],
        ),
        ...rows,
      }),
    );
    expect(bindingsIn(call)).toEqual(["read vec4<u32>", "read vec4<u32>", "read_write vec4<u32>"]);
    // Vectors in all, and in a row.
    expect(call.words.slice(0, 2)).toEqual([12, 2]);
    expect(call.grid).toEqual([1, 1, 1]);
  });

  test("splat an input that is constant along the last dimension", () => {
    const ins = [matrix(0, [6, 8]), matrix(1, [6, 1])];
    const call = only(
      calls({
        program: scaleAndAdd(
          [6, 8],
          [
            [8, 1],
            [1, 0],
          ],
        ),
        ins,
        outs: rows.outs,
      }),
    );
    expect(bindingsIn(call)).toEqual(["read vec4<u32>", "read u32", "read_write vec4<u32>"]);
  });

  test("go element by element where a row is no multiple of four", () => {
    const ins = [matrix(0, [6, 7]), matrix(1, [7])];
    const call = only(
      calls({
        program: scaleAndAdd(
          [6, 7],
          [
            [7, 1],
            [0, 1],
          ],
        ),
        ins,
        outs: [matrix(2, [6, 7])],
      }),
    );
    expect(bindingsIn(call)).toEqual(["read u32", "read u32", "read_write u32"]);
  });

  test("bind an input that is updated in place once, as readwrite", () => {
    const call = only(
      calls({
        program: scaleAndAdd(
          [6, 8],
          [
            [0, 1],
            [8, 1],
          ],
        ),
        ins: [...rows.ins].reverse(),
        outs: rows.ins.slice(0, 1),
      }),
    );
    expect(call.operands.map(({ access }) => access)).toEqual(["read", "readwrite"]);
    expect(bindingsIn(call)).toEqual(["read vec4<u32>", "read_write vec4<u32>"]);
  });

  test("share a pipeline whatever their literals and sizes are", () => {
    const small = only(
      calls({
        program: scaleAndAdd(
          [6, 8],
          [
            [8, 1],
            [0, 1],
          ],
          2,
        ),
        ...rows,
      }),
    );
    const large = only(
      calls({
        program: scaleAndAdd(
          [600, 80],
          [
            [80, 1],
            [0, 1],
          ],
          3,
        ),
        ins: [matrix(0, [600, 80]), matrix(1, [80])],
        outs: [matrix(2, [600, 80])],
      }),
    );
    expect(small.constants).toEqual(large.constants);
    expect(small.words).not.toEqual(large.words);
  });

  test("are printed with one line for each instruction", () => {
    const call = only(
      calls({
        program: scaleAndAdd(
          [6, 8],
          [
            [8, 1],
            [0, 1],
          ],
        ),
        ...rows,
      }),
    );
    expect(call.constants.APPLY).toMatchInlineSnapshot(`
      "let r0: f32 = bitcast<f32>(v0);
      let r1: f32 = bitcast<f32>(params.w2);
      let r2: f32 = (r0 * r1);
      let r3: f32 = bitcast<f32>(v1);
      let r4: f32 = (r2 + r3);
      return Results(bitcast<u32>(r4));"
    `);
  });

  test("over nothing are no call", () => {
    const ins = [matrix(0, [0, 8]), matrix(1, [8])];
    expect(
      calls({
        program: scaleAndAdd(
          [0, 8],
          [
            [8, 1],
            [0, 1],
          ],
        ),
        ins,
        outs: [matrix(2, [0, 8])],
      }),
    ).toEqual([]);
  });
});

describe("a plan as a list", () => {
  const call: KernelCall = {
    kernel: "reduce/argmax",
    constants: { TYPE: "f32", FLOAT: 1, THREADS: 64 },
    operands: [
      { region: vector(0, 3), access: "read" },
      { region: vector(0, 3, 64), access: "write" },
    ],
    words: [3, 3, 3, 0],
    grid: [1, 1, 1],
  };

  test("declares an input as written where the call writes the same buffer elsewhere", () => {
    const [listed] = listPlan(handPlan([call], [128])).calls;
    expect(listed?.signature.isWritten).toEqual([true, true]);
    expect(listed?.bounds.map(({ byteOffset, bytes }) => [byteOffset, bytes])).toEqual([
      [0, 12],
      [256, 12],
    ]);
    expect(wgslOf(call.kernel, call.constants, [true, true])).toContain(
      "@binding(0) var<storage, read_write> x",
    );
    expect(wgslOf(call.kernel, call.constants, [false, true])).toContain(
      "@binding(0) var<storage, read> x",
    );
  });

  test("keeps equal parameters once, at offsets that are multiples of 256 bytes", () => {
    const other = { ...call, words: [1, 2, 3, 4] };
    const listing = listPlan(handPlan([call, other, call], [128]));
    expect(listing.offsets).toEqual([0, 256]);
    expect(listing.calls.map(({ offsetIndex }) => offsetIndex)).toEqual([0, 1, 0]);
    expect([...listing.parameters.slice(64, 68)]).toEqual([1, 2, 3, 4]);
  });

  test("leaves out calls without workgroups", () => {
    const listing = listPlan(handPlan([{ ...call, grid: [0, 1, 1] }], [128]));
    expect(listing.calls).toEqual([]);
    expect(listing.segments).toEqual([]);
  });
});

test("lines of workgroups fold into two dimensions that are both allowed", () => {
  for (const workgroups of [0, 1, MAX_GRID, MAX_GRID + 1, 10 * MAX_GRID + 7, 4294967]) {
    const [x, y, z] = lineGrid(workgroups);
    expect(Math.max(x, y, z)).toBeLessThanOrEqual(MAX_GRID);
    expect(x * y * z).toBeGreaterThanOrEqual(workgroups);
    expect(x * y * z - workgroups).toBeLessThan(Math.max(1, y));
  }
});

test("size classes waste at most a quarter", () => {
  for (const bytes of [0, 1, 256, 257, 1000, 4096, 4097, 123456, 2 ** 27 + 1]) {
    const capacity = sizeClass(bytes);
    expect(capacity).toBeGreaterThanOrEqual(bytes);
    expect(capacity).toBeLessThanOrEqual(Math.max(512, bytes * 1.25));
    expect(capacity % 256).toBe(0);
    expect(sizeClass(capacity)).toBe(capacity);
  }
});

test("traits need no GPU, and a withheld op has no kernel", () => {
  expect(traits.maxElementwiseOperands).toBe(8);
  expect(typeof traits.lower.argmax).toBe("function");
  const partial = webgpuTraits({ withhold: ["argmax", "unary"] });
  expect(partial.lower.argmax).toHaveProperty("fallback");
  expect(typeof partial.lower.reduce).toBe("function");
});
