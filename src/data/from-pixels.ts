import { checkOptions } from "../arguments.ts";
import {
  add,
  cast,
  div,
  mul,
  reshape,
  resize,
  slice,
  stack,
  sub,
  type Tensor,
  tensor,
} from "../functions.ts";
import { placePicture } from "../internals.ts";
import { drawnSize, type Picture, readPicture } from "./picture.ts";
import { channelCount, type PixelOptions, pixelSize } from "./pixels.ts";

/** Options of `fromPixels`. */
export type PictureOptions = Pick<PixelOptions, "channels" | "size">;

/**
 * A picture as it is now, f32[H, W, C] from 0 to 1: ImageData, a canvas, and on a page an ImageBitmap, a VideoFrame, an
 * image or a video. On a GPU it goes there without a copy on the host, where the browser can do that. `size` is made by
 * `resize`, bilinear.
 *
 * ```ts
 * const scores = await classify(unsqueeze(data.fromPixels(video, { size: [224, 224] }), 0));
 * ```
 * @throws ArgumentError for what is no picture, has nothing to see or may not be read
 */
export function fromPixels(picture: Picture, options: PictureOptions = {}): Tensor {
  checkOptions<PictureOptions>("fromPixels", options, { channels: channelCount, size: pixelSize });
  const { channels = 3, size } = options;
  const values = unpacked(wordsOf(picture), channels);
  if (size === undefined) return values;
  const whole = resize(reshape(values, [1, ...values.shape]), size, { mode: "bilinear" });
  return reshape(whole, [...size, channels]);
}

/** u32[H, W]: red in the lowest byte, then green, blue and opacity. */
function wordsOf(picture: Picture): Tensor {
  const drawn = drawnSize("fromPixels", picture);
  const placed = drawn && placePicture(picture, drawn);
  if (drawn && placed) return slice(placed, [0, 0], [drawn[1], drawn[0]]);
  const { data, width, height } = readPicture("fromPixels", picture);
  return tensor(new Uint32Array(Uint8Array.from(data).buffer), [height, width]);
}

function unpacked(words: Tensor, channels: 1 | 3 | 4): Tensor {
  const above = (byte: number) => (byte === 0 ? words : div(words, 256 ** byte));
  const channel = (c: number) => {
    const byte = c === 3 ? above(3) : sub(above(c), mul(above(c + 1), 256));
    return div(cast(byte, "f32"), 255);
  };
  if (channels > 1)
    return stack(
      Array.from({ length: channels }, (_, c) => channel(c)),
      -1,
    );
  const [red, green, blue] = [
    mul(channel(0), 0.299),
    mul(channel(1), 0.587),
    mul(channel(2), 0.114),
  ];
  return stack([add(add(red, green), blue)], -1);
}
