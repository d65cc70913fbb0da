/** Gradients, loops and steps: functions that are given functions. */
import * as gradgpu from "../../../../src/index.ts";
import { fields, leaf, list, made, plain } from "../argument.ts";
import { callback, f32, parameter } from "../instances.ts";
import { args, numbers, type Recipes } from "./recipe.ts";

export function differentiation(): Recipes {
  const w = () => parameter(2, 3);
  const lossOf = () =>
    made(
      "(w) => () => sum(square(w))",
      [],
      () => () => gradgpu.sum(gradgpu.square(gradgpu.variable([1, 2]))),
    );
  const square = callback("(x) => sum(square(x))", (x: gradgpu.Tensor) =>
    gradgpu.sum(gradgpu.square(x)),
  );
  return {
    valueAndGrad: () => args(list([w()]), lossOf()),
    gradientFlow: () => args(list([w()]), lossOf()),
    recurrentSteps: () =>
      args(
        callback("() => gradgpu.nn.rnn(2, 3)(tensor([[[1, 2]]]))", () =>
          gradgpu.nn.rnn(2, 3)(gradgpu.tensor([[[1, 2]]])),
        ),
      ),
    gradientsOf: () =>
      args(
        leaf("sum(tensor([1, 2]))", () => gradgpu.sum(gradgpu.tensor([1, 2]))),
        list([w()]),
      ),
    gradients: () =>
      args(
        leaf("sum(tensor([1, 2]))", () => gradgpu.sum(gradgpu.tensor([1, 2]))),
        list([f32(2)]),
      ),
    grad: () => args(square, f32(2, 3)),
    vjp: () =>
      args(
        callback("(x) => neg(x)", (x: gradgpu.Tensor) => gradgpu.neg(x)),
        f32(2, 3),
      ),
    checkpoint: () =>
      args(callback("() => [neg(tensor([1, 2]))]", () => [gradgpu.neg(gradgpu.tensor([1, 2]))])),
    scan: ({ dice }) =>
      dice.chance(0.5)
        ? args(
            callback(
              "(h, x) => ({ carry: add(h, x), y: h })",
              (h: gradgpu.Tensor, x: gradgpu.Tensor) => ({ carry: gradgpu.add(h, x), y: h }),
            ),
            f32(3),
            f32(4, 3),
            fields({ reverse: plain(dice.chance(0.5)), name: plain("mine") }),
          )
        : args(
            callback(
              "({ h }) => ({ carry: { h: neg(h) }, y: undefined })",
              ({ h }: { h: gradgpu.Tensor }) => ({ carry: { h: gradgpu.neg(h) }, y: undefined }),
            ),
            fields({ h: f32(3) }),
            plain(undefined),
            fields({ length: plain(3) }),
          ),
    profile: () =>
      args(
        callback("() => neg(tensor([1, 2])).data()", () =>
          gradgpu.neg(gradgpu.tensor([1, 2])).data(),
        ),
      ),
    memoryByOwner: () => args(fields({ mine: list([w()]) })),
    planRows: () =>
      args(
        leaf("a plan", () => ({
          device: "reference",
          steps: [],
          buffers: [],
          slots: [],
          bindings: [],
          results: [],
          memory: { peakBytes: 0, lowerBoundBytes: 0, unsharedBytes: 0 },
        })),
      ),
    compile: () =>
      args(
        callback("(x) => neg(x)", (x: gradgpu.Tensor) => gradgpu.neg(x)),
        fields({}),
      ),
    "Variable.assign": () => ({ self: parameter(2, 3), args: [f32(2, 3)] }),
    "Variable.load": () => ({
      self: parameter(3),
      args: [leaf("Float32Array.of(1, 2, 3)", () => Float32Array.of(1, 2, 3))],
    }),
    Tensor: () =>
      args(leaf("neg(tensor([1, 2])).value", () => gradgpu.neg(gradgpu.tensor([1, 2])).value)),
    Variable: () =>
      args(
        fields({ dtype: plain("f32"), shape: numbers(3) }),
        leaf("Float32Array.of(1, 2, 3)", () => Float32Array.of(1, 2, 3)),
        plain("w"),
      ),
    "Tensor[Symbol.toPrimitive]": () => ({ self: f32(2), args: [plain("string")] }),
    "Variable[Symbol.toPrimitive]": () => ({ self: parameter(2), args: [plain("string")] }),
    "Tensor.item": () => ({ self: f32(1), args: [] }),
    "Variable.item": () => ({ self: parameter(1), args: [] }),
  };
}
