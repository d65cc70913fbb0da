import { losses, slice, type Tensor } from "gradgpu";

/** Share of the last step's targets that are met: outputs f32[T, B, C], targets i32[T, B] → []. */
export function lastAccuracy(outputs: Tensor, targets: Tensor): Tensor {
  const [steps = 0, count = 0, classes = 0] = outputs.shape;
  const last = slice(outputs, [steps - 1, 0, 0], [1, count, classes]);
  return losses.accuracy(last, slice(targets, [steps - 1, 0], [1, count]));
}
