/** The two networks of the quick start, and smaller ones for long runs, as plain training steps. */
import { type Tensor, type TensorType, type Variable, variable } from "../../src/functions.ts";
import { losses, nn, optim } from "../../src/index.ts";
import { planStep } from "../../src/runtime/compile.ts";
import type { DeviceTraits } from "../../src/scheduler/lowering.ts";
import type { Plan } from "../../src/scheduler/plan.ts";
import { trainingStep } from "../../src/train/steps.ts";

export type Model = ReturnType<typeof nn.sequential>;

export interface TrainingSetup {
  readonly model: Model;
  readonly state: readonly Variable[];
  readonly types: readonly TensorType[];
  readonly step: (x: Tensor, y: Tensor, keep: Tensor) => ReturnType<typeof trainingStep>;
}

const f32 = (...shape: number[]): TensorType => ({ dtype: "f32", shape });
const i32 = (...shape: number[]): TensorType => ({ dtype: "i32", shape });

/** A CNN for 28 × 28 digits, with Adam. */
export function cnn(batch = 64, channels: readonly [number, number] = [16, 32]): TrainingSetup {
  const [first, second] = channels;
  const model = nn.sequential(
    nn.conv2d(1, first, 3, { padding: "same" }),
    nn.relu(),
    nn.maxPool2d(2),
    nn.conv2d(first, second, 3, { padding: "same" }),
    nn.relu(),
    nn.maxPool2d(2),
    nn.flatten(),
    nn.linear(second * 7 * 7, 10),
  );
  const options = {
    loss: losses.crossEntropy,
    optimizer: optim.adam({ learningRate: 1e-3 }),
    metrics: { accuracy: losses.accuracy },
    isGuarded: true,
  };
  return {
    model,
    state: [],
    types: [f32(batch, 28, 28, 1), i32(batch), f32()],
    step: (x, y, keep) => trainingStep(model, options, x, y, keep, []),
  };
}

export interface LstmSize {
  readonly steps: number;
  readonly hidden: number;
  readonly batch?: number;
  readonly vocabulary?: number;
  readonly layers?: number;
}

/** A character model with a window of truncated back-propagation, clipping and Adam. */
export function charLstm(size: LstmSize): TrainingSetup {
  const { steps, hidden, batch = 32, vocabulary = 80, layers = 1 } = size;
  const model = nn.sequential(
    nn.embedding(vocabulary, hidden),
    nn.lstm(hidden, hidden, { layers }),
    nn.linear(hidden, vocabulary),
  );
  const options = {
    loss: losses.crossEntropy,
    optimizer: optim.adam({ learningRate: 1e-3, clipNorm: 1 }),
    metrics: {},
    isGuarded: true,
  };
  const state = model
    .stateShapes(batch)
    .map((shape, i) => variable(new Float32Array(batch * hidden), shape, `state ${i}`));
  return {
    model,
    state,
    types: [i32(steps, batch), i32(steps, batch), f32()],
    step: (x, y, keep) => trainingStep(model, options, x, y, keep, state),
  };
}

/** The plan of a step for a device that need not be there. */
export function planOf({ step, types }: TrainingSetup, traits: DeviceTraits): Plan {
  // A step takes as many tensors as there are types.
  return planStep(step as Parameters<typeof planStep>[0], types, traits);
}
