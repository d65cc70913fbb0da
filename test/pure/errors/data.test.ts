/** What datasets and pipelines say of data that does not fit: given, expected, what to do. */
import { data } from "../../../src/index.ts";
import { type ErrorRow, holdTexts } from "../../support/error-rows.ts";

const asAny = (given: unknown) => given as never;
const examples = data.dataset({
  x: { data: new Float32Array(6), shape: [3, 2], dtype: "f32" },
  y: { data: new Int32Array(3), shape: [3], dtype: "i32" },
});
const first = async (items: AsyncIterable<unknown>) => {
  for await (const _ of items) return;
};

holdTexts([
  [
    "take: the length must be a whole number from 0 to 3; got 4. There are no more examples than that.",
    () => data.take(examples, 4),
  ],
  [
    "images: the bytes must fill a shape [N, H, W, C]; got 3 bytes, shape [1, 2, 2, 1]. Grey pictures have C = 1.",
    () => data.images(new Uint8Array(3), [1, 2, 2, 1]),
  ],
  [
    "zip: the sources must be a record of them, one at least; got {  }. Write zip({ x: …, y: … }).",
    () => data.zip({}),
  ],
  [
    "prefetch: how many are read ahead must be a whole number from 1 to 1,000; got 0. 2 are enough beside a step.",
    () => data.prefetch([1], 0),
  ],
  [
    "map: what the source's function gives must be something iterable, or a function that gives it; got 3. A function* that yields items is one.",
    () =>
      first(
        data.map(
          asAny(() => 3),
          (x) => x,
        ),
      ),
  ],
  [
    "gunzip: a.gz must unpack to at most 10 bytes; got more. Raise maxBytes if it is meant to.",
    async () => {
      const { gzipSync } = await import("node:zlib");
      await data.gunzip(gzipSync(new Uint8Array(1000)), "a.gz", asAny({ maxBytes: 10 }));
    },
  ],
  [
    "padSequences: every step must have as many features as the first; got 1 after 2 as step 1 of sequence 0. Fill the row up, or cut it.",
    () => data.padSequences([[[1, 2], [3]]]),
  ],
  [
    "padSequences: a sequence with a shape must fill it, [T, …]; got data Float32Array of 12 bytes, shape [2, 2] as sequence 0. T steps of n features are { data: T · n numbers, shape: [T, n] }.",
    () => data.padSequences([{ data: new Float32Array(3), shape: [2, 2] }]),
  ],
  [
    "padSequences: all sequences must have steps of one form; got [T] as sequence 1 after [T, 2]. Bring all steps into the form of the first.",
    () => data.padSequences(asAny([[[1, 2]], [1]])),
  ],
  [
    'padSequences: steps must be numbers, or rows of them; got "b" as step 1 of sequence 0. Convert it first.',
    () => data.padSequences(asAny([[1, "b"]])),
  ],
  [
    "statistics: there must be one example at least; got none. Is the source empty, or a generator that was read before?",
    () => data.statistics(asAny(function* () {})),
  ],
  [
    "statistics: the axis must be a dimension of the data; got axis 2 of [3, 2]. -1 is the last dimension, that of the features.",
    () =>
      data.statistics(asAny({ data: new Float32Array(6), shape: [3, 2], dtype: "f32" }), {
        axis: 2,
      }),
  ],
  [
    "streamWindows: x and y of frames must have as many steps, [n, …], and fill their shapes; got x [2, 1] with 2 values, y [1] with 1. Give every frame of x its target in y.",
    () =>
      first(
        data.streamWindows(
          asAny([
            [
              [
                {
                  x: { data: new Float32Array(2), shape: [2, 1], dtype: "f32" },
                  y: { data: new Int32Array(1), shape: [1], dtype: "i32" },
                },
              ],
            ],
          ]),
          { window: 2 },
        ) as AsyncIterable<unknown>,
      ),
  ],
  [
    "fromPixels: a picture must be ImageData, a canvas, an ImageBitmap, a VideoFrame, an image or a video; got 3. Pixels in an array are new ImageData(pixels, width), or a tensor of their own.",
    () => data.fromPixels(asAny(3)),
  ],
] satisfies readonly ErrorRow[]);
