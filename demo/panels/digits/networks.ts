/** Two networks with as many weights: one that slides filters, and one that has a weight for every place. */
import { nn } from "gradgpu";
import { CLASSES, PIXELS, SIDE } from "./pictures.ts";
import type { DigitsSettings } from "./settings.ts";

export interface Models {
  readonly cnn: nn.Module;
  readonly dense: nn.Module;
}

type Sizes = Pick<DigitsSettings, "filters" | "size" | "seed">;

/** New ones, the same for the same settings. */
export function modelsOf(settings: Sizes): Models {
  const convolutional = cnn(settings);
  return { cnn: convolutional, dense: dense(weightCount(convolutional), settings.seed) };
}

export function disposeModels(models: Models): void {
  for (const model of Object.values<nn.Module>({ ...models }))
    for (const variable of model.parameters()) variable.dispose();
}

/** f32[N, 28, 28, 1] → f32[N, 10]. */
function cnn({ filters, size, seed }: Sizes): nn.Module {
  const side = SIDE / 4;
  const filterSize = Number(size);
  const seeds = (layer: number) => ({ seed: 10 * seed + layer });
  return nn.sequential({
    conv1: nn.conv2d(1, filters, filterSize, { padding: "same", ...seeds(0) }),
    relu1: nn.relu(),
    pool1: nn.maxPool2d(2),
    conv2: nn.conv2d(filters, 2 * filters, filterSize, { padding: "same", ...seeds(1) }),
    relu2: nn.relu(),
    pool2: nn.maxPool2d(2),
    flatten: nn.flatten(),
    linear: nn.linear(2 * filters * side * side, CLASSES, seeds(2)),
  });
}

/** The same without filters: as many hidden units as come nearest to `weights` in all. */
function dense(weights: number, seed: number): nn.Module {
  const units = Math.max(1, Math.round((weights - CLASSES) / (PIXELS + 1 + CLASSES)));
  return nn.sequential({
    flatten: nn.flatten(),
    hidden: nn.linear(PIXELS, units, { seed: 10 * seed + 3 }),
    relu: nn.relu(),
    linear: nn.linear(units, CLASSES, { seed: 10 * seed + 4 }),
  });
}

function weightCount(model: nn.Module): number {
  return model.parameters().reduce((sum, { size }) => sum + size, 0);
}
