/**
 * Computations of several ops through the public functions, each evaluated on the open device and compared with the
 * float64 reference: what a case of one op cannot show. Free of the test runner, so that it also runs inside a page.
 */
import {
  add,
  cast,
  compile,
  concat,
  conv2d,
  div,
  drawNormal,
  embedding,
  exp,
  grad,
  keyOf,
  log,
  matmul,
  maxPool2d,
  mean,
  mul,
  relu,
  reshape,
  type Shape,
  scan,
  sigmoid,
  sizeOf,
  slice,
  softmax,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  tanh,
  tensor,
  transpose,
  uniform,
} from "../../src/functions.ts";
import { currentRuntime } from "../../src/runtime/current.ts";
import { relativeError } from "./case-data.ts";
import { recurrentComposed } from "./composed-recurrent.ts";
import { evaluateTensors } from "./evaluate-tensor.ts";

export interface Composed {
  readonly name: string;
  readonly inputs: readonly Shape[];
  compute(...inputs: Tensor[]): readonly Tensor[];
}

const layerNorm = (x: Tensor) => {
  const centred = sub(x, mean(x, { axis: -1, keepDims: true }));
  const variance = mean(square(centred), { axis: -1, keepDims: true });
  return div(centred, sqrt(add(variance, 1e-5)));
};

/** The cell of `lstm`, by hand: gates [B, H, 4] innermost in the order i f g o. */
const lstmByScan = (...[x, input, recurrent, bias]: Tensor[]) => {
  const weights = [input, recurrent, bias] as [Tensor, Tensor, Tensor];
  const [inputs, hidden, shared] = weights.map((w) => reshape(w, [-1, 4 * 7])) as typeof weights;
  const zero = sum(mul(slice(x as Tensor, [0, 0, 0], [1, -1, -1]), 0), { axis: [0, 2] });
  const start = mul(reshape(zero, [3, 1]), reshape(slice(shared, [0, 0], [1, 7]), [1, 7]));
  const { carry, ys } = scan(
    ({ h, c }, at) => {
      const a = reshape(add(add(matmul(at, inputs), matmul(h, hidden)), shared), [3, 7, 4]);
      const gate = (k: number) => reshape(slice(a, [0, 0, k], [-1, -1, 1]), [3, 7]);
      const cell = add(mul(sigmoid(gate(1)), c), mul(sigmoid(gate(0)), tanh(gate(2))));
      const next = mul(sigmoid(gate(3)), tanh(cell));
      return { carry: { h: next, c: cell }, y: next };
    },
    { h: start, c: start },
    x as Tensor,
  );
  return { y: ys, state: carry };
};

/** f = σ(LN(x·W + h·U)), h' = (1 − f)∘h + f∘tanh(LN(x·V + (f∘h)·R)). Zhou et al. 2016. */
const minimalGatedUnit = (...[x, h0, w, u, v, r]: Tensor[]) =>
  scan(
    (h: Tensor, at: Tensor) => {
      const [forget, candidate] = [w, v].map((weight) => matmul(at, weight as Tensor)) as [
        Tensor,
        Tensor,
      ];
      const f = sigmoid(layerNorm(add(forget, matmul(h, u as Tensor))));
      const seen = tanh(layerNorm(add(candidate, matmul(mul(f, h), r as Tensor))));
      const next = add(mul(sub(1, f), h), mul(f, seen));
      return { carry: next, y: next };
    },
    h0 as Tensor,
    x as Tensor,
    { reverse: true },
  );

const composed: readonly Composed[] = [
  {
    name: "layer normalisation and its gradient",
    inputs: [[7, 33]],
    compute: (x) => [layerNorm(x), ...grad((of) => sum(mul(layerNorm(of), tanh(of))), x)],
  },
  {
    name: "attention, with gradients of all inputs",
    inputs: [
      [3, 5, 8],
      [3, 7, 8],
      [3, 7, 8],
    ],
    compute(q, k, v) {
      const attend = (...[query, key, value]: Tensor[]) => {
        const scores = div(
          matmul(query as Tensor, transpose(key as Tensor, [0, 2, 1])),
          Math.sqrt(8),
        );
        return matmul(softmax(scores), value as Tensor);
      };
      const gradients = grad((...all) => sum(square(attend(...all))), q, k, v);
      return [attend(q, k, v), ...gradients];
    },
  },
  {
    name: "convolution, bias, relu and pooling, with gradients",
    inputs: [[2, 9, 9, 3], [3, 3, 3, 5], [5]],
    compute(x, w, b) {
      const layer = (...[input, weight, bias]: Tensor[]) =>
        maxPool2d(
          relu(add(conv2d(input as Tensor, weight as Tensor, { padding: "same" }), bias as Tensor)),
          2,
        );
      return [layer(x, w, b), ...grad((...all) => sum(square(layer(...all))), x, w, b)];
    },
  },
  {
    name: "a depthwise convolution and one in groups, each with bias and activation, with gradients",
    inputs: [[2, 7, 9, 6], [3, 3, 1, 6], [6], [3, 3, 2, 9], [9]],
    compute(...inputs) {
      const layers = (...[x, byDepth, first, inGroups, second]: Tensor[]) => {
        const options = { padding: "same" } as const;
        const depthwise = conv2d(x as Tensor, byDepth as Tensor, { ...options, groups: 6 });
        const hidden = tanh(add(depthwise, first as Tensor));
        const grouped = conv2d(hidden, inGroups as Tensor, { ...options, stride: 2, groups: 3 });
        return sigmoid(add(grouped, second as Tensor));
      };
      return [layers(...inputs), ...grad((...all) => sum(square(layers(...all))), ...inputs)];
    },
  },
  {
    name: "the same lstm as a scan, with gradients of weights and input",
    inputs: [
      [9, 3, 5],
      [5, 7, 4],
      [7, 7, 4],
      [7, 4],
    ],
    compute(...inputs) {
      const loss = (...all: Tensor[]) => {
        const { y, state } = lstmByScan(...all);
        return add(sum(square(y)), sum(state.c));
      };
      const { y, state } = lstmByScan(...inputs);
      return [y, state.h, state.c, ...grad(loss, ...inputs)];
    },
  },
  {
    name: "a minimal gated unit with layer normalisation, backwards, with all gradients",
    inputs: [
      [6, 4, 5],
      [4, 8],
      [5, 8],
      [8, 8],
      [5, 8],
      [8, 8],
    ],
    compute(...inputs) {
      const { carry, ys } = minimalGatedUnit(...inputs);
      const loss = (...all: Tensor[]) => {
        const done = minimalGatedUnit(...all);
        return add(sum(square(done.ys)), sum(tanh(done.carry)));
      };
      return [carry, ys, ...grad(loss, ...inputs)];
    },
  },
  {
    name: "a scan of scans, and the gradient of its gradient",
    inputs: [[3, 2, 4], [4], [4, 4]],
    compute(rows, start, w) {
      const run = (weight: Tensor) =>
        scan(
          (c: Tensor, row: Tensor) => {
            const inner = scan(
              (d: Tensor, at: Tensor) => {
                const next = tanh(add(reshape(matmul(reshape(d, [1, 4]), weight), [4]), at));
                return { carry: next, y: mul(next, at) };
              },
              c,
              row,
            );
            return { carry: mul(inner.carry, 0.5), y: sum(inner.ys, { axis: 0 }) };
          },
          start,
          rows,
        ).ys;
      const slope = (of: Tensor) => grad((weight) => sum(square(run(weight))), of)[0] as Tensor;
      return [run(w), slope(w), ...grad((of) => sum(square(slope(of))), w)];
    },
  },
  {
    name: "views: slices, transposes and concatenation of one tensor",
    inputs: [[6, 130]],
    compute(x) {
      const [top, bottom] = [slice(x, [0, 0], [2, -1]), slice(x, [3, 0], [2, -1])];
      const columns = slice(x, [0, 64], [-1, 3]);
      const joined = concat([add(top, 1), mul(bottom, 2), top]);
      return [joined, transpose(columns), reshape(columns, [-1]), top, sum(x, { axis: 0 })];
    },
  },
  {
    // Kernels write in front of and behind what other kernels have written; rows are no whole vectors.
    name: "parts that are made where they are joined, by every kind of kernel, in either order",
    inputs: [
      [64, 7],
      [7, 5],
      [1, 16, 16, 5],
      [3, 3, 5, 5],
      [5, 64],
      [64, 5, 3],
    ],
    compute(x, w, image, filter, columns, deep) {
      const parts = (scale: number) => {
        const [rows, scaled] = [mul(x as Tensor, scale), mul(deep as Tensor, scale)];
        const convolved = conv2d(mul(image as Tensor, scale), filter as Tensor, {
          padding: "same",
          stride: 2,
        });
        return [
          exp(slice(rows, [0, 1], [-1, 5])),
          matmul(rows, w as Tensor),
          reshape(convolved, [64, 5]),
          sum(scaled, { axis: 2 }),
          reshape(maxPool2d(mul(image as Tensor, scale), 2), [64, 5]),
          transpose(mul(columns as Tensor, scale)),
          embedding(mul(w as Tensor, scale), cast(mul(slice(rows, [0, 0], [-1, 1]), 2), "i32")),
        ].map((part) => reshape(part, [64, 5]));
      };
      return [concat(parts(1)), concat(parts(2).reverse()), tanh(concat(parts(3)))];
    },
  },
  {
    name: "the gradient of a gradient",
    inputs: [[5, 4]],
    compute(x) {
      const f = (of: Tensor) =>
        sum(log(add(sum(exp(of), { axis: 1 }), square(sum(of, { axis: 1 })))));
      return grad((of) => sum(square(grad(f, of)[0] as Tensor)), x);
    },
  },
  {
    name: "integers, bools and floats in one expression, and results of size 0 and 1",
    inputs: [[4, 3]],
    compute(x) {
      const whole = cast(mul(x, 10), "i32");
      const back = cast(add(whole, 3), "f32");
      return [whole, back, slice(x, [4, 0], [0, 3]), sum(x), cast(x, "bool")];
    },
  },
  {
    name: "random numbers of a seed, the same on every device",
    inputs: [],
    compute: () => [uniform([129], 7), sub(uniform([3, 5], 8), 0.5)],
  },
];

/** Values and gradients through a handful of ops: the errors of the parts add up to less than this. */
const TOLERANCE = 3e-5;

export interface ComposedReport {
  readonly ran: number;
  readonly failures: readonly string[];
}

/** Evaluates each computation lazily and as a compiled step, on the device that is open. */
export async function runComposed(
  all: readonly Composed[] = [...composed, ...recurrentComposed()],
): Promise<ComposedReport> {
  const failures: string[] = [];
  for (const one of all) {
    const inputs = one.inputs.map((shape, i) =>
      tensor(Float32Array.from(drawNormal(keyOf(i + 1), 0, sizeOf(shape))), shape),
    );
    const wanted = one.compute(...inputs);
    const expected = evaluateTensors(wanted);
    await currentRuntime("test").evaluate(wanted);
    const step = compile((...given) => one.compute(...given));
    const compiled = await step(...inputs);
    for (const [how, results] of Object.entries({ lazily: wanted, compiled })) {
      for (const [i, result] of results.entries()) {
        const error = relativeError(await result.data(), expected[i] ?? []);
        const allowed = result.dtype === "f32" ? TOLERANCE : 0;
        if (!(error <= allowed)) failures.push(`${one.name}, ${how}, result ${i}: ${error}`);
      }
    }
  }
  return { ran: all.length, failures };
}
