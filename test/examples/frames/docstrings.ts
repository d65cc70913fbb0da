/** The same for the blocks of docstrings, by file of src/ and in their order there. */
import { type BlockFrame, FOLDER, IN_A_WORKER, LEAVE, OPEN } from "./frame.ts";

const compiles = (before = ""): BlockFrame => ({
  before: `import { add, cells, compile, data, init, losses, metrics, nn, optim, softmax, tensor, type Tensor, Trainer, unsqueeze } from "gradgpu";\n${OPEN}\n${before}`,
  after: "",
});

const small = `
  const model = nn.linear(2, 3);
  const optimizer = optim.adam({ learningRate: 0.01, average: 0.9 });
  const loss = losses.crossEntropy;
  const rows = { x: Array.from({ length: 64 }, (_, i) => [Math.sin(i), i % 2]), y: Array.from({ length: 64 }, (_, i) => i % 3) };`;
const trained = `${small}
  const trainer = new Trainer(model, { loss, optimizer });
  await trainer.fit(rows, { batchSize: 32 });`;

export const docstringFrames: Readonly<Record<string, readonly BlockFrame[]>> = {
  "data/columns.ts": [
    {
      ...compiles(`
        const trainer = new Trainer(nn.linear(3, 1), { loss: losses.meanSquaredError, optimizer: optim.sgd({ learningRate: 0.01 }) });
        const rows = [{ rooms: "3", city: "Oslo", price: "4" }, { rooms: "2", city: "Bergen", price: "3" }];`),
      after: `if (trainer.step !== 1 || categories === undefined) throw new Error("not trained");`,
    },
  ],
  "data/from-pixels.ts": [
    compiles(`
      const video = { data: new Uint8ClampedArray(48), width: 4, height: 3 };
      const model = nn.sequential(nn.globalAvgPool2d(), nn.linear(3, 2));
      const classify = compile((x: Tensor) => softmax(model(x)));`),
  ],
  "data/statistics.ts": [compiles("const trainingData = { x: [[1, 2], [3, 4]], y: [0, 1] };")],
  "io/model/load.ts": [
    compiles(`
      const files = await import("gradgpu/io");
      const kept = files.memory().place("digits.safetensors");
      await files.saveModel(nn.linear(2, 3), kept);
      const io = { loadModel: (_: string) => files.loadModel(kept) };`),
  ],
  "io/places/user-files.ts": [
    compiles(`
      const files = await import("gradgpu/io");
      const model = nn.linear(2, 3);
      const chosen0 = new Blob([await files.safetensorsBytes(await model.stateDict())]);
      const io = { ...files, pick: async (_: object) => [chosen0] };`),
  ],
  "io/torch/read.ts": [
    compiles(`
      const model = nn.linear(2, 3);
      const state = await model.stateDict();
      const io = { readTorch: async (_: string) => ({ tensors: state }) };`),
  ],
  "nn/define.ts": [
    {
      ...compiles("type Module = nn.Module;"),
      after: `if (residual(nn.linear(2, 2))(tensor([[1, 2]])).shape.join() !== "1,2") throw new Error("no module");`,
    },
  ],
  "nn/index.ts": [compiles()],
  "nn/module.ts": [
    compiles(`
      const model = nn.linear(2, 3);
      const { weight } = await model.stateDict();
      const tensors = weight === undefined ? {} : { "backbone.weight": weight };`),
  ],
  "nn/normalisation.ts": [
    compiles("const examples = { x: [[1, 2, 3, 4], [3, 4, 5, 7]], y: [[0.5], [1]] };"),
  ],
  "nn/recurrent.ts": [compiles()],
  "nn/stateful.ts": [
    {
      ...compiles("const model = nn.sequential(nn.embedding(5, 4), nn.gru(4, 3)); const id = 2;"),
      after: `if (logits.length !== 3) throw new Error("no step");`,
    },
  ],
  "nn/weight-norm.ts": [compiles()],
  "optim/averages.ts": [
    {
      ...compiles(`${trained}; const validation = rows;`),
      after: `if (!(scores.loss > 0)) throw new Error("no scores");`,
    },
  ],
  "optim/plateau.ts": [
    {
      ...compiles(`${small}
        const trainer = new Trainer(model, { loss, optimizer });
        type EpochReport = import("gradgpu").EpochReport;
        const validation = rows;
        {
          const data = rows;`),
      after: "}",
    },
  ],
  "train/fit.ts": [
    {
      ...compiles(`${small}
        const trainer = new Trainer(model, { loss, optimizer });
        const onEpoch = () => undefined;
        {
          const data = rows;`),
      after: "}",
    },
  ],
  "train/trainer.ts": [
    compiles(`${small}
      const coder = nn.linear(2, 2);`),
    {
      ...compiles(`${small}
      ${FOLDER}
      {
        const data = rows;`),
      after: `}${LEAVE}`,
    },
    {
      ...compiles(`${trained}; const test = rows;`),
      after: `if (confusion.length !== 3) throw new Error("not measured");`,
    },
  ],
  "static.ts": [{ before: "", after: "" }],
  "worker/define.ts": [
    {
      before: "",
      after: `
        const { trainer, data, fit } = await training.setUp({ epochs: 2 });
        await trainer.fit(data, fit);
        await (await init({ seed: 1 })).runtime.close();`,
    },
  ],
  "worker/train-in-worker.ts": [IN_A_WORKER],
  "worker/transfer.ts": [
    {
      before: `import { transfer } from "gradgpu/worker";`,
      after: `if (sent !== pixels) throw new Error("not the same");`,
    },
  ],
};
