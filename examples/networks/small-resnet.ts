/**
 * A small residual network (He et al. 2016) with batch norms on MNIST, every digit shifted, turned and scaled a little, anew in
 * every step and on the device.
 */
import { losses, nn, optim, Trainer } from "gradgpu";
import { take } from "gradgpu/data";
import { loadMnist } from "../quickstart/mnist.ts";
import { runAsScript } from "../shared/script.ts";

export interface Settings {
  readonly training: number;
  readonly test: number;
  readonly channels: number;
  readonly epochs: number;
}

export const FULL: Settings = { training: 60_000, test: 10_000, channels: 16, epochs: 5 };
export const QUICK: Settings = { ...FULL, training: 3000, test: 500, channels: 8, epochs: 6 };

const BATCH = 100;

/** f32[N, 28, 28, 1] → f32[N, 10]. */
export function resnet(channels: number): nn.Module {
  const convolution = (inputs: number, outputs: number, kernel: number, stride = 1) =>
    nn.conv2d(inputs, outputs, kernel, {
      stride,
      padding: Math.floor(kernel / 2),
      bias: false,
      initialise: nn.initialise.heNormal,
    });
  const block = (inputs: number, outputs: number, stride: number) =>
    nn.sequential(
      nn.residual(
        nn.sequential(
          convolution(inputs, outputs, 3, stride),
          nn.batchNorm2d(outputs),
          nn.relu(),
          convolution(outputs, outputs, 3),
          nn.batchNorm2d(outputs),
        ),
        nn.sequential(convolution(inputs, outputs, 1, stride), nn.batchNorm2d(outputs)),
      ),
      nn.relu(),
    );
  return nn.sequential(
    nn.randomAffine({ shift: 0.08, rotate: 10, scale: [0.9, 1.1], fill: "edge" }),
    convolution(1, channels, 3),
    nn.batchNorm2d(channels),
    nn.relu(),
    block(channels, channels, 1),
    block(channels, 2 * channels, 2),
    block(2 * channels, 4 * channels, 2),
    nn.globalAvgPool2d(),
    nn.linear(4 * channels, 10),
  );
}

/** The share of test digits that are named. */
export async function main(settings: Settings): Promise<{ accuracy: number }> {
  const { training, test, channels, epochs } = settings;
  const mnist = await loadMnist();
  const model = resnet(channels);
  const steps = epochs * Math.ceil(training / BATCH);
  const trainer = new Trainer(model, {
    loss: losses.crossEntropy,
    optimizer: optim.adamW({ learningRate: optim.oneCycle({ max: 0.01, steps }) }),
  });
  const validation = take(mnist.test, test);
  const history = await trainer.fit(take(mnist.training, training), {
    epochs,
    batchSize: BATCH,
    validation,
    onEpoch: ({ epoch, validation: scores }) =>
      console.log(`epoch ${epoch}: ${(100 * (scores?.accuracy ?? 0)).toFixed(2)} % of ${test}`),
  });
  trainer.dispose();
  return { accuracy: history.epochs.at(-1)?.validation?.accuracy ?? 0 };
}

await runAsScript(import.meta.url, { main, full: FULL, quick: QUICK });
