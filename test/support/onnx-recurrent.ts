/** onnxruntime's own cases of RNN, LSTM and GRU, said with cells of one's own: examples/cells/onnx-cell.ts. */
import { readFileSync } from "node:fs";
import {
  activation,
  type OnnxOptions,
  onnxGru,
  onnxLstm,
  onnxRnn,
} from "../../examples/cells/onnx-cell.ts";
import {
  add,
  type Cell,
  concat,
  mul,
  recurrent,
  reshape,
  type Shape,
  slice,
  type Tensor,
  tensor,
  transpose,
} from "../../src/functions.ts";
import { relativeError } from "./case-data.ts";

interface Held {
  readonly shape: Shape;
  readonly data: readonly number[];
}

export interface OnnxCase {
  readonly name: string;
  readonly op: "RNN" | "LSTM" | "GRU";
  readonly attrs: {
    readonly activations?: readonly string[];
    readonly clip?: number;
    readonly input_forget?: number;
    readonly linear_before_reset?: number;
    readonly direction?: string;
  };
  /** X, W, R, B, sequence_lens, initial_h, initial_c, P */
  readonly inputs: readonly (Held | null)[];
  /** Y, Y_h, Y_c */
  readonly outputs: readonly (Held | null)[];
}

export const onnxCases: readonly OnnxCase[] = JSON.parse(
  readFileSync(new URL("../goldens/onnx-recurrent.json", import.meta.url), "utf8"),
).cases;

const kinds = {
  RNN: { make: onnxRnn, count: 1 },
  LSTM: { make: onnxLstm, count: 3 },
  GRU: { make: onnxGru, count: 2 },
};

function optionsOf({ op, attrs, inputs }: OnnxCase, direction: number): OnnxOptions {
  const { count } = kinds[op];
  const own = attrs.activations?.slice(direction * count, (direction + 1) * count);
  const known = Object.entries(activation);
  return {
    ...(own && {
      activations: own.map((name) => {
        const [, make] = known.find(([of]) => of.toLowerCase() === name.toLowerCase()) ?? [];
        if (make === undefined) throw new Error(`no activation ${name}`);
        return make(1, 1);
      }),
    }),
    // 999 and 9999 say none: no sum comes near.
    ...(attrs.clip !== undefined && attrs.clip < 100 && { clip: attrs.clip }),
    peepholes: inputs[7] != null,
    coupled: attrs.input_forget === 1,
    linearBeforeReset: attrs.linear_before_reset === 1,
  };
}

/** The operator's outputs: Y [T, D, B, H], and the states behind the last step, [D, B, H]. */
export function runOnnx(given: OnnxCase): Tensor[] {
  const [x, w, r, b, lengths, h0, c0, p] = given.inputs.map((held, i) =>
    held === null ? undefined : tensor([...held.data], held.shape, i === 4 ? "i32" : "f32"),
  );
  const { op, attrs } = given;
  const [directions = 1, rows = 0, H = 1] = (r as Tensor).shape;
  const gates = rows / H;
  const walked = Array.from({ length: directions }, (_, d) => {
    const cell: Cell = kinds[op].make(optionsOf(given, d));
    const own = (of: Tensor | undefined) =>
      of &&
      reshape(
        slice(
          of,
          [d, ...of.shape.slice(1).map(() => 0)],
          [1, -1, ...of.shape.slice(2).map(() => -1)],
        ),
        of.shape.slice(1),
      );
    // Gates outermost [G·H, n] to innermost, [n, H, G]; a coupled lstm has no forget gate of its own.
    const kept =
      op === "LSTM" && attrs.input_forget === 1
        ? [0, 1, 3]
        : Array.from({ length: gates }, (_, k) => k);
    const innermost = (of: Tensor) => {
      const columns = of.shape[1] ?? 1;
      const parts = kept.map((k) => slice(of, [k * H, 0], [H, columns]));
      return transpose(reshape(concat(parts), [kept.length, H, columns]), [2, 1, 0]);
    };
    const biases = own(b) && reshape(own(b) as Tensor, [2, gates * H, 1]);
    const bias = (of: number) =>
      biases &&
      reshape(innermost(reshape(slice(biases, [of, 0, 0], [1, gates * H, 1]), [gates * H, 1])), [
        H,
        kept.length,
      ]);
    const zeros = tensor(new Float32Array(H * kept.length), [H, kept.length]);
    const [fromX, fromH] = [bias(0) ?? zeros, bias(1) ?? zeros];
    const column = (of: Tensor, k: number) => reshape(slice(of, [0, k], [H, 1]), [H]);
    const isLate = cell.vectors.includes("Rbh");
    // What is added within the product of the reset gate is a vector of the cell.
    const mask = tensor([1, 1, isLate ? 0 : 1].slice(0, op === "GRU" ? 3 : 1));
    const both = add(fromX, mul(fromH, mask));
    const peephole = { pi: 0, po: 1, pf: 2 } as const;
    const vectors = Object.fromEntries(
      cell.vectors.map((name) => [
        name,
        name === "Rbh"
          ? column(fromH, 2)
          : slice(own(p) as Tensor, [peephole[name as keyof typeof peephole] * H], [H]),
      ]),
    );
    const state = {
      ...(h0 && { h: own(h0) as Tensor }),
      ...(c0 && { c: own(c0) as Tensor }),
    };
    const weights = {
      input: innermost(own(w) as Tensor),
      recurrent: innermost(own(r) as Tensor),
      bias: both,
      vectors,
    };
    return recurrent(cell, x as Tensor, weights, state, {
      reverse: d === 1 || attrs.direction === "reverse",
      ...(lengths && { lengths }),
    });
  });
  const stacked = (parts: readonly Tensor[], axis: number) => {
    const wide = parts.map((part) =>
      reshape(part, [...part.shape.slice(0, axis), 1, ...part.shape.slice(axis)]),
    );
    return concat(wide, axis);
  };
  const states = walked.map(({ state }) => Object.values(state));
  const ends = (states[0] ?? []).map((_, s) =>
    stacked(
      states.map((own) => own[s] as Tensor),
      0,
    ),
  );
  return [
    stacked(
      walked.map(({ y }) => y),
      1,
    ),
    ...ends,
  ];
}

/** The largest relative error of the outputs that the case has. */
export async function onnxError(given: OnnxCase): Promise<number> {
  const outputs = runOnnx(given);
  const errors = given.outputs.map(async (held, i) => {
    const own = outputs[i];
    if (held === null || own === undefined) return 0;
    if (own.shape.join() !== held.shape.join()) throw new Error(`${own.shape} for ${held.shape}`);
    return relativeError(await own.data(), Float64Array.from(held.data));
  });
  return Math.max(...(await Promise.all(errors)));
}
