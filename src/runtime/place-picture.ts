import { PICTURE_ROW_WORDS } from "../devices/device.ts";
import { GradgpuError } from "../errors.ts";
import { Cell } from "./cell.ts";
import { openRuntime } from "./current.ts";
import { Tensor } from "./tensor.ts";

/**
 * The pixels of a browser's picture as they are now, on the current device: u32[height, width] and what fills the rows, a
 * byte for each of red, green, blue and opacity. Undefined where the device, or the browser, only takes them from the host.
 */
export function placePicture(
  picture: object,
  [width, height]: readonly [number, number],
): Tensor | undefined {
  const runtime = openRuntime();
  const take = runtime?.device.writePicture?.bind(runtime.device);
  if (runtime === undefined || take === undefined) return undefined;
  const words = Math.ceil(width / PICTURE_ROW_WORDS) * PICTURE_ROW_WORDS;
  const cell = new Cell("data", { dtype: "u32", shape: [height, words] }, "picture");
  try {
    take(runtime.storageOf(cell.block), picture, width, height);
  } catch (error) {
    cell.dispose();
    if (error instanceof GradgpuError) throw error;
    return undefined;
  }
  cell.placed();
  return new Tensor(cell.value);
}
