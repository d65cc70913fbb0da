import { checkOptions, count, finite, isListOf, positive, rule, shown } from "../arguments.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import { type Column, images, type Normalisation } from "./dataset.ts";
import { type Picture, readPicture } from "./picture.ts";

/** Options of `pixels`. */
export interface PixelOptions extends Normalisation {
  /** 1: grey, by ITU-R BT.601's 0.299 R + 0.587 G + 0.114 B; 3: red, green and blue; 4: opacity as well. 3. */
  readonly channels?: 1 | 3 | 4;
  /** [H, W], to which all are scaled, as the browser does; their own, which is one, where nothing is said. */
  readonly size?: readonly [number, number];
}

export const channelCount = rule("1, 3 or 4", (n) => n === 1 || n === 3 || n === 4);

export const pixelSize = rule("[rows, columns], whole numbers from 1 to 16,384", (value) =>
  isListOf(value, (n) => count.holds(n) && Number(n) <= 16_384, 2),
);

/**
 * Pictures as examples f32[N, H, W, C], scaled to [0, 1] or normalised, held as bytes: ImageData, canvases, and on a page
 * ImageBitmaps, VideoFrames, images and videos, as they are now.
 * @throws ArgumentError for what is no picture or has nothing to see, ShapeError where sizes differ
 */
export function pixels(pictures: readonly Picture[], options: PixelOptions = {}): Column {
  checkOptions<PixelOptions>("pixels", options, {
    mean: finite,
    deviation: positive,
    channels: channelCount,
    size: pixelSize,
  });
  if (!Array.isArray(pictures) || pictures.length === 0) {
    throw new ArgumentError(
      `pixels: pictures must be a list of ImageData, canvases or the like, one at least; got ${shown(pictures)}. One alone is [picture].`,
    );
  }
  const { channels = 3, size: asked, ...normalisation } = options;
  const all = pictures.map((picture) =>
    readPicture("pixels", picture, asked && [asked[1], asked[0]]),
  );
  const [{ width, height } = { width: 0, height: 0 }] = all;
  const size = width * height * channels;
  const bytes = new Uint8Array(all.length * size);
  all.forEach((one, n) => {
    if (one.width !== width || one.height !== height) {
      throw new ShapeError(
        `pixels: all pictures must be of one size; got ${one.width} × ${one.height} as picture ${n} after ${width} × ${height}. Say { size: [rows, columns] } to have them scaled.`,
      );
    }
    fill(bytes.subarray(n * size, (n + 1) * size), one.data, channels);
  });
  return images(bytes, [all.length, height, width, channels], normalisation);
}

function fill(target: Uint8Array, rgba: ArrayLike<number>, channels: 1 | 3 | 4): void {
  for (let at = 0, from = 0; at < target.length; at += channels, from += 4) {
    if (channels === 1) {
      const [r = 0, g = 0, b = 0] = [rgba[from], rgba[from + 1], rgba[from + 2]];
      target[at] = Math.round(0.299 * r + 0.587 * g + 0.114 * b);
    } else for (let c = 0; c < channels; c++) target[at + c] = rgba[from + c] ?? 0;
  }
}
