/** Sums that gradients are made of: fewer of them, and the same numbers, also in second derivatives. */
import { describe, expect, it } from "vitest";
import {
  add,
  div,
  full,
  grad,
  gradients,
  mean,
  mul,
  reshape,
  rsqrt,
  sqrt,
  square,
  stopGradient,
  sub,
  sum,
  type Tensor,
  tensor,
} from "../../../src/functions.ts";
import { inputsOf, type Node, reachable } from "../../../src/graph/graph.ts";
import { drawTensor, keyFrom, relativeError } from "../../support/case-data.ts";
import { evaluateTensors } from "../../support/evaluate-tensor.ts";
import { input, sourceOf } from "../../support/plans.ts";
import { evaluateGraph } from "../../support/run-graph.ts";

type Loss = (x: Tensor, w: Tensor, b: Tensor) => Tensor;

const SHAPES = { x: [3, 4, 5], w: [5], b: [5] } as const;
const drawn = Object.entries(SHAPES).map(([name, shape]) =>
  drawTensor({ dtype: "f32", shape }, keyFrom(`sum terms ${name}`), [0.5, 2]),
);

/** A norm over `axes`, written with rsqrt or with a division, and a loss that no gradient of it is zero for. */
function norm(axes: readonly number[], divides: boolean): Loss {
  const over = { axis: axes, keepDims: true };
  return (x, w, b) => {
    const centred = sub(x, mean(x, over));
    const power = add(mean(square(centred), over), 0.1);
    const unit = divides ? div(centred, sqrt(power)) : mul(centred, rsqrt(power));
    const y = add(mul(unit, w), b);
    return sum(mul(square(y), add(y, square(x))));
  };
}

const losses: Readonly<Record<string, Loss>> = {
  "a batch norm": norm([0, 1], false),
  "a batch norm that divides": norm([0, 1], true),
  "a layer norm": norm([2], false),
  "a layer norm that divides": norm([2], true),
  "an instance norm": norm([1], false),
  "factors that are the same along some of the axes": (x, w, b) => {
    const rows = mean(x, { axis: [1, 2], keepDims: true });
    const columns = mean(x, { axis: [0, 1], keepDims: true });
    return sum(mul(square(mul(mul(x, rows), w)), add(div(columns, b), reshape(w, [1, 5]))));
  },
  "terms of which some are nothing": (x, w, b) => {
    const average = mean(x, { axis: [0, 1], keepDims: true });
    const centred = sub(x, average);
    return sum(mul(sub(mul(centred, w), mul(average, b)), add(square(x), centred)));
  },
};

const inputs = Object.entries(SHAPES).map(([name, shape]) => input(name, shape));
const [x, w, b] = inputs as [Tensor, Tensor, Tensor];

/** In float64, with one element of one input moved. */
function numbers(tensors: readonly Tensor[], which = 0, at = 0, by = 0): (readonly number[])[] {
  const elements = inputs.map((_, i) => {
    const { type, data } = drawn[i] ?? { type: x.type, data: [] };
    const moved = Float64Array.from(data);
    if (i === which) moved[at] = (moved[at] ?? 0) + by;
    return { type, data: moved };
  });
  const sources = inputs.map(sourceOf);
  const known = evaluateGraph(
    tensors.map(({ value }) => value),
    (source) => elements[sources.indexOf(source)] as (typeof elements)[0],
    "f64",
  );
  return tensors.map(({ value }) => [...(known.get(value)?.data ?? [])]);
}

/** That the gradients are those of differences of `loss`, for the first, a middle and the last element of each input. */
function expectGradients(loss: Tensor, gradients: readonly Tensor[]): void {
  const own = numbers(gradients);
  const step = 1e-5;
  inputs.forEach(({ size }, i) => {
    for (const at of [0, Math.floor(size / 2), size - 1]) {
      const [above] = numbers([loss], i, at, step);
      const [below] = numbers([loss], i, at, -step);
      const difference = ((above?.[0] ?? 0) - (below?.[0] ?? 0)) / (2 * step);
      // Central differences in float64: an error of the order of step², and of 1e-16 / step.
      expect(Math.abs((own[i]?.[at] ?? Number.NaN) - difference)).toBeLessThan(
        1e-6 * (1 + Math.abs(difference)),
      );
    }
  });
}

describe("the gradients agree with central differences, and so do those of their squares", () => {
  it.each(Object.entries(losses))("%s", (_, loss) => {
    const gradients = grad((...own) => loss(...(own as [Tensor, Tensor, Tensor])), x, w, b);
    expectGradients(loss(x, w, b), gradients);
    const squares = (...own: Tensor[]) =>
      grad((...of) => loss(...(of as [Tensor, Tensor, Tensor])), ...own)
        .map((gradient) => sum(square(gradient)))
        .reduce((all, one) => add(all, one));
    expectGradients(squares(x, w, b), grad(squares, x, w, b));
  });
});

it("what was computed before is no other than what is given, also where its own gradient is asked for", () => {
  const [column, a] = [
    [0.5, 1, 1.5],
    [1, 0.8, 0.6],
  ].map((of) => reshape(tensor(of), [3, 1])) as [Tensor, Tensor];
  const drawnOnce = Float32Array.from({ length: 12 }, (_, i) => Math.sin(i + 1));
  const matrix = tensor(drawnOnce, [3, 4]);
  const losses = [
    (c: Tensor, k: Tensor) => sum(square(mul(mul(c, k), matrix))),
    (c: Tensor, k: Tensor) => sum(square(div(mul(c, matrix), k))),
    (c: Tensor, k: Tensor) => {
      const centred = sub(mul(c, matrix), mean(mul(c, matrix), { axis: 1, keepDims: true }));
      return sum(mul(mul(square(centred), centred), k));
    },
  ];
  // What stands behind a difference is looked through by nothing.
  const made = [() => full([3, 4], 0.5), () => mul(a, matrix), () => div(matrix, a)];
  for (const loss of losses) {
    for (const make of made) {
      const inner = make();
      const outer = sub(inner, stopGradient(sub(inner, inner)));
      const [own, plain] = [inner, outer].map((k) => {
        const first = gradients(loss(column, k), [column, k]);
        const squares = first.map((one) => sum(square(one))).reduce((all, one) => add(all, one));
        return evaluateTensors([...first, ...gradients(squares, [column, k])]);
      });
      for (const [i, elements] of (own ?? []).entries())
        expect(relativeError(elements, plain?.[i] ?? [])).toBeLessThanOrEqual(1e-13);
    }
  }
});

it("no sum of a norm's gradient waits for another one", () => {
  for (const axes of [[0, 1], [2]]) {
    let loss = x;
    const gradients = grad(
      (...own) => {
        const [of, scale, shift] = own as [Tensor, Tensor, Tensor];
        const over = { axis: axes, keepDims: true };
        const centred = sub(of, mean(of, over));
        const unit = mul(centred, rsqrt(add(mean(square(centred), over), 0.1)));
        loss = sum(square(add(mul(unit, scale), shift)));
        return loss;
      },
      ...inputs,
    );
    const forward = new Set(reachable([loss.value]));
    const waits = new Map<Node, number>();
    for (const node of reachable(gradients.map(({ value }) => value))) {
      if (node.op === "source" || forward.has(node)) continue;
      const before = inputsOf(node).map((value) => waits.get(value.node) ?? 0);
      waits.set(node, Math.max(0, ...before) + Number(node.op === "reduce"));
    }
    expect(Math.max(...waits.values())).toBe(1);
  }
});
