/** The worker's module: learns where the unit circle is, and draws what it has learned. */
import { data, init, losses, nn, optim, Trainer } from "gradgpu";
import { defineTraining, transfer } from "gradgpu/worker";

const SIZE = 64;

// Every pixel of the picture, as a point from −1.5 to 1.5.
const pixels = Float32Array.from({ length: 2 * SIZE * SIZE }, (_, i) => {
  const pixel = Math.floor(i / 2);
  const place = i % 2 === 0 ? pixel % SIZE : Math.floor(pixel / SIZE);
  return (3 * place) / (SIZE - 1) - 1.5;
});

export const training = defineTraining(
  async ({ epochs, device = "auto" }: { epochs: number; device?: "auto" | "cpu" }) => {
    await init({ device, seed: 1 });
    const xy = Float32Array.from({ length: 1024 }, (_, i) => 1.5 * Math.sin(i * i));
    const inside = Int32Array.from({ length: 512 }, (_, i) =>
      Math.hypot(...xy.subarray(2 * i, 2 * i + 2)) < 1 ? 1 : 0,
    );
    const model = nn.sequential(nn.linear(2, 32), nn.relu(), nn.linear(32, 2));
    const optimizer = optim.adam({ learningRate: 0.02 });
    const trainer = new Trainer(model, { loss: losses.crossEntropy, optimizer });
    return {
      trainer,
      data: data.dataset({
        x: { data: xy, shape: [512, 2], dtype: "f32" },
        y: { data: inside, shape: [512], dtype: "i32" },
      }),
      fit: { epochs, batchSize: 64 },
      progress: ({ step, loss, accuracy }) => ({ step, loss, accuracy }),
      calls: {
        /** RGBA: white where the network sees the circle. */
        async picture() {
          const { data: logits } = await trainer.predict({
            data: pixels,
            shape: [SIZE * SIZE, 2],
            dtype: "f32",
          });
          const rgba = new Uint8ClampedArray(4 * SIZE * SIZE);
          for (let i = 0; i < SIZE * SIZE; i++) {
            const shade = (logits[2 * i + 1] ?? 0) > (logits[2 * i] ?? 0) ? 255 : 40;
            rgba.set([shade, shade, shade, 255], 4 * i);
          }
          return transfer(rgba, [rgba.buffer]);
        },
      },
    };
  },
);
