/** Recurrent layers as PyTorch's documentation writes them, in plain loops over its own weights: every state and gate of every step. */
import type { StateDict } from "../../src/nn/index.ts";

/** [B][U] of each name. */
type Rows = Record<string, number[][]>;

export interface ByHand {
  /** [T][B][U] by name, flat. */
  readonly states: Record<string, number[]>;
  readonly gates: Record<string, number[]>;
  /** h at every step, [T][B][U]. */
  readonly y: number[][][];
}

const sigmoid = (a: number) => 1 / (1 + Math.exp(-a));

/** Given columns of x·W + b and of h·R + b_hh, in PyTorch's order, and the states of the unit before. */
type UnitStep = (
  x: readonly number[],
  r: readonly number[],
  before: Readonly<Record<string, number>>,
) => {
  readonly states: Readonly<Record<string, number>>;
  readonly gates: Readonly<Record<string, number>>;
};

export const unitSteps: Readonly<Record<"lstm" | "gru" | "rnn" | "leaky", UnitStep>> = {
  // torch.nn.LSTM: i, f, g, o.
  lstm: (x, r, { c = 0 }) => {
    const a = x.map((value, k) => value + (r[k] ?? 0));
    const [input, forget, output] = [a[0], a[1], a[3]].map((v) => sigmoid(v ?? 0));
    const candidate = Math.tanh(a[2] ?? 0);
    const next = (forget ?? 0) * c + (input ?? 0) * candidate;
    const h = (output ?? 0) * Math.tanh(next);
    return {
      states: { h, c: next },
      gates: { input: input ?? 0, forget: forget ?? 0, candidate, output: output ?? 0 },
    };
  },
  // torch.nn.GRU: r, z, n.
  gru: (x, r, { h = 0 }) => {
    const reset = sigmoid((x[0] ?? 0) + (r[0] ?? 0));
    const update = sigmoid((x[1] ?? 0) + (r[1] ?? 0));
    const recurrent = r[2] ?? 0;
    const candidate = Math.tanh((x[2] ?? 0) + reset * recurrent);
    return {
      states: { h: (1 - update) * candidate + update * h },
      gates: { reset, update, candidate, recurrent },
    };
  },
  rnn: (x, r) => ({ states: { h: Math.tanh((x[0] ?? 0) + (r[0] ?? 0)) }, gates: {} }),
  // A cell that somebody invents: h moves towards a candidate at a rate that it learns.
  leaky: (x, r, { h = 0 }) => {
    const rate = sigmoid((x[0] ?? 0) + (r[0] ?? 0));
    const candidate = Math.tanh((x[1] ?? 0) + (r[1] ?? 0));
    return { states: { h: h + rate * (candidate - h) }, gates: { rate, candidate } };
  },
};

/** One layer in one direction over x [T][B][I]. `lengths`: how many steps each sequence has. */
export function walkByHand(
  kind: keyof typeof unitSteps,
  weights: StateDict,
  suffix: string,
  x: readonly (readonly (readonly number[])[])[],
  { reverse = false, lengths }: { reverse?: boolean; lengths?: readonly number[] } = {},
): ByHand {
  const step = unitSteps[kind];
  const [wih, whh] = [matrix(weights, `weight_ih${suffix}`), matrix(weights, `weight_hh${suffix}`)];
  const [bih, bhh] = [`bias_ih${suffix}`, `bias_hh${suffix}`].map((of) => weights[of]?.data);
  const U = whh[0]?.length ?? 0;
  const columns = wih.length / U;
  const [T, B] = [x.length, x[0]?.length ?? 0];
  let before: Rows = {};
  const rows = Array.from({ length: T }, () => ({ states: {} as Rows, gates: {} as Rows }));
  for (let s = 0; s < T; s++) {
    const t = reverse ? T - 1 - s : s;
    const own = rows[t];
    if (own === undefined) continue;
    for (let b = 0; b < B; b++) {
      const isLive = t < (lengths?.[b] ?? T);
      const h = before.h?.[b] ?? new Array(U).fill(0);
      for (let u = 0; u < U; u++) {
        const part = (
          w: number[][],
          from: readonly number[],
          bias: ArrayLike<number> | undefined,
        ) =>
          Array.from({ length: columns }, (_, k) => {
            const place = k * U + u;
            return (bias?.[place] ?? 0) + dot(w[place] ?? [], from);
          });
        const unit = Object.fromEntries(
          Object.entries(before).map(([of, values]) => [of, values[b]?.[u] ?? 0]),
        );
        const made = step(part(wih, x[t]?.[b] ?? [], bih), part(whh, h, bhh), unit);
        for (const [of, value] of Object.entries(made.states))
          put(own.states, of, b, isLive ? value : (unit[of] ?? 0));
        for (const [of, value] of Object.entries(made.gates))
          put(own.gates, of, b, isLive ? value : 0);
      }
    }
    before = own.states;
  }
  const flat = (role: "states" | "gates") =>
    Object.fromEntries(
      Object.keys(rows[0]?.[role] ?? {}).map((of) => [
        of,
        rows.flatMap((row) => (row[role][of] ?? []).flat()),
      ]),
    );
  return {
    states: flat("states"),
    gates: flat("gates"),
    y: rows.map(({ states }) => states.h ?? []),
  };
}

function put(rows: Rows, name: string, b: number, value: number): void {
  const own = rows[name] ?? [];
  rows[name] = own;
  const row = own[b] ?? [];
  own[b] = row;
  row.push(value);
}

const dot = (a: readonly number[], b: readonly number[]) =>
  a.reduce((total, value, i) => total + value * (b[i] ?? 0), 0);

function matrix(weights: StateDict, name: string): number[][] {
  const entry = weights[name];
  if (entry === undefined) throw new Error(`no ${name} among ${Object.keys(weights).join(", ")}`);
  const [rows = 0, columns = 0] = entry.shape;
  return Array.from({ length: rows }, (_, r) => [
    ...entry.data.subarray(r * columns, (r + 1) * columns),
  ]);
}

/** [T][B][I] of numbers that lie one behind the other. */
export function nested(flat: ArrayLike<number>, [T, B, I]: readonly [number, number, number]) {
  return Array.from({ length: T }, (_, t) =>
    Array.from({ length: B }, (__, b) =>
      Array.from({ length: I }, (___, i) => Number(flat[(t * B + b) * I + i])),
    ),
  );
}
