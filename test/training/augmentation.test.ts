/** Augmentation, and what else draws for pictures, on every device: the pictures that the reference device makes of the same seed. */
import { describe, expect, it } from "vitest";
import type { Device } from "../../src/devices/device.ts";
import { ReferenceDevice } from "../../src/devices/reference/device.ts";
import { compile, type Tensor, tensor } from "../../src/functions.ts";
import { nn } from "../../src/index.ts";
import { relativeError } from "../support/case-data.ts";
import { deviceNames, devices, use } from "./open.ts";

const augmentations: Readonly<Record<string, () => (x: Tensor) => Tensor>> = {
  randomFlip: () => nn.randomFlip({ vertical: 0.5 }),
  randomAffine: () => nn.randomAffine({ shift: 0.2, rotate: 20, scale: [0.8, 1.2] }),
  randomCrop: () => nn.randomCrop([7, 6], { padding: 2 }),
  gaussianNoise: () => nn.gaussianNoise(0.2),
  cutout: () => nn.cutout(3),
  dropout2d: () => nn.dropout2d(0.5),
  mixup: () => (x) => nn.mixup(x, tensor(new Float32Array(60), [6, 10])).x,
};

async function made(device: Device, name: string): Promise<Float32Array[]> {
  const runtime = use(device, 7);
  const augment = augmentations[name]?.();
  const pixels = Float32Array.from({ length: 6 * 9 * 8 * 3 }, (_, i) => Math.sin(i * i));
  const step = compile((x) => augment?.(x as Tensor) ?? (x as Tensor));
  const found: Float32Array[] = [];
  for (let i = 0; i < 2; i++)
    found.push(Float32Array.from(await (await step(tensor(pixels, [6, 9, 8, 3]))).data()));
  await runtime.close();
  return found;
}

describe.each(Object.keys(augmentations))("%s", (name) => {
  it.each(deviceNames)("on %s", async (device) => {
    const expected = await made(new ReferenceDevice(), name);
    const found = await made(await devices[device](), name);
    expect(expected[0]).not.toEqual(expected[1]);
    found.forEach((one, i) => {
      expect(relativeError(one, expected[i] ?? [])).toBeLessThan(1e-5);
    });
  });
});
