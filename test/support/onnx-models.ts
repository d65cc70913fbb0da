/** Models that toOnnx writes, what they are given, and what onnxruntime made of them: test/goldens/onnx-models.json. */
import { cells, type Shape, sizeOf, type Tensor, tensor } from "../../src/functions.ts";
import * as nn from "../../src/nn/index.ts";

export interface OnnxModel {
  readonly make: () => nn.Module;
  /** As toOnnx takes it. */
  readonly shape: readonly (number | string)[];
  /** What the free sizes are here. */
  readonly given?: Readonly<Record<string, number>>;
  /** Ids below this; numbers of both signs where nothing is said. */
  readonly ids?: number;
}

export interface OnnxGolden {
  /** Of the file that onnxruntime ran: SHA-256, hexadecimal. */
  readonly digest: string;
  readonly shape: Shape;
  readonly output: readonly number[];
}

/** All seeds are given: the same weights, and so the same files, wherever they are made. */
const seeded = (seed: number) => ({ seed });

export const onnxModels: Readonly<Record<string, OnnxModel>> = {
  "the digits of the page": {
    make: () =>
      nn.sequential({
        conv1: nn.conv2d(1, 4, 5, { padding: "same", ...seeded(1) }),
        relu1: nn.relu(),
        pool1: nn.maxPool2d(2),
        conv2: nn.conv2d(4, 8, 4, { padding: "same", ...seeded(2) }),
        relu2: nn.relu(),
        pool2: nn.maxPool2d(2),
        flatten: nn.flatten(),
        linear: nn.linear(8 * 3 * 2, 5, seeded(3)),
        softmax: nn.softmax(),
      }),
    shape: ["N", 12, 8, 1],
    given: { N: 3 },
  },
  "windows that stride, are padded unevenly, have holes, groups and no bias": {
    make: () =>
      nn.sequential(
        nn.conv2d(2, 4, [3, 2], { stride: [2, 1], padding: "same", ...seeded(4) }),
        nn.leakyRelu(0.2),
        nn.conv2d(4, 4, 3, {
          padding: [
            [2, 1],
            [0, 3],
          ],
          dilation: [1, 2],
          groups: 2,
          bias: false,
          ...seeded(5),
        }),
        nn.elu(0.7),
        nn.avgPool2d(2, { stride: 1, padding: 1 }),
        nn.avgPool2d(2, { stride: 1, padding: 1, countIncludePad: false }),
        nn.maxPool2d(3, { stride: 2, ceilMode: true }),
      ),
    shape: [2, 9, 10, 2],
  },
  "channels of images, by softmax, linear and global pooling": {
    make: () =>
      nn.sequential(
        nn.conv2d(3, 6, 1, seeded(6)),
        nn.softmax(),
        nn.linear(6, 4, { bias: false, ...seeded(7) }),
        nn.hardSwish(),
        nn.globalAvgPool2d(),
        nn.logSoftmax(),
      ),
    shape: ["N", 5, 4, 3],
    given: { N: 2 },
  },
  "the lstm over text of the page": {
    make: () =>
      nn.sequential(
        nn.embedding(11, 6, seeded(8)),
        nn.lstm(6, 8, { initialiseBias: nn.initialise.remember(1), ...seeded(9) }),
        nn.linear(8, 11, seeded(10)),
      ),
    shape: ["T", "B"],
    given: { T: 7, B: 2 },
    ids: 11,
  },
  "a gru in two layers and both directions": {
    make: () =>
      nn.sequential(
        nn.gru(3, 5, { layers: 2, bidirectional: true, dropout: 0.5, ...seeded(11) }),
        nn.dropout(0.5),
        nn.lastStep(),
      ),
    shape: ["T", "B", 3],
    given: { T: 6, B: 2 },
  },
  "an lstm with two biases, batch first, within a sequential of its own": {
    make: () =>
      nn.sequential({
        encoder: nn.sequential(
          nn.lstm(3, 4, { batchFirst: true, bidirectional: true, secondBias: true, ...seeded(12) }),
          nn.tanh(),
        ),
        last: nn.lastStep({ batchFirst: true }),
      }),
    shape: ["B", "T", 3],
    given: { B: 3, T: 5 },
  },
  "rnns, by name and by cell": {
    make: () =>
      nn.sequential(
        nn.rnn(3, 4, { activation: "relu", ...seeded(13) }),
        nn.recurrent(cells.rnn.tanh, 4, 4, seeded(14)),
        nn.recurrent(cells.gru, 4, 3, seeded(15)),
        nn.recurrent(cells.lstm, 3, 3, seeded(16)),
      ),
    shape: [5, "B", 3],
    given: { B: 2 },
  },
  "one layer, and no sequential": { make: () => nn.linear(3, 2, seeded(17)), shape: [4, 3] },
  "functions element by element": {
    make: () =>
      nn.sequential(
        nn.sigmoid(),
        nn.softplus(),
        nn.softsign(),
        nn.hardSigmoid(),
        nn.selu(),
        nn.globalMaxPool2d(),
      ),
    shape: [2, 3, 4, 2],
  },
};

export function givenShape({ shape, given = {} }: OnnxModel): number[] {
  return shape.map((size) => (typeof size === "number" ? size : (given[size] ?? 1)));
}

/** The same numbers everywhere. */
export function givenInput(model: OnnxModel): Tensor {
  const shape = givenShape(model);
  const { ids } = model;
  const of = { length: sizeOf(shape) };
  return ids === undefined
    ? tensor(
        Float32Array.from(of, (_, i) => (((i * 37) % 64) - 32) / 16),
        shape,
      )
    : tensor(
        Int32Array.from(of, (_, i) => (i * 7) % ids),
        shape,
      );
}
