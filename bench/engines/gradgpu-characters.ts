/** Truncated BPTT over a text: windows of characters, the state carried on the device. */
import {
  compile,
  losses,
  nn,
  optim,
  type Runtime,
  reshape,
  type Tensor,
  tensor,
  valueAndGrad,
  variable,
} from "gradgpu";
import { inputsOf, LEARNING_RATE, numberOf } from "../cases/inputs.ts";
import type { BenchCase, Prepared } from "../contract.ts";
import { linearLayer, recurrentLayers, weights } from "./gradgpu-weights.ts";

/** Losses are read this often, as a training loop would that shows them. */
const READ_EVERY = 10;

export function prepareCharacters(benchCase: BenchCase, runtime: Runtime): Prepared {
  const [B, window] = [numberOf(benchCase, "batch"), numberOf(benchCase, "window")];
  const reader = makeReader(benchCase);
  const held: number[] = [];
  const read = async (windows: number): Promise<number[]> => {
    reader.startAgain();
    held.length = 0;
    const found: number[] = [];
    for (let w = 0; w < windows; w++) {
      const from = w * window * B;
      const text = reader.ids.slice(from, from + window * B);
      const loss = await reader.train(text, reader.ids.slice(from + B, from + B + window * B));
      if (w < 3 || w % READ_EVERY === 0 || w === windows - 1) found.push(await loss.item());
      held.push(runtime.memory().bytes);
    }
    return found;
  };
  return {
    run: async () => {
      await read(numberOf(benchCase, "windows"));
    },
    result: () => read(3),
    get peakBytes() {
      return Math.max(...held);
    },
    figures: () => [
      {
        name: `bytes held after ${(10 * window * B).toLocaleString("en")} characters`,
        value: held[9] ?? 0,
        unit: "B",
      },
      {
        name: `bytes held after ${(held.length * window * B).toLocaleString("en")} characters`,
        value: held.at(-1) ?? 0,
        unit: "B",
      },
    ],
    dispose: async () => reader.dispose(),
  };
}

function makeReader(benchCase: BenchCase) {
  const p = (name: string) => numberOf(benchCase, name);
  const [B, window, V, E, H] = [
    p("batch"),
    p("window"),
    p("vocabulary"),
    p("embedding"),
    p("hidden"),
  ];
  const inputs = inputsOf(benchCase);
  const ids = Int32Array.from(inputs.ids?.data ?? []);
  const embedding = nn.embedding(V, E);
  embedding.loadStateDict(weights(inputs, { weight: "embedding.weight" }));
  const lstm = recurrentLayers("lstm", inputs, [E, H], 1);
  const head = linearLayer(inputs, H, V);
  const parameters = [embedding, lstm, head].flatMap((module) => module.parameters());
  const optimizer = optim.adam({ learningRate: LEARNING_RATE });
  const state = lstm.stateShapes(B).map((shape) => variable(new Float32Array(B * H), shape));
  const step = compile((text: Tensor, next: Tensor) => {
    let after: readonly Tensor[] = [];
    const [loss, gradients] = valueAndGrad(parameters, () => {
      const stepped = lstm.step(embedding(text), state);
      after = stepped.state;
      return losses.crossEntropy(head(reshape(stepped.y, [window * B, H])), next);
    });
    optimizer.update(gradients);
    state.forEach((held, i) => {
      const value = after[i];
      if (value !== undefined) held.assign(value);
    });
    return loss;
  });
  return {
    ids,
    startAgain: () => {
      for (const held of state) held.load(new Float32Array(B * H));
    },
    train: (text: Int32Array, next: Int32Array) =>
      step(tensor(text, [window, B]), tensor(next, [window * B])),
    dispose: () => {
      for (const own of [...state, ...parameters]) own.dispose();
    },
  };
}
