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
  currentRuntime,
  div,
  drawNormal,
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
export async function runComposed(): Promise<ComposedReport> {
  const failures: string[] = [];
  const all = [...composed, ...recurrentComposed()];
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
