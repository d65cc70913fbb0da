/** How gradients flow back in time, as a step of a Trainer computes and reports it. */
import { InternalError } from "../errors.ts";
import { add, concat, mul, type RecurrentFlow, type Tensor } from "../functions.ts";

/** How the gradient flowed back in time through one recurrent layer in one direction, in one step. */
export interface LayerFlow {
  /** As `gradientFlow` calls it: "lstm l0", "gru l1 reverse". Layers of one name follow the model's order. */
  readonly name: string;
  /** Whether it goes from the last step to the first. */
  readonly reverse: boolean;
  /** ‖∂loss/∂h_t‖ for every step t of the window. */
  readonly h: Float32Array;
  /** ‖∂loss/∂c_t‖; of a cell with such a state, as an lstm has. */
  readonly c: Float32Array | undefined;
  /** The same of all states, by the cell's names; of a `scan` by the names of what it carries. */
  readonly states: Readonly<Record<string, Float32Array>>;
  /** By name: a gate's mean, and the share of it above 0.9 or below 0.1 (of a tanh: −0.9). */
  readonly gates: Readonly<Record<string, { readonly mean: number; readonly saturated: number }>>;
}

/** What a compiled step returns of a layer; what is known beforehand stays outside. */
export interface FlowTensors {
  /** In the order of the cell's. */
  readonly states: readonly Tensor[];
  readonly mean: Tensor | undefined;
  readonly saturated: Tensor | undefined;
}

const NONE = new Float32Array();

/** Keeps the names of the layers that a traced step walks, and puts them back to the numbers of its runs. */
export class FlowNotes {
  #layers: readonly RecurrentFlow[] = [];

  /** `parts`: in how many pieces, one after the other, the step walked its sequences. */
  note(flow: readonly RecurrentFlow[], parts: number): FlowTensors[] {
    const count = flow.length / parts;
    this.#layers = flow.slice(0, count);
    return this.#layers.map((_, layer) => joined(flow.filter((__, i) => i % count === layer)));
  }

  async read(flow: readonly FlowTensors[]): Promise<LayerFlow[]> {
    const floats = async (x: Tensor | undefined) => x && Float32Array.from(await x.data());
    return Promise.all(
      flow.map(async (tensors, i) => {
        const { name = "", reverse = false, states = {}, gates } = this.#layers[i] ?? {};
        const [means, shares] = await Promise.all([tensors.mean, tensors.saturated].map(floats));
        const along = await Promise.all(tensors.states.map(floats));
        const byName = Object.keys(states).map((of, s) => [of, along[s] ?? NONE] as const);
        const ofStates: LayerFlow["states"] = Object.fromEntries(byName);
        const named = (gates?.names ?? []).map((gate, g) => {
          const numbers = { mean: means?.[g] ?? Number.NaN, saturated: shares?.[g] ?? Number.NaN };
          return [gate, numbers] as const;
        });
        return {
          name,
          reverse,
          h: along[0] ?? NONE,
          c: ofStates.c,
          states: ofStates,
          gates: Object.fromEntries(named),
        };
      }),
    );
  }
}

/** One layer's flow through all parts of a sequence. */
function joined(parts: readonly RecurrentFlow[]): FlowTensors {
  const lengths = parts.map(({ h }) => h.size);
  const steps = lengths.reduce((total, n) => total + n, 0);
  const along = (of: (part: RecurrentFlow) => Tensor | undefined) =>
    all(parts.map(of), (xs) => concat(xs));
  const average = (of: (part: RecurrentFlow) => Tensor | undefined) =>
    all(parts.map(of), (xs) =>
      xs.map((x, i) => mul(x, (lengths[i] ?? 0) / steps)).reduce((a, b) => add(a, b)),
    );
  const [first] = parts;
  if (first === undefined) throw new InternalError("a recurrent layer is walked at least once.");
  return {
    states: Object.keys(first.states).flatMap((of) => along((part) => part.states[of]) ?? []),
    mean: average((part) => part.gates?.mean),
    saturated: average((part) => part.gates?.saturated),
  };
}

function all(
  xs: readonly (Tensor | undefined)[],
  join: (xs: readonly Tensor[]) => Tensor,
): Tensor | undefined {
  const present = xs.filter((x) => x !== undefined);
  if (present.length < xs.length || present.length === 0) return undefined;
  return present.length === 1 ? present[0] : join(present);
}
