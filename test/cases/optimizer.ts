import { packedOffsets } from "../../src/ops/packed.ts";
import type { Shape } from "../../src/tensor/shape.ts";
import type { Case, CaseTable, InputSpec } from "./case.ts";

const scalar = (value: number): InputSpec => ({ shape: [], values: [value] });
/** One element, a prime, more than a workgroup, and a multiple of the packing's alignment. */
const shapes: readonly Shape[] = [[1], [7, 5], [259], [], [64]];
const state = (of: readonly Shape[]): Shape => [packedOffsets(of).length];

const sgdInputs = (of: readonly Shape[]) => ({
  parameters: of.map((shape) => ({ shape })),
  gradients: of.map((shape) => ({ shape })),
  velocity: { shape: state(of) },
  learningRate: scalar(0.1),
  scale: scalar(1),
  apply: scalar(1),
});
const sgd = { momentum: 0.9, nesterov: false, weightDecay: 0 };

const adamInputs = (of: readonly Shape[]) => ({
  parameters: of.map((shape) => ({ shape })),
  gradients: of.map((shape) => ({ shape })),
  m: { shape: state(of), range: [-0.1, 0.1] as const },
  v: { shape: state(of), range: [0.01, 0.1] as const },
  learningRate: scalar(0.01),
  step: scalar(3),
  scale: scalar(1),
  apply: scalar(1),
});
const adam = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 };

export const optimizerCases = {
  squareSums: [
    {
      name: "squareSums of several",
      ins: { xs: shapes.map((shape) => ({ shape })), watched: [] },
      attrs: {},
    },
    { name: "squareSums of one element", ins: { xs: [{ shape: [1] }], watched: [] }, attrs: {} },
    {
      name: "squareSums of an empty tensor and a scalar",
      ins: { xs: [{ shape: [0] }, { shape: [] }], watched: [] },
      attrs: {},
    },
    {
      name: "squareSums of many elements takes several sums",
      ins: { xs: [{ shape: [129, 65] }, { shape: [4099] }], watched: [] },
      attrs: {},
    },
    {
      name: "squareSums beside tensors that are finite",
      ins: {
        xs: [{ shape: [17, 3] }, { shape: [70] }],
        watched: [{ shape: [17, 3] }, { shape: [70] }],
      },
      attrs: {},
    },
    {
      name: "squareSums beside tensors for the first of them only",
      ins: {
        xs: [{ shape: [17, 3] }, { shape: [70] }, { shape: [] }, { shape: [5] }],
        watched: [{ shape: [17, 3] }],
      },
      attrs: {},
    },
    ...[Number.NaN, Number.NEGATIVE_INFINITY].map(
      (value): Case<"squareSums"> => ({
        name: `squareSums beside a tensor with ${value}`,
        ins: {
          xs: [{ shape: [3] }, { shape: [70] }],
          watched: [
            { shape: [3] },
            { shape: [70], values: Array.from({ length: 70 }, (_, i) => (i === 69 ? value : i)) },
          ],
        },
        attrs: {},
        checkGradient: false,
      }),
    ),
  ],
  sgd: [
    { name: "sgd with momentum", ins: sgdInputs(shapes), attrs: sgd },
    { name: "sgd without momentum", ins: sgdInputs(shapes), attrs: { ...sgd, momentum: 0 } },
    {
      name: "sgd with Nesterov's momentum and weight decay",
      ins: { ...sgdInputs(shapes), scale: scalar(0.25) },
      attrs: { momentum: 0.8, nesterov: true, weightDecay: 0.01 },
    },
    {
      name: "sgd changes nothing where apply is 0",
      ins: { ...sgdInputs(shapes), apply: scalar(0) },
      attrs: sgd,
    },
    {
      name: "sgd of one parameter over several workgroups",
      ins: sgdInputs([[33, 65]]),
      attrs: sgd,
    },
  ],
  adam: [
    { name: "adam", ins: adamInputs(shapes), attrs: adam },
    {
      name: "adam in the first step, from zero state",
      ins: {
        ...adamInputs([[5]]),
        m: { shape: state([[5]]), values: new Array<number>(64).fill(0) },
        v: { shape: state([[5]]), values: new Array<number>(64).fill(0) },
        step: scalar(1),
      },
      attrs: adam,
    },
    {
      name: "adam with weight decay and clipping",
      ins: { ...adamInputs(shapes), scale: scalar(0.25) },
      attrs: { beta1: 0.8, beta2: 0.99, epsilon: 1e-6, weightDecay: 0.1 },
    },
    {
      name: "adam after many steps",
      ins: { ...adamInputs([[37]]), step: scalar(10000) },
      attrs: adam,
    },
    {
      name: "adam changes nothing where apply is 0",
      ins: { ...adamInputs(shapes), apply: scalar(0) },
      attrs: adam,
    },
    {
      name: "adam of one parameter over several workgroups",
      ins: adamInputs([[33, 65]]),
      attrs: adam,
    },
  ],
} satisfies Pick<CaseTable, "squareSums" | "sgd" | "adam">;
