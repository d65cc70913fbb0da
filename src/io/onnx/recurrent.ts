/** Recurrent layers as ONNX's RNN, GRU and LSTM: from PyTorch's names and order of gates, which a state dict has. */
import type { StateDict } from "../../nn/module.ts";
import type { GraphWriter } from "./graph.ts";

interface Kind {
  readonly op: "RNN" | "GRU" | "LSTM";
  /** Of each of ONNX's gates, which one it is of PyTorch's. */
  readonly gates: readonly number[];
  readonly attributes?: Readonly<Record<string, number>>;
  readonly activation?: string;
}

/** By the names that a model file has for their cells. */
export const RECURRENT_KINDS: Readonly<Record<string, Kind>> = {
  "rnn.tanh": { op: "RNN", gates: [0] },
  "rnn.relu": { op: "RNN", gates: [0], activation: "Relu" },
  // PyTorch r, z, n; ONNX z, r, h. The reset comes after the product.
  gru: { op: "GRU", gates: [1, 0, 2], attributes: { linear_before_reset: 1 } },
  // PyTorch i, f, g, o; ONNX i, o, f, c.
  lstm: { op: "LSTM", gates: [0, 3, 1, 2] },
};

export interface RecurrentLayers {
  readonly kind: Kind;
  /** Where its weights are in the file: "1". */
  readonly path: string;
  readonly hidden: number;
  readonly layers: number;
  readonly directions: 1 | 2;
  readonly weights: StateDict;
}

/** Over x [T, B, I]: [T, B, directions · H]. */
export function writeRecurrent(graph: GraphWriter, x: string, of: RecurrentLayers): string {
  let y = x;
  for (let layer = 0; layer < of.layers; layer++) y = writeLayer(graph, y, layer, of);
  return y;
}

function writeLayer(graph: GraphWriter, x: string, layer: number, of: RecurrentLayers): string {
  const { kind, path, hidden, directions, weights } = of;
  const suffixes = directions === 2 ? [`l${layer}`, `l${layer}_reverse`] : [`l${layer}`];
  const rows = kind.gates.length * hidden;
  /** Of every direction the weights of these names, one behind the other. */
  const taken = (name: string, shape: readonly number[], parts: readonly string[]) => {
    const data = suffixes.flatMap((suffix) =>
      parts.flatMap((part) => [...ordered(weights[`${part}_${suffix}`]?.data, kind.gates, rows)]),
    );
    return graph.constant(
      `${path}.${name}_l${layer}`,
      [directions, ...shape],
      Float32Array.from(data),
    );
  };
  const features = weights[`weight_ih_l${layer}`]?.shape[1] ?? 0;
  const w = taken("W", [rows, features], ["weight_ih"]);
  const r = taken("R", [rows, hidden], ["weight_hh"]);
  const b = taken("B", [2 * rows], ["bias_ih", "bias_hh"]);
  const y = graph.node(kind.op, [x, w, r, b], {
    hidden_size: hidden,
    direction: directions === 2 ? "bidirectional" : "forward",
    ...kind.attributes,
    ...(kind.activation && { activations: suffixes.map(() => kind.activation ?? "") }),
  });
  // [T, directions, B, H].
  if (directions === 1) return graph.node("Squeeze", [y, graph.constant("axes", [1], [1])]);
  const turned = graph.node("Transpose", [y], { perm: [0, 2, 1, 3] });
  return graph.node("Reshape", [turned, graph.constant("shape", [3], [0, 0, -1])]);
}

/** The gates' blocks in ONNX's order; zeros where there are none. */
function ordered(
  data: Float32Array | undefined,
  gates: readonly number[],
  rows: number,
): Float32Array {
  if (data === undefined) return new Float32Array(rows);
  const size = data.length / gates.length;
  const out = new Float32Array(data.length);
  gates.forEach((gate, i) => {
    out.set(data.subarray(gate * size, (gate + 1) * size), i * size);
  });
  return out;
}
