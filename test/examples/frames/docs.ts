/** The same for docs/*.md: a frame for each block, or one for all blocks of a page, which then go on from each other. */
import { type BlockFrame, FOLDER, IN_A_WORKER, LEAVE, OPEN, ROOT } from "./frame.ts";

export type PageFrames = readonly BlockFrame[] | { readonly together: BlockFrame };

/** Something of one pixel and more, as `data.fromPixels` takes it where there is no page. */
const VIDEO = `const video = { data: new Uint8ClampedArray(64 * 48 * 4).fill(90), width: 64, height: 48 };`;

const smallTrainer = `
  ${OPEN}
  const trainer = new Trainer(nn.linear(2, 3), { loss: losses.crossEntropy, optimizer: optim.adam({ learningRate: 0.01 }) });
  const data = { x: Array.from({ length: 64 }, (_, i) => [Math.sin(i), i % 2]), y: Array.from({ length: 64 }, (_, i) => i % 3) };`;

const recurrentModel = `
  ${OPEN}
  const ids = tensor(Int32Array.from({ length: 12 }, (_, i) => i), [6, 2], "i32");`;

export const docFrames: Readonly<Record<string, PageFrames>> = {
  "start.md": {
    together: {
      before: "",
      after: `
        if (device !== "cpu" && device !== "webgpu") throw new Error(device);
        if (!(loss < 0.5) || !((accuracy ?? 0) > 0.8)) throw new Error(\`not learned: \${loss}, \${accuracy}\`);
        if (shape.join() !== "2,2" || logits.length !== 4) throw new Error("no predictions");
        if (again.parameters().length !== 4) throw new Error("not loaded");
        if (!(value > 0)) throw new Error("no loss");
        await (await init({ seed: 1 })).runtime.close();`,
    },
  },
  "worker.md": [
    {
      before: "",
      after: `
        if (!("WorkerGlobalScope" in globalThis) && (await import("node:worker_threads")).isMainThread) {
          const { trainer, data: points, fit, calls } = await training.setUp({ epochs: 2 });
          const { steps } = await trainer.fit(points, fit ?? {});
          if (steps !== 2 || (await calls?.predict([0, 1]))?.shape.join() !== "1,2") throw new Error(String(steps));
          await (await init({ seed: 1 })).runtime.close();
        }`,
    },
    IN_A_WORKER,
  ],
  "from-pytorch.md": {
    together: { before: "", after: "await (await init()).runtime.close();" },
  },
  "from-tensorflow.md": {
    together: { before: "", after: "await (await init()).runtime.close();" },
  },
  "web-app.md": {
    together: {
      before: `
        const shown: string[] = [];
        const show = (text: string) => { shown.push(text); };
        const examples = { x: Array.from({ length: 64 }, (_, i) => [Math.sin(i), Math.cos(3 * i)]), y: Array.from({ length: 64 }, (_, i) => Number(Math.sin(i) > 0)) };`,
      after: `
        if (shown.length !== 5) throw new Error(shown.join());
        if (DeviceUnavailableError.name === "" || data === undefined) throw new Error("no class");
        await (await init({ seed: 1 })).runtime.close();`,
    },
  },
  "sequences.md": {
    together: {
      before: `
        ${OPEN}
        const text = "to be or not to be, that is the question: ".repeat(12);
        const logs = [text, text].map((own) => ({ async *chunks() { for (let i = 0; i < own.length; i += 40) yield own.slice(i, i + 40); } }));
        let last: unknown;`,
      after: `
        if (trainer.step < 20) throw new Error(\`\${trainer.step} steps\`);
        if (y.shape.join() !== "3,2,32" || state.length !== 2) throw new Error(String(y.shape));
        if ((last as Float32Array).length !== vocabulary.size) throw new Error("no logits");`,
    },
  },
  "saving.md": {
    together: {
      before: `
        import { init } from "gradgpu";
        ${OPEN}
        const examples = { x: Array.from({ length: 16 }, (_, i) => [i, 1, 2, 3].map(Math.sin)), y: Array.from({ length: 16 }, (_, i) => i % 3) };`,
      after: `
        if (loaded.parameters().length !== 4 || names.length !== 4 || missing.length !== 0) throw new Error("not loaded");
        if (trainer.step !== 6 || (await files.names()).length < 3) throw new Error(\`\${trainer.step} steps\`);`,
    },
  },
  "camera.md": {
    together: {
      before: `
        import { init } from "gradgpu";
        ${OPEN}
        ${VIDEO}
        const chosen = new Blob([await (await import("gradgpu/io")).safetensorsBytes({ a: { data: Float32Array.of(1), shape: [1] } })]);`,
      after: `
        if (scores.length !== 2 || examples.length !== 2) throw new Error("nothing seen");
        if (tensors.a?.data[0] !== 1) throw new Error("not read");`,
    },
  },
  "devices.md": {
    together: {
      before: "",
      after: `
        if (opened.device !== "cpu" || !/linear|matmul/i.test(step.explain())) throw new Error(step.explain());
        await other.runtime.close();
        await opened.runtime.close();`,
    },
  },
  "performance.md": {
    together: {
      before: "",
      after: `if (step.plans.length !== 1 || runtime.memory().bytes === 0) throw new Error("nothing ran");`,
    },
  },
  "errors.md": {
    together: {
      before: `
        import { init } from "gradgpu";
        ${OPEN}
        const said: string[] = [];
        const console = { log: (text: string) => said.push(text) };`,
      after: `
        if (!said[0]?.startsWith("add: shapes must broadcast: aligned at the right, dimensions are equal or one of them is 1; got a f32[2, 3], b f32[2, 4]. Reshape ")) throw new Error(said[0]);
        if (told !== "ArgumentError") throw new Error(told);`,
    },
  },
  "cells.md": [
    {
      before: `
        import { init, ones } from "gradgpu";
        ${OPEN}`,
      after: `
        const y = layer(ones([3, 2, 16]));
        if (y.shape.join() !== "3,2,64" || !Number.isFinite((await y.data())[0])) throw new Error(String(y.shape));`,
    },
  ],
  "checkpoints.md": [
    {
      before: `
        import { init, losses, nn, optim, Trainer } from "gradgpu";
        ${OPEN}
        ${FOLDER}
        const model = nn.linear(2, 3);
        const optimizer = optim.adam({ learningRate: 0.01 });
        const loss = losses.crossEntropy;
        const data = { x: Array.from({ length: 64 }, (_, i) => [Math.sin(i), i % 2]), y: Array.from({ length: 64 }, (_, i) => i % 3) };
        const validation = data;`,
      after: `
        const { readdirSync } = await import("node:fs");
        const written = readdirSync("checkpoints");
        ${LEAVE}
        if (trainer.step !== 20) throw new Error(\`\${trainer.step} steps\`);
        if (!written.includes("best.safetensors")) throw new Error(written.join());`,
    },
  ],
  "files.md": [
    {
      before: `
        import { init, nn } from "gradgpu";
        ${OPEN}
        ${FOLDER}
        const model = nn.linear(2, 3);`,
      after: `
        ${LEAVE}
        if (again.parameters().length !== 2) throw new Error("not loaded");`,
    },
    {
      before: `
        import { readFileSync } from "node:fs";
        import { init, nn } from "gradgpu";
        import * as gradgpuFiles from "gradgpu/io";
        ${OPEN}
        const home = ${ROOT};
        // What torch.save has made.
        const saved = readFileSync(home + "test/goldens/files/every.pt");
        const io = { readTorch: (_: string) => gradgpuFiles.readTorch(Uint8Array.from(saved)) };
        const model = nn.linear(2, 3);`,
      after: `if (Object.keys(tensors).length === 0) throw new Error("nothing read");`,
    },
  ],
  "data.md": [
    {
      before: `
        import { init } from "gradgpu";
        ${OPEN}
        ${FOLDER}
        const houses = Array.from({ length: 12 }, (_, i) => [i % 4 + 1, 40 + 5 * i, i % 2 ? "Oslo" : "Bergen", 100 + 7 * i].join());
        writeFileSync("houses.csv", ["rooms,area,city,price", ...houses].join("\\n"));`,
      after: `
        ${LEAVE}
        if (features.x?.join() !== "rooms,area,city=Bergen,city=Oslo") throw new Error(String(features.x));
        if (trainer.step !== 20) throw new Error(\`\${trainer.step} steps\`);`,
    },
    {
      before: `
        import { tableFromArrays, tableToIPC } from "apache-arrow";
        import { data } from "gradgpu";
        const measured = tableFromArrays({ value: Float32Array.of(1, 2, 3), city: ["a", "b", "a"], label: ["x", "y", "x"] });
        const fetch = async (_: string) => new Response(Uint8Array.from(tableToIPC(measured)));`,
      after: `
        if (series.data?.length !== 3 || values.x === undefined) throw new Error("no columns");`,
    },
    {
      before: `
        import { compile, data, init, nn, softmax, type Tensor, unsqueeze } from "gradgpu";
        ${OPEN}
        ${VIDEO}
        const model = nn.sequential(nn.globalAvgPool2d(), nn.linear(3, 2));`,
      after: `if (scores.length !== 2) throw new Error("nothing seen");`,
    },
  ],
  "instruments.md": [
    {
      before: `
        import { compile, init, nn, recurrentSteps, type Tensor, tensor } from "gradgpu";
        ${recurrentModel}`,
      after: `
        if (y.shape.join() !== "6,2,96" || cell?.length !== 6 * 2 * 128 || forget?.length !== cell.length) throw new Error("nothing seen");`,
    },
    {
      before: `
        import { compile, init, nn, recurrentSteps, type Tensor, tensor } from "gradgpu";
        ${recurrentModel}
        const model = nn.sequential(nn.embedding(96, 4), nn.gru(4, 8), nn.dropout(0.5));
        const look = compile((x: Tensor) => recurrentSteps(() => model(x)).result);`,
      after: `if (!model.mode.isTraining) throw new Error("not training");`,
    },
    {
      before: `
        import { compile, gradientFlow, init, losses, nn, optim, type Tensor, tensor } from "gradgpu";
        ${recurrentModel}
        const model = nn.sequential(nn.embedding(96, 4), nn.gru(4, 8), nn.linear(8, 3));
        const optimizer = optim.sgd({ learningRate: 0.1 });`,
      after: `
        const { flow: [layer] } = await step(ids, tensor(Int32Array.from({ length: 12 }, () => 1), [6, 2], "i32"));
        if ((await layer?.h?.data())?.length !== 6) throw new Error("no flow");`,
    },
    {
      before: `
        import { add, gradientFlow, init, losses, matmul, scan, tanh, type Tensor, variable, zeros } from "gradgpu";
        ${OPEN}
        const [T, batch, units, inputs] = [5, 2, 3, 4];
        const own = (rows: number, columns: number) => variable(Array.from({ length: rows * columns }, (_, i) => Math.sin(i + 1)), [rows, columns]);
        const [w, u, out] = [own(inputs, units), own(units, units), own(units, 1)];
        const [xs, target] = [zeros([T, batch, inputs]), zeros([batch, 1])];`,
      after: `if (flow[0]?.name !== "mine") throw new Error(flow[0]?.name);`,
    },
    {
      before: `
        import { init, losses, nn, optim, profile, Trainer } from "gradgpu";
        ${smallTrainer}
        const bars: string[] = [];
        const bar = (label: string, ..._times: number[]) => { bars.push(label); };`,
      after: `
        await fit.return();
        if (result.done || clock !== "worker" || bars.length === 0) throw new Error("nothing timed");`,
    },
    {
      before: `
        import { init, losses, memoryByOwner, nn, optim, Trainer, variable } from "gradgpu";
        ${smallTrainer}
        await trainer.fit(data, { batchSize: 32 });
        const table = variable([1, 2, 3]);
        await table.data();`,
      after: `
        if (!(owners.parameters && owners.parameters > 0)) throw new Error("nobody owns anything");
        if (bytes < temporaries + plans + other || free < 0) throw new Error("sums");`,
    },
    {
      before: `
        import { compile, init, losses, nn, optim, type Tensor, tensor, Trainer } from "gradgpu";
        ${smallTrainer}
        const look = compile((of: Tensor) => ({ y: trainer.model(of) }));
        const x = tensor([[1, 2]]);`,
      after: `
        await fit.return();
        if (report?.step !== 1 || y.shape.join() !== "1,3") throw new Error(String(y.shape));`,
    },
  ],
};
