/** What the README's blocks take as given, and what must have come of them; in the order of the blocks. */
import type { BlockFrame } from "./frame.ts";

const reader = `
  const vocabulary = data.TextVocabulary.of("to be or not");
  const model = nn.sequential(
    nn.embedding(vocabulary.size, 4), nn.lstm(4, 8), nn.linear(8, vocabulary.size),
  );
  const optimizer = optim.adam({ learningRate: 0.01 });
  const files = ["to be or not to be ", "not to be or to be "].map((line) => ({
    async *chunks() { for (let i = 0; i < 12; i++) yield line; },
  }));`;

export const readmeFrames: readonly BlockFrame[] = [
  { before: "", after: "" },
  {
    before: `
      import { compile, init, losses, nn, optim, tensor, valueAndGrad } from "gradgpu";
      await init({ device: "cpu", threads: 1 });
      const model = nn.linear(2, 3);
      const optimizer = optim.sgd({ learningRate: 0.1 });
      const x = tensor([[1, 2], [3, 4]]);
      const y = tensor(Int32Array.of(0, 2));`,
    after: `if (!(loss > 0)) throw new Error("no loss");`,
  },
  {
    before: `
      import { data, init, losses, nn, optim, tensor, Trainer, type TrainerState } from "gradgpu";
      await init({ device: "cpu", threads: 1 });
      ${reader}
      const saved: TrainerState[] = [];
      const save = async (state: TrainerState) => { saved.push(state); };
      const id = 3;`,
    after: `
      if (logits.length !== vocabulary.size) throw new Error("no logits");
      if (trainer.step === 0) throw new Error("no step");`,
  },
  {
    before: `
      import { data, init, losses, nn, optim, Trainer } from "gradgpu";
      await init({ device: "cpu", threads: 1 });
      ${reader}
      const loss = losses.crossEntropy;
      const text = () => data.streamWindows(files.map((file) => [file.chunks()]), { window: 100, vocabulary });
      const batchSize = files.length;
      const drawn: number[] = [];
      const draw = (name: string, h: Float32Array, c: Float32Array | undefined, forget: unknown) => {
        if (name !== "" && c !== undefined && forget !== undefined) drawn.push(h.length);
      };`,
    after: `if (drawn.length === 0 || drawn[0] !== 100) throw new Error(\`nothing drawn: \${drawn}\`);`,
  },
  {
    before: `
      import { init, losses, nn, optim, Trainer } from "gradgpu";
      await init({ device: "cpu", threads: 1 });
      const build = () => nn.sequential(
        nn.sequential(nn.conv2d(1, 8, 3), nn.batchNorm2d(8), nn.relu(), nn.flatten()),
        nn.linear(8 * 26 * 26, 10),
      );
      const saved = await build().stateDict();`,
    after: `
      const frozen = (await model.stateDict())["0.0.weight"];
      const x = { data: new Float32Array(4 * 784).map((_, i) => Math.sin(i * i)), shape: [4, 28, 28, 1] };
      await trainer.fit({ x, y: [1, 2, 3, 4] }, { batchSize: 4 });
      const after = await model.stateDict();
      if (String(after["0.0.weight"]?.data) !== String(frozen?.data)) throw new Error("not frozen");
      if (after["0.1.num_batches_tracked"]?.data[0] !== 1) throw new Error("not counted");
      if (String(after["1.bias"]?.data) === String(saved["1.bias"]?.data)) throw new Error("not trained");`,
  },
  {
    before: `
      import { init, losses, nn, optim, Trainer } from "gradgpu";
      await init({ device: "cpu", threads: 1 });
      const model = nn.linear(2, 3);
      const x = { data: new Float32Array(64).map((_, i) => Math.sin(i * i)), shape: [32, 2] };
      const training = { x, y: Array.from({ length: 32 }, (_, i) => i % 3) };
      const validation = training;`,
    after: `
      if (trainer.step !== 40) throw new Error(\`\${trainer.step} steps\`);
      if (!(scores.loss > 0)) throw new Error("no scores");`,
  },
  {
    before: `
      import { init, losses, metrics, nn, optim, Trainer } from "gradgpu";
      await init({ device: "cpu", threads: 1 });
      const model = nn.linear(2, 3);
      const optimizer = optim.adam({ learningRate: 0.01 });
      const x = { data: new Float32Array(64).map((_, i) => Math.sin(i * i)), shape: [32, 2] };
      const training = { x, y: Array.from({ length: 32 }, (_, i) => i % 3) };
      const test = training;`,
    after: `
      if (history.best === undefined) throw new Error("nothing watched");
      if (matrix.flat().reduce((a, b) => a + b) !== 32) throw new Error("not counted");`,
  },
  {
    before: `
      import { init, losses, mul, nn, optim, sum, Trainer } from "gradgpu";
      await init({ device: "cpu", threads: 1 });`,
    after: `if (trainer.step !== 2) throw new Error("no steps");`,
  },
  {
    before: `
      import { add, init, matmul, scan, tanh, type Tensor, ones, zeros } from "gradgpu";
      await init({ device: "cpu", threads: 1 });
      const [T, batch, inputs, units] = [5, 2, 3, 4];
      const [w, u] = [ones([inputs, units]), ones([units, units])];
      const xs = ones([T, batch, inputs]);`,
    after: `
      if (ys.shape.join() !== "5,2,4") throw new Error(String(ys.shape));
      if ((await carry.data()).length !== 8) throw new Error("no carry");`,
  },
  {
    before: `
      import { init, losses, nn, optim, Trainer } from "gradgpu";
      const { runtime } = await init({ device: "cpu", threads: 1 });
      const model = nn.linear(2, 3);
      const optimizer = optim.adam({ learningRate: 0.01 });
      const loss = losses.crossEntropy;
      // Lost after its second batch.
      const data = async function* () {
        for (let step = 0; step < 4; step++) {
          if (step === 2) (runtime.device as unknown as { lose(why: string): void }).lose("for the test");
          yield { x: [[1, 2], [3, 4]], y: [0, 2] };
        }
      };`,
    after: `
      if (trainer.step !== 4) throw new Error(\`\${trainer.step} steps\`);
      if (history.deviceChanges?.length !== 1) throw new Error("nothing changed");`,
  },
  // A step for `npm run explain`: explain.test.ts plans it.
  { before: "", after: "" },
];
