import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkedCell, columnsOf } from "../../../demo/panels/memory/columns.ts";
import { ownLayer, readCell } from "../../../demo/panels/memory/own/cell.ts";
import { CellError, parse } from "../../../demo/panels/memory/own/parse.ts";
import { OWN_CELL } from "../../../demo/panels/memory/settings.ts";
import { init, tensor } from "../../../src/index.ts";

function wrongIn(code: string): CellError {
  try {
    checkedCell(code);
  } catch (error) {
    if (error instanceof CellError) return error;
    throw error;
  }
  throw new Error(`nothing is wrong with ${code}`);
}

let close = async () => {};
beforeAll(async () => {
  const { runtime } = await init({ device: "cpu", seed: 1 });
  close = () => runtime.close();
});
afterAll(() => close());

describe("a visitor's cell", () => {
  test("is read with the precedence of arithmetic, @ as *", () => {
    const [line] = parse("h = 1 - x @ W * 2 + -b");
    expect(
      JSON.stringify(line?.value, (key, of) =>
        key === "line" || key === "column" ? undefined : of,
      ),
    ).toBe(
      JSON.stringify({
        kind: "operation",
        operator: "+",
        left: {
          kind: "operation",
          operator: "-",
          left: { kind: "number", value: 1 },
          right: {
            kind: "operation",
            operator: "*",
            left: {
              kind: "operation",
              operator: "@",
              left: { kind: "name", name: "x" },
              right: { kind: "name", name: "W" },
            },
            right: { kind: "number", value: 2 },
          },
        },
        right: { kind: "negative", of: { kind: "name", name: "b" } },
      }),
    );
  });

  test.each([
    ["h = tanh(x @ W + h @ R", 1, 23, "A ) is missing"],
    ["\nh = tanh(x @ W +)", 2, 17, "missing"],
    ["h tanh", 1, 3, "An = must come behind h"],
    ["3 = h", 1, 1, "A line begins with a name"],
    ["h = tanh(x @ W) h", 1, 17, "The line ends before"],
    ["h = h ; import()", 1, 7, "The line ends before"],
    ["h = fetch(x)", 1, 5, "There is no fetch"],
    ["h = constructor(x)", 1, 5, "There is no constructor"],
    ["h = toString", 1, 5, "toString has no value here"],
    ["h = tanh(x, h)", 1, 5, "tanh takes one input"],
    ["h = 2 @ h", 1, 7, "@ multiplies matrices"],
    ["a = x @ W", 1, 1, "A line must give h a value"],
    ["g = tanh(x @ W)\nh = g * later", 2, 9, "later has no value here"],
    [`h = ${"(".repeat(60)}h${")".repeat(60)}`, 1, 45, "deep"],
  ])("%s: an error at line %i, column %i", (code, line, column, message) => {
    const wrong = wrongIn(code);
    expect([wrong.line, wrong.column, wrong.message]).toEqual([
      line,
      column,
      expect.stringContaining(message),
    ]);
  });

  test("a product of shapes that do not fit is told at its line, in the library's words", () => {
    const product = wrongIn("g = tanh(x @ Wg)\nh = g + h @ Wg");
    expect([product.line, product.column]).toEqual([2, 11]);
    expect(product.message).toMatch(/matmul: .*\[3, 32\].*\[16, 32\]/);
    const sum = wrongIn("c = x + h\nh = c");
    expect([sum.line, sum.column, sum.message]).toEqual([
      1,
      7,
      expect.stringMatching(/add: .*\[3, 16\].*\[3, 32\]/),
    ]);
    expect(wrongIn("g = x @ W\nh = x").message).toMatch(
      /h must keep its shape, \[3, 32\]; got \[3, 16\]/,
    );
    expect(wrongIn("h = 3").message).toMatch(/got a number/);
  });

  test("the cell that is there is four lines, with two states and four weights", () => {
    expect(OWN_CELL.split("\n")).toHaveLength(4);
    const { states, weights } = checkedCell(OWN_CELL);
    expect(states).toEqual(["h", "c"]);
    expect(weights.toSorted()).toEqual(["Rk", "Rn", "Wk", "Wn"]);
  });

  test("a cell that cannot be read leaves the others", () => {
    const { columns, wrong } = columnsOf("h =");
    expect(columns.map(({ name }) => name)).toEqual(["rnn", "gru", "lstm"]);
    expect(wrong?.line).toBe(1);
  });

  test("computes what its lines say, step by step", async () => {
    const cell = readCell(
      "k = sigmoid(x @ W + h @ R + b)\nc = k * c + (1 - k) * tanh(h)\nh = max(c, 0.5) / 2",
    );
    const [T, B, I, U] = [4, 2, 3, 5];
    const layer = ownLayer(cell, { inputs: I, units: U, seed: 3 });
    const xs = Array.from({ length: T * B * I }, (_, i) => Math.sin(i));
    const y = await layer(tensor(xs, [T, B, I])).data();
    const own = async (name: string) => layer.own[name]?.variable.data() ?? [];
    const [W, R, b] = [await own("W"), await own("R"), await own("b")];
    const state = Array.from({ length: B }, () => ({ h: Array(U).fill(0), c: Array(U).fill(0) }));
    for (let t = 0; t < T; t++)
      for (const [row, before] of state.entries()) {
        const { h, c } = structuredClone(before);
        for (let u = 0; u < U; u++) {
          let sum = Number(b[u]);
          for (let i = 0; i < I; i++)
            sum += (xs[(t * B + row) * I + i] ?? 0) * Number(W[i * U + u]);
          for (let v = 0; v < U; v++) sum += h[v] * Number(R[v * U + u]);
          const k = 1 / (1 + Math.exp(-sum));
          before.c[u] = k * c[u] + (1 - k) * Math.tanh(h[u]);
          before.h[u] = Math.max(before.c[u], 0.5) / 2;
          expect(Number(y[(t * B + row) * U + u])).toBeCloseTo(before.h[u], 5);
        }
      }
  });
});
