/** The network reads a text letter by letter: what its gates did, what its cells hold, and what it expects next. */
import {
  compile,
  grad,
  mul,
  oneHot,
  recurrentSteps,
  reshape,
  softmax,
  sqrt,
  square,
  sum,
  type Tensor,
  tanh,
  tensor,
  zeros,
} from "gradgpu";
import { EMBEDDING, type TextModel } from "./model.ts";
import { type Quantity, TOP } from "./pictures.ts";

/** Letters that are read at a time: every text is filled up to as many, so that there is one plan. */
export const READ = 256;

export interface Read {
  /** f32[T, units] each, after each letter. */
  readonly steps: Readonly<Record<Quantity, Float32Array>>;
  /** f32[T, characters]: expected after each letter. */
  readonly probabilities: Float32Array;
}

export class Reader {
  readonly #read;
  readonly #influence;

  constructor(network: TextModel, characters: number) {
    this.#read = compile((ids: Tensor) => {
      const { result, layers } = recurrentSteps(() => network.model(ids));
      const [lstm] = layers;
      const { input, forget, output } = lstm?.gates ?? {};
      const c = lstm?.states.c;
      if (!input || !forget || !output || !c) throw new Error("The network has an lstm.");
      return { i: input, f: forget, o: output, c: tanh(c), probabilities: softmax(result) };
    });
    this.#influence = compile((ids: Tensor, at: Tensor, character: Tensor) => {
      const [gradient = zeros([1])] = grad((embedded) => {
        const logits = network.out(network.lstm(embedded));
        const wanted = mul(
          reshape(oneHot(at, READ), [READ, 1, 1]),
          reshape(oneHot(character, characters), [1, 1, characters]),
        );
        return sum(mul(logits, wanted));
      }, network.table(ids));
      return sqrt(sum(square(reshape(gradient, [READ, EMBEDDING])), { axis: 1 }));
    });
  }

  /** Rows of READ ids each, side by side, [rows][READ]; what is there of a shorter row is filled with the first id. */
  async read(rows: readonly Int32Array[]): Promise<Read[]> {
    const result = await this.#read(batch(rows));
    const { f, i, o, c, probabilities } = result;
    const data = await Promise.all([f, i, o, c, probabilities].map((y) => y.data()));
    for (const y of Object.values(result)) y.dispose();
    return rows.map(({ length }, row) => {
      const [f, i, o, c, probabilities] = data.map((all) => rowOf(all, row, rows.length, length));
      if (!f || !i || !o || !c || !probabilities) throw new Error("There are five results.");
      return { steps: { f, i, o, c }, probabilities };
    });
  }

  /** f32[at]: the norms of ∂(logit of letter `at`)/∂(embedding of letter t) for all t before it, at ≥ 1. */
  async influence(ids: Int32Array, at: number): Promise<Float32Array> {
    const one = (value: number) => tensor(Int32Array.of(value), []);
    const norms = await this.#influence(batch([ids]), one(at - 1), one(ids[at] ?? 0));
    const data = await norms.data();
    norms.dispose();
    return Float32Array.from(data.subarray(0, at));
  }

  dispose(): void {
    this.#read.dispose();
    this.#influence.dispose();
  }
}

/** The likeliest TOP characters behind each letter, and how likely they are. */
export function likeliest(probabilities: Float32Array, characters: number) {
  const letters = probabilities.length / characters;
  const top = Math.min(TOP, characters);
  const expected = new Int32Array(letters * top);
  const shares = new Float32Array(letters * top);
  for (let t = 0; t < letters; t++) {
    const [ids, own] = [
      expected.subarray(t * top, (t + 1) * top),
      shares.subarray(t * top, (t + 1) * top),
    ];
    own.fill(-1);
    for (let id = 0; id < characters; id++) {
      const share = probabilities[t * characters + id] ?? 0;
      // Those that are less likely move down; most are less likely than all.
      let rank = top;
      while (rank > 0 && share > (own[rank - 1] ?? 0)) rank--;
      if (rank === top) continue;
      own.copyWithin(rank + 1, rank, top - 1);
      ids.copyWithin(rank + 1, rank, top - 1);
      own[rank] = share;
      ids[rank] = id;
    }
  }
  return { expected, probabilities: shares };
}

/** i32[READ, rows] */
function batch(rows: readonly Int32Array[]): Tensor {
  const ids = new Int32Array(READ * rows.length);
  rows.forEach((row, r) => {
    for (let t = 0; t < Math.min(READ, row.length); t++) ids[t * rows.length + r] = row[t] ?? 0;
  });
  return tensor(ids, [READ, rows.length]);
}

/** Of [READ, rows, …] the first `length` steps of one row. */
function rowOf(all: Data, row: number, rows: number, length: number): Float32Array {
  const width = all.length / READ / rows;
  const own = new Float32Array(length * width);
  for (let t = 0; t < length; t++) {
    const from = (t * rows + row) * width;
    own.set(all.subarray(from, from + width), t * width);
  }
  return own;
}

type Data = Awaited<ReturnType<Tensor["data"]>>;
