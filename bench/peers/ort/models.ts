/** The cases as ONNX graphs, in ONNX's layouts: images N C H W, filters OC IC KH KW. */
import { numberOf } from "../../cases/inputs.ts";
import { checksum } from "../../cases/random.ts";
import type { BenchCase } from "../../contract.ts";
import { caseInputs, oneHot, permute } from "../support.ts";
import type { Attribute, Constant, Graph, Node, Value } from "./onnx.ts";

/** A graph, what is fed to it at every run, and what its outputs come to. */
export interface Model {
  readonly graph: Graph;
  readonly feeds: Readonly<Record<string, Feed>>;
  readonly result: (outputs: readonly Float32Array[]) => readonly number[];
}
export interface Feed {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

const sums = (outputs: readonly Float32Array[]) => outputs.flatMap((output) => checksum(output));

const node = (
  op: string,
  inputs: readonly string[],
  outputs: string | readonly string[],
  attributes: Readonly<Record<string, Attribute>> = {},
): Node => ({
  op,
  inputs,
  outputs: typeof outputs === "string" ? [outputs] : outputs,
  attributes,
});

function modelOf(
  nodes: readonly Node[],
  feeds: Readonly<Record<string, Feed>>,
  outputs: readonly Value[],
  options: { readonly constants?: readonly Constant[]; readonly result?: Model["result"] } = {},
): Model {
  const inputs = Object.entries(feeds).map(([name, { shape }]) => ({ name, shape }));
  const graph = { nodes, inputs, outputs, constants: options.constants ?? [] };
  return { graph, feeds, result: options.result ?? sums };
}

function turned(benchCase: BenchCase, name: string, axes: readonly number[]): Feed {
  const input = caseInputs(benchCase).floats(name);
  return { data: permute(input, axes), shape: axes.map((axis) => input.shape[axis] ?? 0) };
}

/** Gemm transposes as it multiplies; MatMul is what exporters write for the plain product. */
export function matmul(benchCase: BenchCase): Model {
  const { floats } = caseInputs(benchCase);
  const [m, n] = [numberOf(benchCase, "m"), numberOf(benchCase, "n")];
  const { layout } = benchCase.params;
  const product =
    layout === "nn"
      ? node("MatMul", ["a", "b"], "y")
      : node("Gemm", ["a", "b"], "y", layout === "nt" ? { transB: 1 } : { transA: 1 });
  return modelOf([product], { a: floats("a"), b: floats("b") }, [{ name: "y", shape: [m, n] }]);
}

const CHANNELS_FIRST = [0, 3, 1, 2];
const CHANNELS_LAST = [0, 2, 3, 1];

function convAttributes(benchCase: BenchCase): Record<string, Attribute> {
  const p = (name: string) => numberOf(benchCase, name);
  const pad = (p("kernel") - 1) >> 1;
  return {
    kernel_shape: [p("kernel"), p("kernel")],
    pads: [pad, pad, pad, pad],
    strides: [p("stride"), p("stride")],
    group: p("groups"),
  };
}

/** The filter is a constant of the model, as in any network: the runtime may pack it once. */
export function convForward(benchCase: BenchCase): Model {
  const g = turned(benchCase, "g", CHANNELS_FIRST);
  const w = turned(benchCase, "w", [3, 2, 0, 1]);
  return modelOf(
    [node("Conv", ["x", "w"], "y", convAttributes(benchCase))],
    { x: turned(benchCase, "x", CHANNELS_FIRST) },
    [{ name: "y", shape: g.shape }],
    {
      constants: [{ name: "w", ...w }],
      result: ([y = new Float32Array()]) =>
        checksum(permute({ data: y, shape: g.shape }, CHANNELS_LAST)),
    },
  );
}

/** A transposed convolution is the gradient with respect to the input; its filter is [OC, IC / groups, KH, KW], too. */
export function convInputGradient(benchCase: BenchCase): Model {
  const x = turned(benchCase, "x", CHANNELS_FIRST);
  const g = turned(benchCase, "g", CHANNELS_FIRST);
  const { kernel_shape, pads, strides, group } = convAttributes(benchCase);
  const missing = [2, 3].map((axis) => {
    const [K, S] = [numberOf(benchCase, "kernel"), numberOf(benchCase, "stride")];
    return (x.shape[axis] ?? 0) - (((g.shape[axis] ?? 0) - 1) * S + K - 2 * ((K - 1) >> 1));
  });
  const attributes = {
    ...(kernel_shape !== undefined && { kernel_shape }),
    ...(pads !== undefined && { pads }),
    ...(strides !== undefined && { strides }),
    ...(group !== undefined && { group }),
    output_padding: missing,
  };
  return modelOf(
    [node("ConvTranspose", ["g", "w"], "dx", attributes)],
    { g },
    [{ name: "dx", shape: x.shape }],
    {
      constants: [{ name: "w", ...turned(benchCase, "w", [3, 2, 0, 1]) }],
      result: ([dx = new Float32Array()]) =>
        checksum(permute({ data: dx, shape: x.shape }, CHANNELS_LAST)),
    },
  );
}

export function maxPool(benchCase: BenchCase): Model {
  const x = turned(benchCase, "x", CHANNELS_FIRST);
  const size = numberOf(benchCase, "window");
  const shape = x.shape.map((length, axis) => (axis < 2 ? length : Math.floor(length / size)));
  return modelOf(
    [node("MaxPool", ["x"], "y", { kernel_shape: [size, size], strides: [size, size] })],
    { x },
    [{ name: "y", shape }],
    {
      result: ([y = new Float32Array()]) => checksum(permute({ data: y, shape }, CHANNELS_LAST)),
    },
  );
}

/** −Σ targets · log softmax, and softmax − targets: forward ops that happen to be a gradient. */
export function softmaxCrossEntropy(benchCase: BenchCase): Model {
  const { floats, integers } = caseInputs(benchCase);
  const [rows, classes] = [numberOf(benchCase, "rows"), numberOf(benchCase, "classes")];
  const shape = [rows, classes];
  return modelOf(
    [
      node("LogSoftmax", ["logits"], "log", { axis: 1 }),
      node("Mul", ["log", "targets"], "picked"),
      node("ReduceSum", ["picked"], "sum", { keepdims: 0 }),
      node("Neg", ["sum"], "loss"),
      node("Exp", ["log"], "softmax"),
      node("Mul", ["softmax", "share"], "scaled"),
      node("Sub", ["scaled", "targets"], "gradient"),
    ],
    {
      logits: floats("logits"),
      targets: { data: oneHot(integers("labels"), classes, 1 / rows), shape },
    },
    [
      { name: "loss", shape: [] },
      { name: "gradient", shape },
    ],
    { constants: [{ name: "share", shape: [], data: Float32Array.of(1 / rows) }] },
  );
}

export function addChain(benchCase: BenchCase): Model {
  const { floats } = caseInputs(benchCase);
  const length = numberOf(benchCase, "length");
  const name = (i: number) => (i === 0 ? "x" : `x${i}`);
  const nodes = Array.from({ length }, (_, i) => node("Add", [name(i), "y"], name(i + 1)));
  const x = floats("x");
  return modelOf(nodes, { x, y: floats("y") }, [{ name: name(length), shape: x.shape }]);
}

export function copy(benchCase: BenchCase): Model {
  const x = caseInputs(benchCase).floats("x");
  // The zero is fed, so that the addition is not optimised away.
  return modelOf(
    [node("Add", ["x", "zero"], "y")],
    { x, zero: { data: Float32Array.of(0), shape: [] } },
    [{ name: "y", shape: x.shape }],
  );
}

/** Gates from the order i f g o to ONNX's i o f g, along the rows of [4·H, …]. */
function gatesForOnnx(data: Float32Array): Float32Array {
  const part = data.length / 4;
  const [i, f, g, o] = [0, 1, 2, 3].map((gate) => data.subarray(gate * part, (gate + 1) * part));
  const out = new Float32Array(data.length);
  [i, o, f, g].forEach((gate, at) => {
    if (gate !== undefined) out.set(gate, at * part);
  });
  return out;
}

/** ONNX's LSTM op a layer; the last layer's Y_h is the state after the last step. */
export function lstmForward(benchCase: BenchCase): Model {
  const { floats } = caseInputs(benchCase);
  const p = (name: string) => numberOf(benchCase, name);
  const [B, T, H, layers, classes] = [
    p("batch"),
    p("time"),
    p("hidden"),
    p("layers"),
    p("classes"),
  ];
  const constants: Constant[] = [
    { name: "fc.weight", ...floats("fc.weight") },
    { name: "fc.bias", ...floats("fc.bias") },
    { name: "axis0", shape: [1], data: [0] },
    ...(layers > 1 ? [{ name: "axis1", shape: [1], data: [1] }] : []),
  ];
  const nodes: Node[] = [];
  for (let l = 0; l < layers; l++) {
    const [input, recurrent] = [floats(`weight_ih_l${l}`), floats(`weight_hh_l${l}`)];
    const bias = new Float32Array(8 * H);
    bias.set(gatesForOnnx(floats(`bias_l${l}`).data));
    constants.push(
      { name: `W${l}`, shape: [1, ...input.shape], data: gatesForOnnx(input.data) },
      { name: `R${l}`, shape: [1, ...recurrent.shape], data: gatesForOnnx(recurrent.data) },
      { name: `B${l}`, shape: [1, 8 * H], data: bias },
    );
    const from = l === 0 ? "x" : `below${l}`;
    const isLast = l === layers - 1;
    const outputs = isLast ? ["", "last"] : [`y${l}`];
    nodes.push(node("LSTM", [from, `W${l}`, `R${l}`, `B${l}`], outputs, { hidden_size: H }));
    // [T, directions, B, H] → [T, B, H]
    if (!isLast) nodes.push(node("Squeeze", [`y${l}`, "axis1"], `below${l + 1}`));
  }
  nodes.push(
    node("Squeeze", ["last", "axis0"], "hidden"),
    node("Gemm", ["hidden", "fc.weight", "fc.bias"], "logits", { transB: 1 }),
  );
  const x = { data: floats("x").data, shape: [T, B, p("input")] };
  return modelOf(nodes, { x }, [{ name: "logits", shape: [B, classes] }], { constants });
}
