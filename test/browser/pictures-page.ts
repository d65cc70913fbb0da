/** Runs in the browser: pictures of every kind as tensors and as examples, and whether the host has seen their pixels. */
import * as data from "../../src/data/index.ts";
import { init } from "../../src/functions.ts";

/** Not a multiple of a GPU's row. */
const [WIDTH, HEIGHT] = [70, 6];

/** Red, green, blue of the four quarters. */
const COLOURS = [
  [255, 0, 0],
  [12, 200, 99],
  [0, 0, 255],
  [128, 64, 32],
] as const;
const colourAt = (y: number, x: number) =>
  COLOURS[2 * Number(y >= HEIGHT / 2) + Number(x >= WIDTH / 2)] ?? [0, 0, 0];

function paint<C extends HTMLCanvasElement | OffscreenCanvas>(canvas: C): C {
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  const context = canvas.getContext("2d") as CanvasRenderingContext2D;
  COLOURS.forEach((rgb, i) => {
    context.fillStyle = `rgb(${rgb.join(" ")})`;
    const [x, y] = [(i % 2) * (WIDTH / 2), Math.floor(i / 2) * (HEIGHT / 2)];
    context.fillRect(x, y, WIDTH / 2, HEIGHT / 2);
  });
  return canvas;
}

async function imageOf(canvas: HTMLCanvasElement): Promise<HTMLImageElement> {
  const image = new Image();
  image.src = canvas.toDataURL();
  await image.decode();
  return image;
}

async function videoOf(canvas: HTMLCanvasElement): Promise<HTMLVideoElement> {
  const video = document.createElement("video");
  video.muted = true;
  const stream = canvas.captureStream();
  video.srcObject = stream;
  const playing = video.play();
  // A stream shows what is painted after it was begun.
  const again = setInterval(() => paint(canvas), 20);
  await playing;
  await new Promise((resolve) => video.requestVideoFrameCallback(resolve));
  clearInterval(again);
  return video;
}

const kinds = {
  canvas: () => paint(document.createElement("canvas")),
  offscreen: () => paint(new OffscreenCanvas(1, 1)),
  bitmap: () => createImageBitmap(kinds.canvas()),
  imageData: () => kinds.canvas().getContext("2d")?.getImageData(0, 0, WIDTH, HEIGHT),
  image: () => imageOf(kinds.canvas()),
  frame: () => new VideoFrame(kinds.canvas(), { timestamp: 0 }),
  video: () => videoOf(kinds.canvas()),
};

/** How often the host asks a canvas for pixels while `body` is at work. */
async function countReads<T>(body: () => Promise<T>): Promise<{ result: T; reads: number }> {
  let reads = 0;
  const own = [CanvasRenderingContext2D, OffscreenCanvasRenderingContext2D].map(
    ({ prototype }) => [prototype, prototype.getImageData] as const,
  );
  for (const [prototype, original] of own)
    prototype.getImageData = function (this: never, ...rectangle: never) {
      reads++;
      return (original as (...args: never) => ImageData).apply(this, rectangle);
    };
  try {
    return { result: await body(), reads };
  } finally {
    for (const [prototype, original] of own) prototype.getImageData = original as never;
  }
}

function furthest(values: ArrayLike<number>, channels: number): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) {
    const at = Math.floor(i / channels);
    const rgb = colourAt(Math.floor(at / WIDTH), at % WIDTH);
    const grey = 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2];
    const wanted = channels === 1 ? grey : (rgb[i % channels] ?? 255);
    most = Math.max(most, Math.abs((values[i] ?? Number.NaN) * 255 - wanted));
  }
  return most;
}

/** For one kind of picture: how far the furthest value is from its colour, in steps of 1 / 255. */
export async function measure(device: "cpu" | "webgpu", kind: keyof typeof kinds) {
  const { runtime } = await init({ device });
  const picture = (await kinds[kind]()) as data.Picture;
  const { result, reads } = await countReads(async () => {
    const steps: Record<string, number> = {};
    for (const channels of [1, 3, 4] as const) {
      const tensor = data.fromPixels(picture, { channels });
      if (tensor.shape.join() !== `${HEIGHT},${WIDTH},${channels}`)
        throw new Error(`[${tensor.shape}]`);
      steps[`tensor of ${channels}`] = furthest(await tensor.data(), channels);
    }
    return steps;
  });
  const column = data.pixels([picture, picture]);
  const bytes = Array.from(column.data, (byte) => byte / 255);
  const half = WIDTH * HEIGHT * 3;
  result.examples = Math.max(furthest(bytes.slice(0, half), 3), furthest(bytes.slice(half), 3));
  // Averages of quarters of one colour each.
  const small = data.fromPixels(picture, { size: [2, 2] });
  result.small = Math.max(
    ...Array.from(await small.data(), (x, i) =>
      Math.abs(x * 255 - (COLOURS[Math.floor(i / 3)]?.[i % 3] ?? 0)),
    ),
  );
  const { shape } = data.pixels([picture], { size: [3, 5] });
  if (picture instanceof VideoFrame) picture.close();
  await runtime.close();
  return { steps: result, reads, sized: shape };
}

/** A canvas changes after it was taken, and a frame is closed: what was taken stays. */
export async function takenIsKept(device: "cpu" | "webgpu") {
  const { runtime } = await init({ device });
  const canvas = kinds.canvas();
  const frame = kinds.frame();
  const tensors = [data.fromPixels(canvas), data.fromPixels(frame)];
  canvas.getContext("2d")?.clearRect(0, 0, WIDTH, HEIGHT);
  frame.close();
  const steps = await Promise.all(tensors.map(async (one) => furthest(await one.data(), 3)));
  await runtime.close();
  return Math.max(...steps);
}

/** What is refused, by the message. */
export async function refusals(): Promise<string[]> {
  const { runtime } = await init({ device: "webgpu" });
  const closed = await createImageBitmap(kinds.canvas());
  closed.close();
  const messages = [document.createElement("video"), new Image(), closed, {}, 5].map((picture) => {
    try {
      data.fromPixels(picture as never);
      return "none";
    } catch (error) {
      return String(error);
    }
  });
  await runtime.close();
  return messages;
}
