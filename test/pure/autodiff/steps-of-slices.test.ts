/**
 * What a step makes of its slices alone is made in front of the loop: products, rows of tables, and conditions where that leaves
 * a cell to walk. It means what the steps mean one after the other.
 */
import { beforeEach, describe, expect, it } from "vitest";
import { embedding } from "../../../src/functions/embedding.ts";
import {
  abs,
  add,
  arange,
  argmax,
  cast,
  concat,
  conv2d,
  equal,
  expm1,
  greater,
  matmul,
  mean,
  mod,
  mul,
  relu,
  reshape,
  scan,
  sigmoid,
  slice,
  square,
  stack,
  sub,
  sum,
  type Tensor,
  take,
  tanh,
  tensor,
  transpose,
  unsqueeze,
  valueAndGrad,
  variable,
  where,
} from "../../../src/functions.ts";
import { bodyOf } from "../../../src/graph/body.ts";
import { type Node, reachable } from "../../../src/graph/graph.ts";
import { relativeError } from "../../support/case-data.ts";
import { evaluateTensors } from "../../support/evaluate-tensor.ts";
import { openCounting } from "../runtime/open.ts";

const [T, B, U, V] = [5, 3, 4, 7];

beforeEach(() => {
  openCounting();
});

const draw = (seed: number, ...shape: number[]) =>
  variable(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) =>
      Math.sin(seed + 7 * i),
    ),
    shape,
    `v${seed}`,
  );
const whole = (below: number, ...shape: number[]) =>
  tensor(
    Int32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => (5 * i + 2) % below),
    shape,
  );

type Slices = Readonly<Record<string, Tensor>>;
interface Trial {
  readonly xs: Slices;
  readonly step: (h: Tensor, x: Slices, w: Slices) => Tensor;
  readonly weights: Readonly<Record<string, ReturnType<typeof draw>>>;
  /** The shape of what is carried; [B, U]. */
  readonly carry?: readonly number[];
  /** What runs: a walk, or a loop whose step, and that of its gradient, have none of these. */
  readonly runs: "walk" | readonly Node["op"][];
}

const u = draw(1, U, U);
const trials: Readonly<Record<string, Trial>> = {
  "that looks up ids": {
    xs: { id: whole(V, T, B) },
    step: (h, { id }, { table, u }) =>
      tanh(add(matmul(h, u as Tensor), embedding(table as Tensor, id as Tensor))),
    weights: { table: draw(2, V, U), u },
    runs: "walk",
  },
  "that looks up what it has computed": {
    xs: { x: draw(3, T, B, U) },
    step: (h, { x }, { table }) => {
      const first = embedding(table as Tensor, argmax(add(h, x as Tensor), -1));
      return tanh(add(add(h, first), take(table as Tensor, argmax(h, -1))));
    },
    weights: { table: draw(4, 9, U) },
    runs: ["embeddingGrad"],
  },
  "that counts its steps": {
    xs: { x: draw(5, T, B, U), t: arange(T) },
    step: (h, { x, t }, { u }) => {
      const isDue = equal(mod(t as Tensor, tensor(Int32Array.of(1, 2, 3, 4))), 0);
      return where(isDue, tanh(add(matmul(h, u as Tensor), x as Tensor)), h);
    },
    weights: { u },
    runs: "walk",
  },
  "that begins anew where a bool says so, and computes with a number of it": {
    xs: { x: draw(6, T, B, U), isNew: greater(whole(3, T, B), 1), n: whole(4, T, B) },
    step: (h, { x, isNew, n }, { u }) => {
      const kept = where(unsqueeze(isNew as Tensor, 1), 0, h);
      const gain = unsqueeze(cast(add(n as Tensor, 1), "f32"), 1);
      return tanh(add(matmul(h, u as Tensor), add(mul(x as Tensor, gain), kept)));
    },
    weights: { u },
    runs: "walk",
  },
  "that multiplies what it has made of x": {
    xs: { x: draw(7, T, B, U), z: draw(8, T, B, 2) },
    step: (h, { x, z }, { u, w, v, b }) => {
      const both = concat([transpose(transpose(relu(x as Tensor))), z as Tensor], 1);
      const centred = sub(both, mean(both, { axis: 1, keepDims: true }));
      const inner = tanh(add(matmul(slice(centred, [0, 1], [B, U]), w as Tensor), b as Tensor));
      const gate = sigmoid(matmul(reshape(mul(inner, abs(x as Tensor)), [B, U]), v as Tensor));
      return tanh(add(matmul(h, u as Tensor), gate));
    },
    weights: { u, w: draw(9, U, U), v: draw(10, U, U), b: draw(11, U) },
    runs: "walk",
  },
  "of a loop, which makes a product of x alone": {
    xs: { x: draw(12, T, B, U) },
    step: (h, { x }, { w }) => {
      const own = matmul(square(x as Tensor), w as Tensor);
      return tanh(add(own, mul(h, sum(h, { axis: 1, keepDims: true }))));
    },
    weights: { w: draw(13, U, U) },
    runs: ["matmul"],
  },
  "of a loop, which convolves x and the small images that it carries": {
    carry: [1, 2, 3, 2],
    xs: { x: draw(14, T, 1, 2, 3, 1) },
    step: (h, { x }, { w, r }) => {
      const own = conv2d(square(x as Tensor), w as Tensor, { padding: 1 });
      return tanh(add(own, conv2d(relu(h), r as Tensor, { padding: "same" })));
    },
    weights: { w: draw(15, 3, 3, 1, 2), r: draw(16, 2, 2, 2, 2) },
    runs: ["conv2dFilterGrad"],
  },
  "of a loop, which convolves images that are larger than its filters": {
    carry: [2, 6, 6, 2],
    xs: { x: draw(17, T, 2, 6, 6, 1) },
    step: (h, { x }, { w, r }) => {
      const own = conv2d(square(x as Tensor), w as Tensor, { padding: 1 });
      return tanh(add(own, conv2d(relu(h), r as Tensor, { padding: "same" })));
    },
    weights: { w: draw(18, 3, 3, 1, 2), r: draw(19, 2, 2, 2, 2) },
    runs: [],
  },
};

function opsOf(loss: Tensor, more: readonly Tensor[]) {
  const nodes = [...reachable([loss, ...more].map(({ value }) => value))];
  const inside = nodes.flatMap((node) => {
    if (node.op !== "scan") return [];
    const { next, ys } = bodyOf(node).graph;
    return [...reachable([...next, ...ys])].map(({ op }) => op);
  });
  return { ops: nodes.map(({ op }) => op), inside };
}

describe("a scan's step", () => {
  it.each(Object.entries(trials))(
    "%s means its steps",
    (_, { xs, step, weights, runs, carry: carried = [B, U] }) => {
      const h = draw(20, ...carried);
      const floats = Object.values(xs).filter((x) => "cell" in x) as ReturnType<typeof draw>[];
      const variables = [h, ...Object.values(weights), ...floats];
      const lossOf = (last: Tensor, ys: Tensor) =>
        add(sum(square(add(last, 0.3))), sum(expm1(mul(ys, 0.5))));
      const looped = valueAndGrad(variables, () => {
        const { carry, ys } = scan(
          (at: Tensor, x: Slices) => {
            const next = step(at, x, weights);
            return { carry: next, y: next };
          },
          h as Tensor,
          xs,
        );
        return lossOf(carry, ys);
      });
      const expected = valueAndGrad(variables, () => {
        let at: Tensor = h;
        const ys = Array.from({ length: T }, (_, t) => {
          const own = Object.entries(xs).map(([name, x]) => [name, take(x, t)]);
          at = step(at, Object.fromEntries(own), weights);
          return at;
        });
        return lossOf(at, stack(ys));
      });
      const read = ([loss, gradients]: typeof looped) =>
        evaluateTensors([loss, ...variables.map((v) => gradients.get(v) ?? loss)]);
      const theirs = read(expected);
      read(looped).forEach((own, i) => {
        expect(relativeError(own, theirs[i] ?? []), `result ${i}`).toBeLessThan(2e-6);
      });
      const { ops, inside } = opsOf(looped[0], [...looped[1].values()]);
      if (runs === "walk") {
        expect(ops).toContain("recurrence");
        expect(ops).not.toContain("scan");
      } else {
        expect(ops).toContain("scan");
        for (const op of runs) expect(inside).not.toContain(op);
      }
    },
  );
});
