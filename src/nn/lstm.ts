import { ShapeError } from "../errors.ts";
import {
  describe,
  dropout as drop,
  type Key,
  lstm as runLayer,
  type Tensor,
  transpose,
  type Variable,
  variable,
} from "../functions.ts";
import { module } from "./define.ts";
import { type Initialiser, uniform } from "./initialise.ts";
import type { Module, Parameter } from "./module.ts";
import { checkCounts, checkProbability, type InitialiseOptions, keysOf } from "./options.ts";

export interface LstmOptions extends InitialiseOptions {
  /** One above the other: each takes the hidden states of the one before; 1. */
  readonly layers?: number;
  /** Share of elements dropped between layers while training; 0. */
  readonly dropout?: number;
  /** x is [B, T, I] and y is [B, T, H]. The state is [B, H] either way. */
  readonly batchFirst?: boolean;
  readonly initialiseBias?: Initialiser;
}

/** The variables of one layer: gates innermost, in the order i, f, g, o. */
interface Layer {
  /** [I, H, 4] */
  readonly input: Variable;
  /** [H, H, 4] */
  readonly recurrent: Variable;
  /** [H, 4] */
  readonly bias: Variable;
}

/**
 * LSTM over whole sequences: x f32[T, B, I] → y f32[T, B, H], the hidden state of the last layer at every step.
 * For each layer and step: a = x_t·W + h_{t−1}·R + b, gates i, f, o = σ(a), g = tanh(a), c_t = f∘c_{t−1} + i∘g,
 * h_t = o∘tanh(c_t). The state is h and c of every layer, [h₀, c₀, h₁, c₁, …], each [B, H].
 * There is one bias where PyTorch has two that say the same: a state dict holds it as bias_ih, and bias_hh is zero;
 * the two are added when one is loaded. Hochreiter & Schmidhuber 1997, Gers et al. 2000.
 */
export function lstm(inputs: number, hidden: number, options: LstmOptions = {}): Module {
  const { layers = 1, dropout = 0, batchFirst = false } = options;
  checkCounts("lstm", { inputs, hidden, layers });
  checkProbability("lstm", dropout);
  const stack = makeStack(inputs, hidden, layers, options);
  const turn = (x: Tensor) => (batchFirst ? transpose(x, [1, 0, 2]) : x);
  return module("lstm", {
    description: `lstm(${inputs}, ${hidden}${layers === 1 ? "" : `, ${layers} layers`})`,
    parameters: Object.assign({}, ...stack.map((layer, i) => parametersOf(layer, i))),
    stateShapes: (batchSize) => stack.flatMap(() => [0, 1].map(() => [batchSize, hidden])),
    step(x, state, { isTraining }) {
      checkSequence(x, inputs, hidden, batchFirst);
      let y = turn(x);
      const next = stack.flatMap((layer, i) => {
        const [h, c] = [state?.[2 * i], state?.[2 * i + 1]];
        const below = i > 0 && isTraining ? drop(y, dropout) : y;
        const done = runLayer(below, layer, h && c && { h, c });
        y = done.y;
        return [done.state.h, done.state.c];
      });
      return { y: turn(y), state: next };
    },
  });
}

function makeStack(inputs: number, hidden: number, layers: number, options: LstmOptions): Layer[] {
  const { initialise = uniform(1 / Math.sqrt(hidden)) } = options;
  const { initialiseBias = uniform(1 / Math.sqrt(hidden)) } = options;
  const key = keysOf(options.seed);
  return Array.from({ length: layers }, (_, layer) => {
    const features = layer === 0 ? inputs : hidden;
    const make = (name: string, shape: number[], fanIn: number, start: Initialiser, of: Key) =>
      variable(start(shape, { in: fanIn, out: hidden }, of), shape, `lstm.${name}${layer}`);
    return {
      input: make("input", [features, hidden, 4], features, initialise, key(3 * layer)),
      recurrent: make("recurrent", [hidden, hidden, 4], hidden, initialise, key(3 * layer + 1)),
      bias: make("bias", [hidden, 4], hidden, initialiseBias, key(3 * layer + 2)),
    };
  });
}

/** Under PyTorch's names and in its layouts: gates outermost, units within them. */
function parametersOf({ input, recurrent, bias }: Layer, layer: number): Record<string, Parameter> {
  const matrix = (name: string, weight: Variable): Parameter => {
    const [from = 0, hidden = 0] = weight.shape;
    return {
      variable: weight,
      layout: { names: [name], permutation: [2, 1, 0], shape: [4 * hidden, from] },
    };
  };
  return {
    [`weight_ih_l${layer}`]: matrix(`weight_ih_l${layer}`, input),
    [`weight_hh_l${layer}`]: matrix(`weight_hh_l${layer}`, recurrent),
    [`bias_l${layer}`]: {
      variable: bias,
      layout: {
        names: [`bias_ih_l${layer}`, `bias_hh_l${layer}`],
        permutation: [1, 0],
        shape: [bias.size],
      },
    },
  };
}

function checkSequence(x: Tensor, inputs: number, hidden: number, batchFirst: boolean): void {
  if (x.shape.length === 3 && x.shape[2] === inputs) return;
  throw new ShapeError(
    `lstm: the input must be a sequence [${batchFirst ? "B, T" : "T, B"}, ${inputs}]; got ${describe(x.type)} for lstm(${inputs}, ${hidden}). Its last dimension is the features of one step.`,
  );
}
