/** The training steps that `npm run explain` and `npm run profile` show. */
import { type TensorType, variable } from "../src/functions.ts";
import { losses, nn, optim } from "../src/index.ts";
import type { planStep } from "../src/runtime/compile.ts";
import { trainingStep } from "../src/train/steps.ts";

export interface Setting {
  readonly T: number;
  readonly H: number;
  readonly B: number | undefined;
  readonly layers: number;
  readonly checkpoint: boolean;
}

export type TracedStep = {
  readonly fn: Parameters<typeof planStep>[0];
  readonly types: readonly TensorType[];
};

function cnn({ B = 64 }: Setting): TracedStep {
  const model = nn.sequential(
    nn.conv2d(1, 16, 3, { padding: "same" }),
    nn.relu(),
    nn.maxPool2d(2),
    nn.conv2d(16, 32, 3, { padding: "same" }),
    nn.relu(),
    nn.maxPool2d(2),
    nn.flatten(),
    nn.linear(32 * 7 * 7, 10),
  );
  const optimizer = optim.adam({ learningRate: 1e-3 });
  const options = {
    loss: losses.crossEntropy,
    optimizer,
    metrics: { accuracy: losses.accuracy },
    isGuarded: true,
  };
  return {
    fn: (x, y, keep) => trainingStep(model, options, x, y, keep, []),
    types: [
      { dtype: "f32", shape: [B, 28, 28, 1] },
      { dtype: "i32", shape: [B] },
      { dtype: "f32", shape: [] },
    ],
  };
}

/** A character model over windows, its state carried from one to the next. */
function recurrent(
  layer: typeof nn.lstm,
  { T, H, B = 32, layers, checkpoint }: Setting,
): TracedStep {
  const vocabulary = 80;
  const model = nn.sequential(
    nn.embedding(vocabulary, 64),
    layer(64, H, { layers, checkpoint }),
    nn.linear(H, vocabulary),
  );
  const optimizer = optim.adam({ learningRate: 1e-3, clipNorm: 1 });
  const options = { loss: losses.crossEntropy, optimizer, metrics: {}, isGuarded: true };
  const state = model
    .stateShapes(B)
    .map((shape, i) => variable(new Float32Array(B * H), shape, `state ${i}`));
  return {
    fn: (x, y, keep) => trainingStep(model, options, x, y, keep, state),
    types: [
      { dtype: "i32", shape: [T, B] },
      { dtype: "i32", shape: [T, B] },
      { dtype: "f32", shape: [] },
    ],
  };
}

export const models = {
  cnn,
  lstm: (setting: Setting) => recurrent(nn.lstm, setting),
  gru: (setting: Setting) => recurrent(nn.gru, setting),
  rnn: (setting: Setting) => recurrent(nn.rnn, setting),
};
