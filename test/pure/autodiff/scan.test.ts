import { describe, expect, it } from "vitest";
import { cpuTraits } from "../../../src/devices/cpu/traits.ts";
import {
  add,
  checkpoint,
  grad,
  matmul,
  mul,
  relu,
  reshape,
  scan,
  sigmoid,
  slice,
  sum,
  type Tensor,
  tanh,
  tensor,
  transpose,
} from "../../../src/functions.ts";
import { bodyOf } from "../../../src/graph/body.ts";
import { type OpNode, reachable } from "../../../src/graph/graph.ts";
import { planStep } from "../../../src/runtime/compile.ts";
import { describe as typeText } from "../../../src/tensor/shape.ts";
import { drawTensor, keyFrom, toHost } from "../../support/case-data.ts";
import { evaluateTensors } from "../../support/evaluate-tensor.ts";
import { input } from "../../support/plans.ts";

const [T, B, I, H] = [4, 2, 3, 5];
const h0 = input("h0", [B, H]);
const x = input("x", [T, B, I]);
const w = input("w", [I, H]);
const u = input("u", [H, H]);
const b = input("b", [H]);

/** The scan whose cell computes the next carry by `cell`; its y is the sum of the squares, which keeps it a loop. */
function scanOf(cell: (h: Tensor, x: Tensor) => Tensor): OpNode<"scan"> {
  const { ys } = scan(
    (h: Tensor, at: Tensor) => {
      const next = cell(h, at);
      return { carry: next, y: sum(mul(next, next), { axis: 1 }) };
    },
    h0,
    x,
  );
  const { node } = ys.value;
  if (node.op !== "scan") throw new Error(`${node.op} is no scan`);
  return node;
}

/** What computes the values that the scan gives behind its y and the carry: what it keeps for its gradient. */
function keptBy(node: OpNode<"scan">): string[] {
  return bodyOf(node)
    .graph.ys.slice(2)
    .map(
      ({ node: own, type }) => `${own.op === "binary" ? own.attrs.fn : own.op} ${typeText(type)}`,
    );
}

function opsInside(node: OpNode<"scan">): string[] {
  const { next, ys } = bodyOf(node).graph;
  return reachable([...next, ...ys]).map(({ op }) => op);
}

describe("a scan keeps for its gradient", () => {
  it("the sum of its products and bias, rather than each of them", () => {
    const node = scanOf((h, at) => tanh(add(add(matmul(relu(at), w), matmul(h, u)), b)));
    expect(keptBy(node)).toEqual(["add f32[2, 5]"]);
  });

  it("a product that is used for more than a sum as it is", () => {
    const node = scanOf((h) => {
      const product = matmul(h, u);
      return add(mul(product, 2), sigmoid(product));
    });
    expect(keptBy(node)).toEqual(["matmul f32[2, 5]"]);
  });

  it("a product that is a term of a larger sum as it is", () => {
    const narrow = (h: Tensor) => reshape(matmul(h, input("v", [H, 1])), [B, 1]);
    expect(keptBy(scanOf((h) => tanh(add(narrow(h), h))))).toEqual(["reshape f32[2, 1]"]);
  });

  it("nothing where everything is cheap to compute again", () => {
    expect(keptBy(scanOf((h) => tanh(mul(add(h, b), 0.5))))).toEqual([]);
  });
});

describe("a product of a slice with what is the same at every step", () => {
  const made = { "the slice": (at: Tensor) => at, "what is made of it": relu };
  it.each(Object.entries(made))("is one product of %s in front of the loop", (_, of) => {
    const node = scanOf((h, at) => tanh(add(matmul(of(at), w), h)));
    expect(opsInside(node)).not.toContain("matmul");
    const [product] = node.ins.xs.slice(1);
    expect(product?.type.shape).toEqual([T, B, H]);
    const whole = product?.node.op === "reshape" ? product.node.ins.x : undefined;
    expect([whole?.node.op, whole?.type.shape]).toEqual(["matmul", [T * B, H]]);
  });

  it("stays in the loop where it depends on the carry, or is no product of one matrix's rows", () => {
    const cells = [
      (h: Tensor, at: Tensor) => matmul(at, matmul(transpose(at), h)),
      (h: Tensor, at: Tensor) => add(h, matmul(add(at, sum(h)), w)),
      (h: Tensor, at: Tensor) => add(h, sum(matmul(at, input("r", [B, H]), { transposeA: true }))),
    ];
    for (const cell of cells) {
      const node = scanOf(cell);
      expect(opsInside(node)).toContain("matmul");
      expect(node.ins.xs).toHaveLength(1);
    }
  });
});

describe("parts of a sequence whose scans are checkpointed", () => {
  const walk = (isKept: boolean, parts: number) => (start: Tensor, xs: Tensor, of: Tensor) => {
    const steps = (xs.shape[0] ?? 0) / parts;
    let h = start;
    for (let part = 0; part < parts; part++) {
      const own = slice(xs, [part * steps, 0, 0], [steps, -1, -1]);
      const run = () =>
        scan(
          (c: Tensor, at: Tensor) => ({ carry: tanh(add(matmul(c, of), at)), y: undefined }),
          h,
          own,
        ).carry;
      h = isKept ? run() : checkpoint(run);
    }
    return sum(mul(h, h));
  };
  const gradientOf =
    (isKept: boolean, parts: number) =>
    (...given: Tensor[]) =>
      grad(
        (...[h, xs, of]) => walk(isKept, parts)(h as Tensor, xs as Tensor, of as Tensor),
        ...given,
      );

  it("have the same gradients", () => {
    const given = [
      [B, H],
      [8, B, H],
      [H, H],
    ].map((shape, i) =>
      tensor(toHost(drawTensor({ dtype: "f32", shape }, keyFrom(`${i}`))).data, shape),
    );
    const [again, kept] = [false, true].map((isKept) =>
      evaluateTensors(gradientOf(isKept, 4)(...given)),
    );
    expect(again).toEqual(kept);
  });

  it("keep less", () => {
    const peak = (isKept: boolean) => {
      const types = [
        [8, 64],
        [512, 8, 64],
        [64, 64],
      ].map((shape) => ({ dtype: "f32", shape }) as const);
      return planStep((...given) => gradientOf(isKept, 16)(...given)[2], types, cpuTraits).memory
        .peakBytes;
    };
    expect(peak(false)).toBeLessThan(peak(true) / 2);
  });
});
