import { checkOptions, finite, positive, rule, shown } from "../arguments.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import { type Column, images, type Normalisation } from "./dataset.ts";

/** Red, green, blue and opacity of each pixel, row by row: ImageData, or something of its form. */
export interface Pixels {
  readonly data: Uint8ClampedArray | Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** A canvas with a context for two dimensions, on a page or off it, which is read; or pixels. */
export type Picture =
  | Pixels
  | {
      readonly width: number;
      readonly height: number;
      getContext(kind: "2d"): {
        getImageData(x: number, y: number, width: number, height: number): Pixels;
      } | null;
    };

/** Options of `pixels`. */
export interface PixelOptions extends Normalisation {
  /** 1: grey, by ITU-R BT.601's 0.299 R + 0.587 G + 0.114 B; 3: red, green and blue; 4: opacity as well. 3. */
  readonly channels?: 1 | 3 | 4;
}

/**
 * Pictures of one size as examples f32[N, H, W, C], scaled to [0, 1] or normalised, held as bytes. An ImageBitmap or a
 * video is drawn on a canvas first: `context.drawImage(bitmap, 0, 0)`.
 * @throws ArgumentError for what is no picture, ShapeError where sizes differ
 */
export function pixels(pictures: readonly Picture[], options: PixelOptions = {}): Column {
  checkOptions<PixelOptions>("pixels", options, {
    mean: finite,
    deviation: positive,
    channels: rule("1, 3 or 4", (n) => n === 1 || n === 3 || n === 4),
  });
  if (!Array.isArray(pictures) || pictures.length === 0) {
    throw new ArgumentError(
      `pixels: pictures must be a list of ImageData or canvases, one at least; got ${shown(pictures)}. One alone is [picture].`,
    );
  }
  const { channels = 3, ...normalisation } = options;
  const all = pictures.map(read);
  const [{ width, height } = { width: 0, height: 0 }] = all;
  const size = width * height * channels;
  const bytes = new Uint8Array(all.length * size);
  all.forEach((one, n) => {
    if (one.width !== width || one.height !== height) {
      throw new ShapeError(
        `pixels: all pictures must be of one size; got ${one.width} × ${one.height} as picture ${n} after ${width} × ${height}. Draw them scaled on canvases of one size.`,
      );
    }
    fill(bytes.subarray(n * size, (n + 1) * size), one.data, channels);
  });
  return images(bytes, [all.length, height, width, channels], normalisation);
}

function read(given: unknown, n: number): Pixels {
  const picture = contentOf(given);
  if (isPixels(picture)) return picture;
  throw new ArgumentError(
    `pixels: a picture must be ImageData, or a canvas of two dimensions; got ${shown(given)} as picture ${n}. Draw an ImageBitmap or a video on a canvas first.`,
  );
}

function contentOf(given: unknown): unknown {
  if (typeof given !== "object" || given === null || !("getContext" in given)) return given;
  // Whether it gave pixels is seen by the caller.
  const canvas = given as Extract<Picture, { getContext: unknown }>;
  if (typeof canvas.getContext !== "function") return undefined;
  return canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height);
}

function isPixels(given: unknown): given is Pixels {
  if (typeof given !== "object" || given === null) return false;
  const { data, width, height } = given as Partial<Pixels>;
  const areBytes = data instanceof Uint8ClampedArray || data instanceof Uint8Array;
  const isSize = Number.isSafeInteger(width) && Number.isSafeInteger(height);
  return (
    areBytes && isSize && data.length > 0 && data.length === 4 * Number(width) * Number(height)
  );
}

function fill(target: Uint8Array, rgba: ArrayLike<number>, channels: 1 | 3 | 4): void {
  for (let at = 0, from = 0; at < target.length; at += channels, from += 4) {
    if (channels === 1) {
      const [r = 0, g = 0, b = 0] = [rgba[from], rgba[from + 1], rgba[from + 2]];
      target[at] = Math.round(0.299 * r + 0.587 * g + 0.114 * b);
    } else for (let c = 0; c < channels; c++) target[at + c] = rgba[from + c] ?? 0;
  }
}
