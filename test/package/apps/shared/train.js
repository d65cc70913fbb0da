// What every app does: trains a small network, through several of the package's entries, which must share one runtime.
import { init, Trainer } from "gradgpu";
import { dataset } from "gradgpu/data";
import * as io from "gradgpu/io";
import { crossEntropy } from "gradgpu/losses";
import { f1 } from "gradgpu/metrics";
import { linear, relu, sequential } from "gradgpu/nn";
import { adam } from "gradgpu/optim";

const xy = Float32Array.from({ length: 128 }, (_, i) => 1.5 * Math.sin(i * i));
const inside = Int32Array.from({ length: 64 }, (_, i) =>
  Math.hypot(xy[2 * i], xy[2 * i + 1]) < 1 ? 1 : 0,
);

/** Twelve steps on the cpu device, or as `options` say; then the model, saved and loaded again, says the same. */
export async function train(options) {
  const { runtime, device } = await init({ device: "cpu", threads: 2, seed: 1, ...options });
  try {
    const model = sequential(linear(2, 16), relu(), linear(16, 2));
    const trainer = new Trainer(model, {
      loss: crossEntropy,
      optimizer: adam({ learningRate: 0.05 }),
      metrics: { f1: f1() },
    });
    const points = dataset({
      x: { data: xy, shape: [64, 2], dtype: "f32" },
      y: { data: inside, shape: [64], dtype: "i32" },
    });
    const losses = [];
    for await (const { loss } of trainer.fit(points, { epochs: 3, batchSize: 16 }))
      losses.push(loss);
    const place = io.memory().place("model.safetensors");
    await io.saveModel(model, place);
    const again = new Trainer(await io.loadModel(place), {
      loss: crossEntropy,
      optimizer: adam({ learningRate: 0.05 }),
    });
    const [trained, loaded] = [
      await trainer.evaluate(points, { batchSize: 64 }),
      await again.evaluate(points, { batchSize: 64 }),
    ];
    return { device, first: losses[0], last: losses.at(-1), isSame: trained.loss === loaded.loss };
  } finally {
    await runtime.close();
  }
}

/** What `train` gives, or the error that it ends in, as plain data. */
export function outcomeOf(options) {
  return train(options).catch(({ name, message, stack }) => ({ error: name, message, stack }));
}
