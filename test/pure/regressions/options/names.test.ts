/** What is no option is refused by name, with the nearest that is one. */
import { beforeAll, describe, expect, test } from "vitest";
import {
  ArgumentError,
  categorical,
  compile,
  GradgpuError,
  losses,
  matmul,
  maxPool2d,
  mean,
  nn,
  optim,
  sum,
  Trainer,
  tensor,
  variable,
  zeros,
} from "../../../../src/index.ts";
import { openCounting } from "../../runtime/open.ts";
import { loose, rate } from "./loose.ts";

beforeAll(() => {
  openCounting();
});

const { adam, sgd } = optim;

describe("a name that is no option", () => {
  const misspelt: readonly [what: string, call: () => unknown, nearest: string][] = [
    ["adam({ lr })", () => loose(adam)({ lr: 0.1 }), "learningRate"],
    ["adam({ learning_rate })", () => loose(adam)({ learning_rate: 0.1 }), "learningRate"],
    ["adam({ eps })", () => loose(adam)({ ...rate, eps: 1e-8 }), "epsilon"],
    ["adam({ weight_decay })", () => loose(adam)({ ...rate, weight_decay: 0 }), "weightDecay"],
    ["adam({ clipnorm })", () => loose(adam)({ ...rate, clipnorm: 1 }), "clipNorm"],
    ["sgd({ momentun })", () => loose(sgd)({ ...rate, momentun: 0.9 }), "momentum"],
    ["sgd({ lr })", () => loose(sgd)({ lr: 0.1 }), "learningRate"],
    ["sum({ dim })", () => loose(sum)(tensor([1]), { dim: 0 }), "axis"],
    ["sum({ axes })", () => loose(sum)(tensor([1]), { axes: 0 }), "axis"],
    ["mean({ keepdims })", () => loose(mean)(tensor([1]), { keepdims: true }), "keepDims"],
    [
      "matmul({ transposea })",
      () => loose(matmul)(zeros([1, 1]), zeros([1, 1]), { transposea: true }),
      "transposeA",
    ],
    [
      "categorical({ temprature })",
      () => loose(categorical)(tensor([1]), { temprature: 1 }),
      "temperature",
    ],
    [
      "crossEntropy({ reduce })",
      () => loose(losses.crossEntropy)(tensor([1]), tensor(0, [], "i32"), { reduce: "sum" }),
      "reduction",
    ],
    ["nn.linear({ biass })", () => loose(nn.linear)(1, 1, { biass: false }), "bias"],
    [
      "nn.linear({ initialize })",
      () => loose(nn.linear)(1, 1, { initialize: () => [1] }),
      "initialise",
    ],
    ["nn.conv2d({ strides })", () => loose(nn.conv2d)(1, 1, 3, { strides: 2 }), "stride"],
    ["nn.maxPool2d({ strides })", () => loose(nn.maxPool2d)(2, { strides: 2 }), "stride"],
    ["nn.lstm({ layer })", () => loose(nn.lstm)(1, 1, { layer: 2 }), "layers"],
    ["nn.gru({ batch_first })", () => loose(nn.gru)(1, 1, { batch_first: true }), "batchFirst"],
    ["nn.rnn({ activations })", () => loose(nn.rnn)(1, 1, { activations: "relu" }), "activation"],
    ["nn.embedding({ sead })", () => loose(nn.embedding)(3, 1, { sead: 1 }), "seed"],
    [
      "nn.stateful({ batch })",
      () => loose(nn.stateful)(nn.linear(1, 1), { batch: 1 }),
      "batchSize",
    ],
    ["nn.module({ foward })", () => loose(nn.module)("own", { foward: () => 1 }), "forward"],
    [
      "compile({ randomcount })",
      () => loose(compile)((x: unknown) => x, { randomcount: () => 1 }),
      "randomCount",
    ],
  ];
  test.each(misspelt)("%s is refused, with the nearest", (_, call, nearest) => {
    expect(call).toThrow(ArgumentError);
    expect(call).toThrow(new RegExp(`options must be among .*Did you mean ${nearest}\\?`));
  });

  test("without one that is near is to be left out", () => {
    expect(() => loose(adam)({ ...rate, trainable: false })).toThrow(
      /got "trainable". Leave it out/,
    );
  });

  test("is not found in what every object inherits", () => {
    for (const name of ["toString", "constructor", "hasOwnProperty", "__proto__"]) {
      const options = JSON.parse(`{ "learningRate": 0.1, "${name}": 1 }`);
      expect(() => adam(options)).toThrow(ArgumentError);
    }
  });
});

describe("something else in place of the options", () => {
  test("sum(x, 1) and its like name { axis: 1 }", () => {
    expect(() => loose(sum)(zeros([2, 2]), 1)).toThrow(/Write \{ axis: 1 \}\./);
    expect(() => loose(mean)(zeros([2, 2]), -1)).toThrow(/Write \{ axis: -1 \}\./);
    expect(() => loose(sum)(zeros([2, 2]), [0, 1])).toThrow(/Write \{ axis: \[0, 1\] \}\./);
  });

  test.each([5, "text", true, null, [], new Map([["learningRate", 1]]), () => 1, tensor(1)])(
    "%o is refused",
    (given) => {
      const calls = [
        () => loose(adam)(given),
        () => loose(sgd)(given),
        () => loose(sum)(tensor([1]), given),
        () => loose(nn.linear)(1, 1, given),
        () => loose(nn.conv2d)(1, 1, 3, given),
        () => loose(nn.maxPool2d)(2, given),
        () => loose(nn.lstm)(1, 1, given),
        () => loose(nn.stateful)(nn.linear(1, 1), given),
        () => loose(maxPool2d)(zeros([1, 2, 2, 1]), 2, given),
        () => loose(losses.meanSquaredError)(tensor(1), tensor(1), given),
        () => loose(compile)((x: unknown) => x, given),
        () => loose(Reflect.construct)(Trainer, [nn.linear(1, 1), given]),
      ];
      for (const call of calls) expect(call).toThrow(ArgumentError);
    },
  );

  test("a variable's options are its shape, name and dtype, in their order", () => {
    for (const given of [{ trainable: false }, { shape: [1] }, "w", 1, true, null])
      expect(() => loose(variable)([1], given)).toThrow(GradgpuError);
    expect(() => loose(variable)([1], [1], { trainable: false })).toThrow(GradgpuError);
    expect(() => loose(variable)([1], [1], "w", "float32")).toThrow(GradgpuError);
  });
});
