/** Modules, sessions and compiled steps. */
import * as gradgpu from "../../../../src/index.ts";
import { type Arg, fields, leaf, list, plain } from "../argument.ts";
import { f32, ids, savedRecord } from "../instances.ts";
import { models, recurrent } from "../models.ts";
import { args, type Cook, model, numbers, type Recipes } from "./recipe.ts";

const { nn } = gradgpu;

const zeros = (...shape: number[]) => ({
  shape,
  data: new Float32Array(shape.reduce((a, b) => a * b)),
});

const attention = {
  in_proj_weight: zeros(12, 4),
  in_proj_bias: zeros(12),
  "out_proj.weight": zeros(4, 4),
  "out_proj.bias": zeros(4),
};

/** The state dict of `nn.transformerBlock(4, 2, { hidden: 4 })`. */
const block = {
  ...Object.fromEntries(Object.entries(attention).map(([name, one]) => [`self_attn.${name}`, one])),
  ...Object.fromEntries(
    ["linear1", "linear2", "norm1", "norm2"].flatMap((name) => [
      [`${name}.weight`, name.startsWith("norm") ? zeros(4) : zeros(4, 4)],
      [`${name}.bias`, zeros(4)],
    ]),
  ),
};

/** What modules of sequences [3, 2, 4] are called with. */
const ofFours = (type: string, make: () => Arg, dict: object): Recipes => ({
  [`${type}()`]: () => ({ self: make(), args: [f32(3, 2, 4)] }),
  [`${type}.step`]: () => ({ self: make(), args: [f32(3, 2, 4), plain(undefined)] }),
  [`${type}.summary`]: () => ({ self: make(), args: [numbers(3, 2, 4)] }),
  [`${type}.loadStateDict`]: () => ({ self: make(), args: [savedRecord(dict)] }),
});

/** And those that can be run with lengths. */
const ofSequences = (type: string, make: () => Arg, dict: object): Recipes => ({
  ...ofFours(type, make, dict),
  [`${type}.run`]: () => ({
    self: make(),
    args: [f32(3, 2, 4), fields({ lengths: numbers(1, 3) })],
  }),
});

export function moduleCalls(): Recipes {
  const withInput: Cook = ({ dice }) => {
    const name = dice.pick(Object.keys(models));
    const x = models[name]?.x;
    return { self: model(name), args: [leaf(x?.text ?? "", () => x?.make())] };
  };
  const sequence = () => leaf("nn.lstm(2, 3, { layers: 2 })", recurrent.lstm.make);
  const states = () => list([0, 1, 2, 3].map(() => f32(2, 3)));
  return {
    "Module()": withInput,
    "Module.step": (context) => {
      if (context.dice.chance(0.5)) return { self: sequence(), args: [f32(3, 2, 2), states()] };
      const { self, args } = withInput(context);
      return { ...(self && { self }), args: [...args, plain(undefined)] };
    },
    "Module.loadStateDict": ({ dice, world }) => {
      const name = dice.pick(Object.keys(models));
      return { self: model(name), args: [savedRecord(world.stateDicts.get(name))] };
    },
    "Module.summary": ({ dice }) => {
      const name = dice.pick(Object.keys(models));
      return { self: model(name), args: [numbers(...(models[name]?.x.make().shape ?? []))] };
    },
    "NormalisationModule.inverse": () => ({
      self: leaf("nn.normalisation(4)", () => nn.normalisation(4)),
      args: [f32(3, 2, 4)],
    }),
    "nn.normalisation": () => args(fields({ mean: numbers(1, 2), variance: numbers(4, 0) })),
    ...ofFours(
      "NormalisationModule",
      () => leaf("nn.normalisation(4)", () => nn.normalisation(4)),
      {
        mean: zeros(4),
        variance: zeros(4),
      },
    ),
    ...ofSequences(
      "AttentionModule",
      () => leaf("nn.multiHeadAttention(4, 2)", () => nn.multiHeadAttention(4, 2)),
      attention,
    ),
    ...ofSequences(
      "TransformerModule",
      () =>
        leaf("nn.transformerBlock(4, 2, { hidden: 4 })", () =>
          nn.transformerBlock(4, 2, { hidden: 4 }),
        ),
      block,
    ),
    "RecurrentModule.run": () => ({
      self: sequence(),
      args: [f32(3, 2, 2), fields({ state: states(), lengths: numbers(3, 1) })],
    }),
    "RecurrentModule()": () => ({ self: sequence(), args: [f32(3, 2, 2)] }),
    "RecurrentModule.step": () => ({ self: sequence(), args: [f32(3, 2, 2), states()] }),
    "RecurrentModule.summary": () => ({ self: sequence(), args: [numbers(3, 2, 2)] }),
    "RecurrentModule.loadStateDict": () => ({
      self: leaf("nn.lstm(2, 3)", () => nn.lstm(2, 3)),
      args: [
        savedRecord({
          weight_ih_l0: zeros(12, 2),
          weight_hh_l0: zeros(12, 3),
          bias_ih_l0: zeros(12),
          bias_hh_l0: zeros(12),
        }),
      ],
    }),
    "StatefulSession.step": () => ({
      self: leaf(`nn.stateful(${models.text?.text}, { batchSize: 2 })`, () =>
        nn.stateful(models.text?.make() ?? nn.linear(1, 1), { batchSize: 2 }),
      ),
      args: [ids(2, 2)],
    }),
    "StatefulSession.loadState": () => ({
      self: leaf("nn.stateful(nn.lstm(2, 3), { batchSize: 2 })", () =>
        nn.stateful(nn.lstm(2, 3), { batchSize: 2 }),
      ),
      args: [savedRecord([0, 1].map(() => ({ shape: [2, 3], data: new Float32Array(6) })))],
    }),
    "Compiled()": ({ dice }) => ({
      self: leaf("compile((x, y) => mul(x, y))", () =>
        gradgpu.compile((x, y) => gradgpu.mul(x as gradgpu.Tensor, y as gradgpu.Tensor)),
      ),
      args: [f32(2, 3), dice.chance(0.5) ? plain(2) : f32(3)],
    }),
  };
}
