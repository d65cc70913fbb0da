/** Small models of every kind of layer, with what they take. */
import { nn, type Tensor, tensor } from "../../../src/index.ts";

interface Model {
  readonly text: string;
  readonly make: () => nn.Module;
  readonly x: { readonly text: string; readonly make: () => Tensor };
  readonly y: { readonly text: string; readonly make: () => Tensor };
}

const floats = (...shape: number[]) => {
  const size = shape.reduce((a, b) => a * b, 1);
  return {
    text: `tensor(Float32Array.from({ length: ${size} }, (_, i) => (i % 7) - 3), [${shape.join(", ")}])`,
    make: () =>
      tensor(
        Float32Array.from({ length: size }, (_, i) => (i % 7) - 3),
        shape,
      ),
  };
};
const ids = (...shape: number[]) => {
  const size = shape.reduce((a, b) => a * b, 1);
  return {
    text: `tensor(Int32Array.from({ length: ${size} }, (_, i) => i % 3), [${shape.join(", ")}])`,
    make: () =>
      tensor(
        Int32Array.from({ length: size }, (_, i) => i % 3),
        shape,
      ),
  };
};

export const tensors = { floats, ids };

export const models: Readonly<Record<string, Model>> = {
  linear: {
    text: "nn.linear(2, 3)",
    make: () => nn.linear(2, 3),
    x: floats(4, 2),
    y: ids(4),
  },
  network: {
    text: "nn.sequential(nn.linear(2, 4), nn.tanh(), nn.dropout(0.25), nn.linear(4, 3))",
    make: () => nn.sequential(nn.linear(2, 4), nn.tanh(), nn.dropout(0.25), nn.linear(4, 3)),
    x: floats(4, 2),
    y: ids(4),
  },
  convolutional: {
    text: "nn.sequential(nn.conv2d(1, 2, 2), nn.relu(), nn.maxPool2d(2), nn.flatten(), nn.linear(2, 3))",
    make: () =>
      nn.sequential(nn.conv2d(1, 2, 2), nn.relu(), nn.maxPool2d(2), nn.flatten(), nn.linear(2, 3)),
    x: floats(4, 3, 3, 1),
    y: ids(4),
  },
  text: {
    text: "nn.sequential({ embedding: nn.embedding(3, 2), lstm: nn.lstm(2, 2), linear: nn.linear(2, 3) })",
    make: () =>
      nn.sequential({
        embedding: nn.embedding(3, 2),
        lstm: nn.lstm(2, 2),
        linear: nn.linear(2, 3),
      }),
    x: ids(3, 2),
    y: ids(3, 2),
  },
};

export const recurrent = {
  rnn: { text: "nn.rnn(2, 3)", make: () => nn.rnn(2, 3) },
  gru: {
    text: "nn.gru(2, 3, { bidirectional: true })",
    make: () => nn.gru(2, 3, { bidirectional: true }),
  },
  lstm: { text: "nn.lstm(2, 3, { layers: 2 })", make: () => nn.lstm(2, 3, { layers: 2 }) },
};
