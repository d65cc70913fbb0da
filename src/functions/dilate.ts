import type { Padding, Pool2d } from "../ops/vocabulary.ts";
import { reach, windowedSize } from "../ops/window.ts";
import type { Tensor } from "../runtime/tensor.ts";
import { reshape, slice, transpose } from "./movement.ts";
import { padAs } from "./padding.ts";

/**
 * What `fn` makes of windows of a convolution whose cells lie apart: cells so far apart never meet others, so the image falls into
 * dilation² images, one behind the other, over which windows slide whose cells are neighbours. `fn` takes images and gives
 * those of windows at stride 1, without padding.
 */
export function overDilated(
  x: Tensor,
  { window, stride, padding, dilation }: Required<Omit<Pool2d, "bins">>,
  fn: (apart: Tensor) => Tensor,
): Tensor {
  const [n = 0, height = 0, width = 0, channels = 0] = x.shape;
  const wide = [reach(window[0], dilation[0]), reach(window[1], dilation[1])] as const;
  const [rows, columns] = windowedSize("conv2d", x.shape, wide, { stride, padding });
  const [dy, dx] = dilation;
  const around = [height, width].map((size, i): Padding => {
    const [before, after] = padding[i] ?? [0, 0];
    const whole = size + before + after;
    const by = dilation[i] ?? 1;
    return [before, after + Math.ceil(whole / by) * by - whole];
  });
  const padded = padAs(x, [[0, 0], ...around, [0, 0]]);
  const [tall, broad] = [(padded.shape[1] ?? 0) / dy, (padded.shape[2] ?? 0) / dx];
  const cells = transpose(reshape(padded, [n, tall, dy, broad, dx, channels]), [2, 4, 0, 1, 3, 5]);
  const made = fn(reshape(cells, [dy * dx * n, tall, broad, channels]));
  const [, high = 0, far = 0, out = 0] = made.shape;
  const together = transpose(reshape(made, [dy, dx, n, high, far, out]), [2, 3, 0, 4, 1, 5]);
  const all = reshape(together, [n, high * dy, far * dx, out]);
  return slice(all, [0, 0, 0, 0], [n, rows, columns, out], [1, ...stride, 1]);
}
