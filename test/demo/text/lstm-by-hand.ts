/** The text network in plain numbers of float64, from its state dict: PyTorch's layouts and names, gates i f g o. */
import type { nn } from "gradgpu";

export interface ByHand {
  /** [T][units] each. */
  readonly gates: Readonly<Record<"i" | "f" | "o" | "c", number[][]>>;
  /** [T][characters] */
  readonly logits: number[][];
}

/** What reading `ids` does; `nudge` is added to component `d` of the embedding of letter `t`. */
export async function byHand(
  model: nn.Module,
  ids: ArrayLike<number>,
  nudge: { readonly t: number; readonly d: number; readonly by: number } = { t: -1, d: 0, by: 0 },
): Promise<ByHand> {
  const dict = await model.stateDict();
  const matrix = (name: string) => {
    const entry = dict[name];
    if (entry === undefined) throw new Error(`${name} is not in ${Object.keys(dict).join(", ")}.`);
    const [, columns = 1] = entry.shape;
    return (row: number, column: number) => entry.data[row * columns + column] ?? Number.NaN;
  };
  const size = (name: string, d: number) => dict[name]?.shape[d] ?? 0;
  const [units, inputs, characters] = [
    size("1.weight_hh_l0", 1),
    size("1.weight_ih_l0", 1),
    size("0.weight", 0),
  ];
  const [table, input, recurrent, out] = [
    "0.weight",
    "1.weight_ih_l0",
    "1.weight_hh_l0",
    "2.weight",
  ].map(matrix);
  const [bias1, bias2, outBias] = ["1.bias_ih_l0", "1.bias_hh_l0", "2.bias"].map(
    (name) => dict[name]?.data,
  );
  if (!table || !input || !recurrent || !out || !bias1 || !bias2 || !outBias)
    throw new Error("Something is missing.");
  const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
  const gates: Record<"i" | "f" | "o" | "c", number[][]> = { i: [], f: [], o: [], c: [] };
  const logits: number[][] = [];
  let h = new Array<number>(units).fill(0);
  let c = new Array<number>(units).fill(0);
  for (let t = 0; t < ids.length; t++) {
    const x = Array.from(
      { length: inputs },
      (_, d) => table(ids[t] ?? 0, d) + (nudge.t === t && nudge.d === d ? nudge.by : 0),
    );
    const sum = (gate: number, u: number) => {
      const row = gate * units + u;
      let total = (bias1[row] ?? 0) + (bias2[row] ?? 0);
      for (let d = 0; d < inputs; d++) total += input(row, d) * (x[d] ?? 0);
      for (let v = 0; v < units; v++) total += recurrent(row, v) * (h[v] ?? 0);
      return total;
    };
    const each = (of: (u: number) => number) => Array.from({ length: units }, (_, u) => of(u));
    const [i, f, o] = [0, 1, 3].map((gate) => each((u) => sigmoid(sum(gate, u))));
    const g = each((u) => Math.tanh(sum(2, u)));
    if (!i || !f || !o) throw new Error("There are three gates.");
    const before = c;
    c = each((u) => (f[u] ?? 0) * (before[u] ?? 0) + (i[u] ?? 0) * (g[u] ?? 0));
    const cells = c.map(Math.tanh);
    h = each((u) => (o[u] ?? 0) * (cells[u] ?? 0));
    gates.i.push(i);
    gates.f.push(f);
    gates.o.push(o);
    gates.c.push(cells);
    logits.push(
      Array.from({ length: characters }, (_, v) =>
        h.reduce((total, value, u) => total + out(v, u) * value, outBias[v] ?? 0),
      ),
    );
  }
  return { gates, logits };
}
