/** Inputs of cases as gradgpu's variables and state dicts. */
import { nn, type Variable, variable } from "gradgpu";
import type { Inputs } from "../cases/inputs.ts";

/** An input that stays on the device. */
export function held(inputs: Inputs, name: string): Variable {
  const input = inputs[name];
  if (input === undefined) throw new Error(`there is no input ${name}.`);
  return variable(input.data, input.shape, name);
}

/** The arrays of `inputs` under `names`, as a state dict calls them. */
export function weights(inputs: Inputs, names: Readonly<Record<string, string>>): nn.StateDict {
  return Object.fromEntries(
    Object.entries(names).map(([own, name]) => {
      const input = inputs[name];
      if (input === undefined) throw new Error(`there is no input ${name}.`);
      return [own, { shape: input.shape, data: Float32Array.from(input.data) }];
    }),
  );
}

const LAYERS = { lstm: nn.lstm, gru: nn.gru, rnn: nn.rnn };
const GATES = { lstm: 4, gru: 3, rnn: 1 };

/** Recurrent layers with the case's weights. PyTorch has two biases: the one of the case, and zeros. */
export function recurrentLayers(
  cell: keyof typeof LAYERS,
  inputs: Inputs,
  sizes: readonly [number, number],
  layers: number,
) {
  const module = LAYERS[cell](...sizes, { layers });
  const dict: Record<string, nn.StateEntry> = {};
  for (let l = 0; l < layers; l++) {
    Object.assign(
      dict,
      weights(inputs, {
        [`weight_ih_l${l}`]: `weight_ih_l${l}`,
        [`weight_hh_l${l}`]: `weight_hh_l${l}`,
        [`bias_ih_l${l}`]: `bias_l${l}`,
      }),
    );
    const size = GATES[cell] * sizes[1];
    dict[`bias_hh_l${l}`] = { shape: [size], data: new Float32Array(size) };
  }
  module.loadStateDict(dict);
  return module;
}

export function linearLayer(inputs: Inputs, from: number, to: number): nn.Module {
  const module = nn.linear(from, to);
  module.loadStateDict(weights(inputs, { weight: "fc.weight", bias: "fc.bias" }));
  return module;
}
