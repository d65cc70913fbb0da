/** What pictures are on a page, and their pixels. */
import { shown } from "../arguments.ts";
import { ArgumentError } from "../errors.ts";

/** Red, green, blue and opacity of each pixel, row by row: ImageData, or something of its form. */
export interface Pixels {
  /** Red, green, blue and alpha of every pixel, from 0 to 255, row by row. */
  readonly data: Uint8ClampedArray | Uint8Array;
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
}

/** A canvas with a context for two dimensions, on a page or off it, which is read. */
interface Canvas {
  readonly width: number;
  readonly height: number;
  getContext(kind: "2d"): {
    getImageData(x: number, y: number, width: number, height: number): Pixels;
  } | null;
}

/** An ImageBitmap, a VideoFrame, an image or a video of a page, as it is now. */
type Drawable =
  | { readonly width: number; readonly height: number; close(): void }
  | { readonly displayWidth: number; readonly displayHeight: number }
  | { readonly naturalWidth: number; readonly naturalHeight: number }
  | { readonly videoWidth: number; readonly videoHeight: number };

/** What `pixels` and `fromPixels` see: pixels of the host, a canvas, or what a browser draws. */
export type Picture = Pixels | Canvas | Drawable;

export type Size = readonly [width: number, height: number];

/** By the name of its class what a browser can draw, and the size of that. */
const DRAWABLE: Readonly<Record<string, readonly [width: string, height: string]>> = {
  ImageBitmap: ["width", "height"],
  HTMLCanvasElement: ["width", "height"],
  OffscreenCanvas: ["width", "height"],
  VideoFrame: ["displayWidth", "displayHeight"],
  HTMLImageElement: ["naturalWidth", "naturalHeight"],
  HTMLVideoElement: ["videoWidth", "videoHeight"],
};

/** Of a browser's own pictures their size; undefined of anything else. @throws ArgumentError where there is nothing to see */
export function drawnSize(caller: string, given: unknown): Size | undefined {
  if (typeof given !== "object" || given === null) return undefined;
  const kind = Object.prototype.toString.call(given).slice("[object ".length, -1);
  const names = Object.hasOwn(DRAWABLE, kind) ? DRAWABLE[kind] : undefined;
  if (names === undefined) return undefined;
  const [width, height] = names.map((name) => Number(Reflect.get(given, name)));
  const state = kind === "HTMLVideoElement" ? Number(Reflect.get(given, "readyState")) : HAS_FRAME;
  if (width !== undefined && height !== undefined && width > 0 && height > 0 && state >= HAS_FRAME)
    return [width, height];
  throw new ArgumentError(
    `${caller}: a picture must have something to see; got ${kind} of ${width} × ${height}${state < HAS_FRAME ? `, readyState ${state}` : ""}. Images and videos are waited for, await image.decode() or the video's loadeddata; what was closed has nothing any more.`,
  );
}

/** HTMLMediaElement.HAVE_CURRENT_DATA. */
const HAS_FRAME = 2;

/**
 * The pixels of a picture, in another size where one is given.
 * @throws ArgumentError for what is no picture, or may not be read as it is of another origin
 */
export function readPicture(caller: string, given: unknown, size?: Size): Pixels {
  const pixels = size === undefined ? contentOf(given) : undefined;
  if (isPixels(pixels)) return pixels;
  const own = drawnSize(caller, given);
  if (own !== undefined) return drawn(caller, given as CanvasImageSource, size ?? own);
  const content = contentOf(given);
  if (isPixels(content)) return size === undefined ? content : scaled(caller, content, size);
  throw new ArgumentError(
    `${caller}: a picture must be ImageData, a canvas, an ImageBitmap, a VideoFrame, an image or a video; got ${shown(given)}. Pixels in an array are new ImageData(pixels, width), or a tensor of their own.`,
  );
}

function contentOf(given: unknown): unknown {
  if (typeof given !== "object" || given === null || !("getContext" in given)) return given;
  // Whether it gave pixels is seen by the caller.
  const canvas = given as Canvas;
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

/** Through a canvas of two dimensions, which scales as the browser does. */
function drawn(caller: string, source: CanvasImageSource, [width, height]: Size): Pixels {
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (context === null)
    throw new ArgumentError(
      `${caller}: the browser must have canvases of ${width} × ${height}; got none of that size. Choose a smaller one.`,
    );
  context.imageSmoothingQuality = "high";
  try {
    context.drawImage(source, 0, 0, width, height);
    return context.getImageData(0, 0, width, height);
  } catch (error) {
    throw new ArgumentError(
      `${caller}: a picture must be readable; got ${shown(source)}, ${error}. Pictures of other origins are asked for with crossOrigin.`,
    );
  }
}

function scaled(caller: string, { data, width, height }: Pixels, size: Size): Pixels {
  if (width === size[0] && height === size[1]) return { data, width, height };
  if (typeof OffscreenCanvas === "undefined") {
    throw new ArgumentError(
      `${caller}: pixels can be scaled where there are canvases; got ${width} × ${height} for a size of ${size.join(" × ")}. On a device resize scales.`,
    );
  }
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d")?.putImageData(new ImageData(Uint8ClampedArray.from(data), width), 0, 0);
  return drawn(caller, canvas, size);
}
