import { callable, check } from "../arguments.ts";
import { emit, type GraphValue } from "../graph/graph.ts";
import { after } from "../ops/tapes.ts";
import { Tensor } from "../runtime/tensor.ts";
import { wrap } from "./apply.ts";
import { concat, reshape, slice } from "./movement.ts";
import { type Sequence, type Walk, whileWatching } from "./recurrent-watch.ts";

/** What one recurrent layer in one direction, or one `scan`, has computed at every step of a sequence. */
export interface RecurrentSteps {
  /** As `gradientFlow` calls it: "lstm l0", "gru l1 reverse", "scan". Layers of one name follow the model's order. */
  readonly name: string;
  /** The cell's name: "rnn", "gru", "lstm", or that of another one; "scan" where a `scan` was walked. */
  readonly cell: string;
  /** Whether it goes from the last step to the first. */
  readonly reverse: boolean;
  /**
   * f32[T, B, U]: every state behind every step, by the cell's names; of a scan what it carries, [T, …], by the carry's names
   * (one tensor: "carry"). Row t belongs to step t in either direction. A sequence that has ended keeps its state.
   */
  readonly states: Readonly<Record<string, Tensor>>;
  /**
   * f32[T, B, U]: what a step has made of each of the cell's inputs and sums, by their names: behind the sigmoid or tanh that
   * follows, or the bare sum where there is none. What is a state anyway is not here: an rnn has none. 0 behind a
   * sequence's end. A scan gives as y what else is to be seen of it.
   */
  readonly gates: Readonly<Record<string, Tensor>>;
}

/**
 * What `fn` returns, and what every recurrent layer and every `scan` in it computed at each step, in their order: states
 * and gates. It is what the layers compute and keep for a gradient in any case; what nobody reads of it costs nothing. Made
 * for a look between two steps of a training, with the weights as they are then, and to be compiled once:
 *
 *     const look = compile((x) => {
 *       const { result, layers } = recurrentSteps(() => model(x));
 *       return { y: result, states: layers[0].states, gates: layers[0].gates };
 *     });
 *
 * An lstm has the states h and c and the gates input, forget, candidate and output; a gru the state h and the gates
 * reset, update, candidate, and the sum recurrent that its reset gate multiplies. Of an lstm with a projection h is
 * o∘tanh(c), before that. The heat maps of Karpathy, Johnson & Fei-Fei 2015.
 * @throws ArgumentError for what is no function; what `fn` throws
 */
export function recurrentSteps<R>(fn: () => R): {
  readonly result: R;
  readonly layers: readonly RecurrentSteps[];
} {
  check("recurrentSteps", "fn", fn, callable);
  const { result, sequences } = whileWatching(fn, { wantsFlow: false });
  return { result, layers: sequences.flatMap(stepsOf) };
}

function stepsOf(sequence: Sequence): RecurrentSteps[] {
  if ("kind" in sequence) {
    const { name, reverse, states } = sequence;
    return [{ name, cell: "scan", reverse, states: Object.fromEntries(states), gates: {} }];
  }
  const [first] = sequence;
  if (first === undefined) return [];
  const { name, cell, reverse } = first;
  const inTime = reverse ? sequence.toReversed() : sequence;
  const along = (of: (part: Walk) => Tensor) => {
    const [only, ...others] = inTime.map(of);
    return only === undefined || others.length > 0 ? concat(inTime.map(of)) : only;
  };
  const states = cell.states.map((of, s) => [of, along((part) => stateOf(part, s))] as const);
  const gates = cell.tape.map(({ name: of }, g) => [of, along((part) => gateOf(part, g))] as const);
  return [
    {
      name,
      cell: cell.name,
      reverse,
      states: Object.fromEntries(states),
      gates: Object.fromEntries(gates),
    },
  ];
}

function stateOf({ states, reverse }: Walk, place: number): Tensor {
  return wrap(after(emit, states[place] as GraphValue, reverse)); // one of the cell's
}

function gateOf({ tape }: Walk, place: number): Tensor {
  const all = new Tensor(tape as GraphValue); // one of its entries is asked for
  const [T = 0, B = 0, U = 0] = all.shape;
  return reshape(slice(all, [0, 0, 0, place], [T, B, U, 1]), [T, B, U]);
}
