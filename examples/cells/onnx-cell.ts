/**
 * The recurrent operators of ONNX with all that their attributes say, as cells: a page that does what options would
 * (docs/cells.md). RNN, LSTM and GRU of onnx.ai/onnx/operators, version 14; gates in ONNX's order.
 */
import { type Cell, type CellMath, cell } from "gradgpu";

type Value = ReturnType<CellMath["tanh"]>;
type Activation = (m: CellMath, x: Value) => Value;

export interface OnnxOptions {
  /** f; f, g, h; f, g of the direction. The operator's own where nothing is said. */
  readonly activations?: readonly Activation[];
  /** What goes into an activation stays within −clip … clip. */
  readonly clip?: number;
  /** lstm: gates look at c. */
  readonly peepholes?: boolean;
  /** lstm: `input_forget`, f = 1 − i. */
  readonly coupled?: boolean;
  /** gru: `linear_before_reset`, the reset behind the product. */
  readonly linearBeforeReset?: boolean;
}

export const activation: {
  readonly [name: string]: (alpha: number, beta: number) => Activation;
} = {
  Tanh: () => (m, x) => m.tanh(x),
  Sigmoid: () => (m, x) => m.sigmoid(x),
  Relu: () => (m, x) => m.relu(x),
  Softplus: () => (m, x) => m.softplus(x),
  Softsign: () => (m, x) => m.div(x, m.add(1, m.abs(x))),
  Affine: (alpha, beta) => (m, x) => m.add(m.mul(alpha, x), beta),
  LeakyRelu: (alpha) => (m, x) => m.where(m.less(x, 0), m.mul(alpha, x), x),
  ThresholdedRelu: (alpha) => (m, x) => m.where(m.less(x, alpha), 0, x),
  ScaledTanh: (alpha, beta) => (m, x) => m.mul(alpha, m.tanh(m.mul(beta, x))),
  HardSigmoid: (alpha, beta) => (m, x) => m.min(m.max(m.add(m.mul(alpha, x), beta), 0), 1),
  Elu: (alpha) => (m, x) => m.where(m.less(x, 0), m.mul(alpha, m.sub(m.exp(m.min(x, 0)), 1)), x),
};

const sigmoid: Activation = (m, x) => m.sigmoid(x);
const tanh: Activation = (m, x) => m.tanh(x);

/** h_t = f(x·W + h·R + b) */
export function onnxRnn({ activations: [f = tanh] = [], clip }: OnnxOptions = {}): Cell {
  const within = clipped(clip);
  return cell({
    name: "onnxRnn",
    states: ["h"],
    sums: ["i"],
    step: (m, { i }) => ({ h: f(m, within(m, i)) }),
  });
}

/**
 * i, f = f(x·W + h·R + b + p ∘ c), or f = 1 − i;  c̃ = g(x·W + h·R + b)
 * C = f ∘ c + i ∘ c̃;  o = f(x·W + h·R + b + p ∘ C);  H = o ∘ h(C)
 */
export function onnxLstm(options: OnnxOptions = {}): Cell {
  const { activations: [f = sigmoid, g = tanh, h = tanh] = [], clip, peepholes, coupled } = options;
  const within = clipped(clip);
  const step = (
    m: CellMath,
    x: Readonly<Record<string, Value>>,
    { c }: Readonly<Record<"c", Value>>,
    p: Readonly<Record<string, Value>>,
  ) => {
    const gate = (name: string, state: Value) => {
      const weight = p[`p${name}`];
      const sum = x[name] as Value; // of the cell's own names
      return f(m, within(m, weight === undefined ? sum : m.add(sum, m.mul(weight, state))));
    };
    const i = gate("i", c);
    const forget = coupled ? m.sub(1, i) : gate("f", c);
    const next = m.add(m.mul(forget, c), m.mul(i, g(m, within(m, x.c as Value))));
    return { h: m.mul(gate("o", next), h(m, within(m, next))), c: next };
  };
  const gates = coupled ? ["i", "o"] : ["i", "o", "f"];
  return cell<"h" | "c", string, string, never, string>({
    name: "onnxLstm",
    states: ["h", "c"],
    sums: [...gates, "c"],
    vectors: peepholes ? gates.map((name) => `p${name}`) : [],
    step,
  });
}

/**
 * z, r = f(x·W + h·R + b);  H = (1 − z) ∘ h̃ + z ∘ h
 * h̃ = g(x·W + b + (r ∘ h)·R), or g(x·W + b + r ∘ (h·R + b_R))
 */
export function onnxGru(options: OnnxOptions = {}): Cell {
  const { activations: [f = sigmoid, g = tanh] = [], clip, linearBeforeReset } = options;
  const within = clipped(clip);
  const gate = (m: CellMath, x: Value) => f(m, within(m, x));
  const next = (m: CellMath, z: Value, candidate: Value, h: Value) => {
    const keep = gate(m, z);
    return { h: m.add(m.mul(m.sub(1, keep), g(m, within(m, candidate))), m.mul(keep, h)) };
  };
  if (!linearBeforeReset) {
    return cell({
      name: "onnxGru",
      states: ["h"],
      inputs: ["z", "r", "h"],
      sums: ["z", "r"],
      between: { sums: ["h"], of: (m, { r }, { h }) => m.mul(gate(m, r), h) },
      step: (m, x, { h }) => next(m, x.z, x.h, h),
    });
  }
  return cell({
    name: "onnxGru, linear before reset",
    states: ["h"],
    inputs: ["z", "r", "h"],
    sums: ["z", "r", "Rh"],
    vectors: ["Rbh"],
    step: (m, x, { h }, { Rbh }) =>
      next(m, x.z, m.add(x.h, m.mul(gate(m, x.r), m.add(x.Rh, Rbh))), h),
  });
}

function clipped(clip: number | undefined): Activation {
  return (m, x) => (clip === undefined ? x : m.max(m.min(x, clip), -clip));
}
