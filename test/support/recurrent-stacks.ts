/**
 * Random recurrent networks of the forms that devices may walk together: layers above each other, both directions of a
 * layer, towers side by side; with lengths, initial states, losses of any states, checkpoints and flows.
 */

import { whileWatching } from "../../src/functions/recurrent-watch.ts";
import {
  add,
  type Cell,
  type CellState,
  type CellWeights,
  cell,
  cells,
  checkpoint,
  concat,
  type DType,
  grad,
  recurrent,
  type Shape,
  sum,
  Tensor,
  tanh,
} from "../../src/functions.ts";
import { type GraphValue, reachable } from "../../src/graph/graph.ts";
import { generator } from "./groups/random-group.ts";
import { given as source } from "./run-graph.ts";

const input = (name: string, shape: Shape, dtype: DType = "f32") =>
  new Tensor(source({ dtype, shape }, name).out);

/** Two sums, vectors of two; a state that only looks on. */
const pair = cell({
  name: "pair",
  states: ["h", "most"],
  sums: ["gate", "candidate"],
  step(m, { gate, candidate }, { h, most }) {
    const z = m.sigmoid(gate);
    const next = m.add(m.mul(m.sub(1, z), h), m.mul(z, m.tanh(candidate)));
    return { h: next, most: m.max(most, next) };
  },
});

const kinds: readonly Cell[] = [
  cells.lstm,
  cells.gru,
  cells.rnn.tanh,
  cells.peepholeLstm,
  pair,
  cells.minimalGatedUnit,
];
const arrangements = ["stack", "stack", "directions", "towers"] as const;

export interface RecurrentStack {
  readonly name: string;
  readonly steps: number;
  /** How many layers are walked at once, one above the other or side by side. */
  readonly together: number;
  readonly isStacked: boolean;
  /** Whether it is walked once, so that its dispatches can be counted. */
  readonly isPlain: boolean;
  /** Whether a step has a second product: layers of such a cell are no wavefront. */
  readonly isTwice: boolean;
  /** Whether every layer's gradient comes from the one above alone, or from outside alone. */
  readonly isChain: boolean;
  readonly outputs: readonly Tensor[];
}

export function recurrentStack(seed: number): RecurrentStack {
  const dice = generator(seed);
  const among = <T>(list: readonly T[]): T => list[dice(list.length)] as T;
  const kind = among(kinds);
  const arrangement = among(arrangements);
  const [T, B, H, I] = [2 + dice(4), 1 + dice(5), among([3, 8, 18]), among([2, 5])];
  const layers = arrangement === "stack" ? 2 + dice(2) : arrangement === "towers" ? 2 : 1 + dice(2);
  const hasLengths = dice(2) === 0;
  const hasStates = dice(2) === 0;
  const losses = among(["y", "states", "all"] as const);
  const isCheckpointed = dice(4) === 0;
  const hasFlow = !isCheckpointed && dice(3) === 0;
  const reverse = arrangement === "stack" && dice(3) === 0;
  const given: Tensor[] = [];
  const draw = (name: string, shape: Shape) => {
    const made = input(name, shape);
    given.push(made);
    return made;
  };
  const lengths = hasLengths ? input("lengths", [B], "i32") : undefined;

  interface Layer {
    readonly weights: CellWeights;
    readonly initial: CellState | undefined;
  }
  const layer = (name: string, inputs: number): Layer => {
    const { sums, vectors, states } = kind;
    const named = (names: readonly string[], shape: Shape) =>
      Object.fromEntries(names.map((of) => [of, draw(`${name} ${of}`, shape)]));
    return {
      weights: {
        input: draw(`${name} W`, [inputs, H, kind.inputs.length]),
        recurrent: draw(`${name} R`, [H, H, sums.length + (kind.between?.sums.length ?? 0)]),
        bias: draw(`${name} b`, [H, kind.inputs.length]),
        vectors: named(vectors, [H]),
      },
      initial: hasStates ? named(states, [B, H]) : undefined,
    };
  };
  const walk = (x: Tensor, { weights, initial }: Layer, back: boolean) =>
    recurrent(kind, x, weights, initial, { reverse: back, ...(lengths && { lengths }) });

  const x = draw("x", [T, B, I]);
  const others = arrangement === "towers" ? [draw("z", [T, B, I])] : [];
  const inputs = (l: number) => (l === 0 ? I : arrangement === "directions" ? 2 * H : H);
  const own = Array.from({ length: layers }, (_, l) =>
    layer(`layer ${l}`, l > 0 && others[0] ? I : inputs(l)),
  );
  const backwards =
    arrangement === "directions" ? own.map((_, l) => layer(`back ${l}`, inputs(l))) : [];

  function run(): { readonly ys: readonly Tensor[]; readonly states: readonly Tensor[] } {
    const ys: Tensor[] = [];
    const states: Tensor[] = [];
    let below = x;
    own.forEach((of, l) => {
      const from = arrangement === "towers" ? ([x, ...others][l] ?? x) : below;
      const walked = [walk(from, of, reverse)];
      const back = backwards[l];
      if (back !== undefined) walked.push(walk(from, back, true));
      for (const { state } of walked) states.push(...Object.values(state));
      below =
        walked.length === 1
          ? (walked[0]?.y ?? x)
          : concat(
              walked.map(({ y }) => y),
              -1,
            );
      ys.push(below);
    });
    return { ys, states };
  }
  const loss = () => {
    const { ys, states } = isCheckpointed ? checkpoint(run) : run();
    const last = arrangement === "towers" ? ys : ys.slice(-1);
    const of = { y: last, states: [...last, ...states], all: [...ys, ...states] }[losses];
    return of
      .map((value, k) => sum(tanh(add(value, k / 3))))
      .reduce((total, part) => add(total, part));
  };
  const outputsOf = () => {
    const { ys, states } = run();
    const gradients = grad((...all: Tensor[]) => (all.length === 0 ? x : loss()), ...given);
    return [...ys, ...states, ...gradients];
  };
  const outputs = hasFlow ? whileWatching(outputsOf, { wantsFlow: true }).result : outputsOf();
  const flows = hasFlow ? flowsOf(outputs.map(({ value }) => value)) : [];
  const isStacked = arrangement === "stack";
  return {
    name: [
      kind.name,
      arrangement,
      `${layers} layers`,
      `T ${T}, B ${B}, H ${H}, I ${I}`,
      losses,
      ...(hasLengths ? ["lengths"] : []),
      ...(hasStates ? ["states"] : []),
      ...(isCheckpointed ? ["checkpoint"] : []),
      ...(hasFlow ? ["flow"] : []),
      ...(reverse ? ["reverse"] : []),
    ].join(", "),
    together: isStacked ? layers : 2,
    isStacked,
    isPlain: !isCheckpointed,
    isTwice: kind.between !== undefined,
    isChain: losses === "y",
    steps: T,
    outputs: [...outputs, ...flows],
  };
}

/** What every walk's gradient tells of the states. */
function flowsOf(outputs: readonly GraphValue[]): Tensor[] {
  return reachable(outputs).flatMap((node) =>
    node.op === "recurrenceGrad" ? node.outs.flow.map((value) => new Tensor(value)) : [],
  );
}
