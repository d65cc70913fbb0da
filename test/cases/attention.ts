import type { AttentionOp } from "../../src/ops/vocabulary.ts";
import type { Case, CaseTable, InputSpec } from "./case.ts";
import { each } from "./each.ts";

interface Attended {
  readonly name: string;
  readonly lead: readonly number[];
  /** Tq, Tk, D, E */
  readonly size: readonly [queries: number, keys: number, features: number, values: number];
  readonly causal?: boolean;
  readonly mask?: InputSpec;
}

/** Of a mask whose query `lost` sees nothing, and that hides every third key from the others. */
function bools(lead: readonly number[], Tq: number, Tk: number, lost: number): InputSpec {
  const heads = lead.reduce((a, b) => a * b, 1);
  const values = Array.from({ length: heads * Tq * Tk }, (_, i) => {
    const [query, key] = [Math.floor(i / Tk) % Tq, i % Tk];
    return query !== lost && (query + key) % 3 !== 0 ? 1 : 0;
  });
  return { shape: [...lead, Tq, Tk], dtype: "bool", values };
}

/** Sizes that fill no tile, block or vector, and more than a block of each; every kind of mask; queries that see nothing. */
const attended: readonly [Attended, ...Attended[]] = [
  { name: "of one query to one key", lead: [], size: [1, 1, 1, 1] },
  { name: "of no sequence", lead: [0, 2], size: [3, 5, 4, 4] },
  { name: "of no query", lead: [2], size: [0, 5, 4, 4] },
  { name: "of 7 queries to 5 keys", lead: [2, 3], size: [7, 5, 3, 6] },
  { name: "of 13 steps to themselves, causal", lead: [2], size: [13, 13, 8, 8], causal: true },
  { name: "of blocks of queries and keys", lead: [2], size: [70, 131, 20, 12] },
  { name: "of wide features", lead: [1], size: [5, 9, 67, 70] },
  { name: "of blocks, causal", lead: [2], size: [101, 101, 9, 7], causal: true },
  { name: "of fewer queries than keys, causal", lead: [1, 2], size: [5, 103, 4, 8], causal: true },
  {
    name: "of more queries than keys, causal, so that the first see nothing",
    lead: [2],
    size: [103, 40, 8, 4],
    causal: true,
  },
  {
    name: "of more keys than a range of them has",
    lead: [2],
    size: [50, 300, 8, 8],
    causal: true,
  },
  {
    name: "with a mask of each query, one of which sees nothing",
    lead: [2, 2],
    size: [7, 11, 4, 5],
    mask: bools([], 7, 11, 3),
  },
  {
    name: "with a mask of each sequence's keys",
    lead: [3, 2],
    size: [6, 9, 4, 4],
    mask: {
      shape: [3, 1, 1, 9],
      dtype: "bool",
      values: [9, 4, 0].flatMap((n) => Array.from({ length: 9 }, (_, j) => (j < n ? 1 : 0))),
    },
  },
  {
    name: "causal with a mask of each head, blocks of which see nothing",
    lead: [2, 2],
    size: [70, 80, 5, 8],
    causal: true,
    mask: bools([2], 70, 80, 2),
  },
  {
    name: "with what is added for each head",
    lead: [2, 3],
    size: [9, 10, 4, 3],
    mask: { shape: [3, 9, 10] },
  },
  {
    name: "causal, with what is added for each key and hides some",
    lead: [2],
    size: [11, 11, 4, 4],
    causal: true,
    mask: { shape: [11], values: [-1e30, 0, 1, -1e30, 2, -1, 0, 0.5, -2e30, 0, 1] },
  },
];

function caseOf({ name, lead, size, causal = false, mask }: Attended): Case<"attention"> {
  const [Tq, Tk, D, E] = size;
  return {
    name: `attention ${name}`,
    ins: {
      q: { shape: [...lead, Tq, D] },
      k: { shape: [...lead, Tk, D] },
      v: { shape: [...lead, Tk, E] },
      mask,
    },
    attrs: { causal, scale: 1 / Math.sqrt(D) },
    // Gradients of lse are nobody's: only gradients read it.
    seeded: ["out"],
  };
}

const wave = (count: number, by: number) =>
  Array.from({ length: count }, (_, i) => Math.fround(Math.sin(i * (i + by) + by)));

/**
 * With what attention gives for its gradient, in plain loops: stats belong to q, k, v and g, which therefore are given.
 */
function gradCaseOf(attended: Attended): Case<"attentionGrad"> {
  const { ins, attrs } = caseOf(attended);
  const { lead, size, mask } = attended;
  const [Tq, Tk, D, E] = size;
  const heads = lead.reduce((a, b) => a * b, 1);
  const [q, k] = [wave(heads * Tq * D, 1), wave(heads * Tk * D, 2)];
  const [v, g] = [wave(heads * Tk * E, 3), wave(heads * Tq * E, 4)];
  const masks =
    mask &&
    (mask.values ??
      wave(
        mask.shape.reduce((a, b) => a * b, 1),
        5,
      ));
  const maskAt = (head: number, i: number, j: number): number => {
    const places = [...lead, Tq, Tk];
    let rest = head;
    const at = [...lead.map(() => 0), i, j];
    for (let d = lead.length - 1; d >= 0; d--) {
      at[d] = rest % (lead[d] ?? 1);
      rest = Math.floor(rest / (lead[d] ?? 1));
    }
    const shape = mask?.shape ?? [];
    const own = at.slice(places.length - shape.length);
    const place = own.reduce((sum, x, d) => sum * (shape[d] ?? 1) + (shape[d] === 1 ? 0 : x), 0);
    return masks?.[place] ?? 0;
  };
  const lse: number[] = [];
  const delta: number[] = [];
  const dot = (a: number[], aAt: number, b: number[], bAt: number, n: number) => {
    let sum = 0;
    for (let x = 0; x < n; x++) sum += (a[aAt + x] ?? 0) * (b[bAt + x] ?? 0);
    return sum;
  };
  for (let row = 0; row < heads * Tq; row++) {
    const [head, i] = [Math.floor(row / Tq), row % Tq];
    const scores = Array.from({ length: Tk }, (_, j) => {
      const isLater = attrs.causal && j > i + Tk - Tq;
      const own = mask && maskAt(head, i, j);
      const isHidden = own !== undefined && (mask?.dtype === "bool" ? own === 0 : own <= -1e30);
      if (isLater || isHidden) return -1e30;
      const added = mask?.dtype === "bool" ? 0 : (own ?? 0);
      return attrs.scale * dot(q, row * D, k, (head * Tk + j) * D, D) + added;
    });
    const top = Math.max(...scores);
    const terms = scores.map((s) => Math.exp(s - top));
    const total = terms.reduce((a, b) => a + b, 0);
    lse.push(top + Math.log(total));
    delta.push(
      terms.reduce(
        (sum, p, j) => sum + (p / total) * dot(g, row * E, v, (head * Tk + j) * E, E),
        0,
      ),
    );
  }
  const { q: qs, k: ks, v: vs } = ins;
  const rows = [...lead, Tq];
  return {
    name: `the gradient of attention ${attended.name}`,
    ins: {
      q: { ...qs, values: q },
      k: { ...ks, values: k },
      v: { ...vs, values: v },
      mask: mask && { ...mask, values: masks ?? [] },
      stats: { shape: [2, ...rows], values: [...lse, ...delta] },
      g: { shape: [...rows, E], values: g },
    },
    attrs,
  };
}

export const attentionCases = {
  attention: each<Attended, Case<"attention">>(attended, caseOf),
  attentionGrad: each<Attended, Case<"attentionGrad">>(attended, gradCaseOf),
} satisfies Pick<CaseTable, AttentionOp>;
