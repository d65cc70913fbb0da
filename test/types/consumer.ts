/** What a user writes, against the published declarations; see scripts/check-types.mjs. Compiled, never run. */
import {
  type DeviceOpener,
  data,
  init,
  losses,
  nn,
  optim,
  type Tensor,
  Trainer,
  tensor,
  valueAndGrad,
} from "gradgpu";
import { type Dataset, dataset } from "gradgpu/data";
import { cpu } from "gradgpu/devices/cpu";
import { webgpu } from "gradgpu/devices/webgpu";
import { crossEntropy } from "gradgpu/losses";
import { linear, sequential } from "gradgpu/nn";
import { adam } from "gradgpu/optim";
import type { StepReport } from "gradgpu/train";

export async function train(): Promise<StepReport[]> {
  const opener: DeviceOpener = cpu({ threads: 2, workerUrl: new URL("https://example.org/w.js") });
  await init({ device: opener, seed: 1 });
  await init({ device: webgpu({ powerPreference: "low-power" }), memoryBudget: 1e9 });
  await init({ device: "cpu", threads: 1, workerUrl: "/cpu-worker.js" });
  const points: Dataset = dataset({
    x: { data: new Float32Array(4), shape: [2, 2], dtype: "f32" },
    y: { data: new Int32Array(2), shape: [2], dtype: "i32" },
  });
  const model = sequential(linear(2, 8), nn.relu(), nn.linear(8, 2));
  const trainer = new Trainer(model, {
    loss: losses.crossEntropy,
    optimizer: adam({ learningRate: 1 }),
  });
  const reports: StepReport[] = [];
  for await (const report of trainer.fit(points, { epochs: 1, batchSize: 2 })) reports.push(report);
  const x: Tensor = tensor([[1, 2]]);
  const [loss, gradients] = valueAndGrad(model.parameters(), () =>
    crossEntropy(model(x), tensor(new Int32Array([1]))),
  );
  optim.sgd({ learningRate: 0.1 }).update(gradients);
  const value: number = await loss.item();
  await data.gunzip(new Uint8Array(value), "file");
  return reports;
}

export async function refused(): Promise<void> {
  // @ts-expect-error A device is no number, whatever is known of WebGPU.
  await init({ device: 42 });
  // @ts-expect-error Nor any object.
  await init({ device: {} });
  // @ts-expect-error Nor another name.
  await init({ device: "gpu" });
  // @ts-expect-error Options have names.
  await init({ backend: "cpu" });
  // @ts-expect-error
  webgpu({ device: 42 });
  // @ts-expect-error
  cpu({ threads: "2" });
}
