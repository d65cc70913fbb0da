/** Recurrent computations for composed.ts: layers above each other, both directions, lengths, gradients of gradients. */
import {
  add,
  grad,
  gradients,
  lstm,
  mul,
  type Shape,
  square,
  sum,
  type Tensor,
  tanh,
  tensor,
} from "../../src/functions.ts";
import * as nn from "../../src/nn/index.ts";
import type { Composed } from "./composed.ts";
import { gradientInputs, gradientLoss, type SequenceCell, sequenceCells } from "./gradient-loss.ts";
import { recurrentKinds, recurrentLayers } from "./recurrent-layers.ts";

/** Σ tanh(k · v) over all `values`: no two of them count alike. */
function lossOf(values: readonly Tensor[]): Tensor {
  return values
    .map((value, k) => sum(tanh(mul(value, (k + 1) / 2))))
    .reduce((total, part) => add(total, part));
}

/** Made anew at each call: parameters live on the device that they were first used on. */
export function recurrentComposed(): readonly Composed[] {
  return [
    overSteps,
    ...recurrentKinds.map(ofTwoLayers),
    stacked(),
    ...sequenceCells.map(ofGradient),
  ];
}

const overSteps: Composed = {
  name: "an lstm over 9 steps, with gradients of weights and input",
  inputs: [
    [9, 3, 5],
    [5, 7, 4],
    [7, 7, 4],
    [7, 4],
  ],
  compute(...inputs) {
    const run = (...[x, input, recurrent, bias]: Tensor[]) =>
      lstm(x as Tensor, { input, recurrent, bias } as Parameters<typeof lstm>[1]);
    const loss = (...all: Tensor[]) => {
      const { y, state } = run(...all);
      return add(sum(square(y)), sum(state.c));
    };
    const { y, state } = run(...inputs);
    return [y, state.h, state.c, ...grad(loss, ...inputs)];
  },
};

/** One layer after the other in both directions, sequences of any length, from states. */
function ofTwoLayers(kind: (typeof recurrentKinds)[number]): Composed {
  const model = recurrentLayers[kind](5, 7, { layers: 2, bidirectional: true, seed: 3 });
  const states: Shape[] = Array(kind === "lstm" ? 8 : 4).fill([4, 7]);
  return {
    name: `${kind} of two layers in both directions with lengths, with all gradients`,
    inputs: [[6, 4, 5], ...states],
    compute(x, ...state) {
      const lengths = tensor(Int32Array.of(2, 6, 0, 1));
      const run = model.run(x as Tensor, { state, lengths });
      const results = [run.y, ...run.state];
      return [
        ...results,
        ...gradients(lossOf(results), [x as Tensor, ...state, ...model.parameters()]),
      ];
    },
  };
}

/** Layers of every kind one above the other, as in a user's model. */
function stacked(): Composed {
  const model = nn.sequential(
    nn.rnn(5, 6, { bidirectional: true, seed: 4 }),
    nn.gru(12, 8, { layers: 2, seed: 5 }),
    nn.lstm(8, 7, { seed: 6 }),
    nn.linear(7, 2, { seed: 7 }),
  );
  return {
    name: "an rnn in both directions, gru, lstm and linear layer one above the other, with all gradients",
    inputs: [[5, 3, 5], ...model.stateShapes(3)],
    compute(x, ...state) {
      const { y, state: next } = model.step(x as Tensor, state);
      const results = [y, ...next];
      return [
        ...results,
        ...gradients(lossOf(results), [x as Tensor, ...state, ...model.parameters()]),
      ];
    },
  };
}

/** Through the composite of the gradient's op, in reverse and with lengths. */
function ofGradient(cell: SequenceCell): Composed {
  return {
    name: `the gradient of the gradient of an ${cell} in reverse, with lengths`,
    inputs: gradientInputs(cell, 5),
    compute: (...given) => grad((...inputs) => gradientLoss(cell, inputs), ...given),
  };
}
