/** What datasets and pipelines say of data that does not fit: given, expected, what to do. */
import { data } from "../../../src/index.ts";
import { type ErrorRow, holdTexts } from "../../support/error-rows.ts";

const asAny = (given: unknown) => given as never;
const examples = data.dataset({
  x: { data: new Float32Array(6), shape: [3, 2], dtype: "f32" },
  y: { data: new Int32Array(3), shape: [3], dtype: "i32" },
});
const frames = { data: new Float32Array(2), shape: [1, 2], dtype: "f32" } as const;
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
    "images: the shape must be whole numbers of 0 or more, in a list, of less than 2^53 elements; got [Symbol(n)]. Sizes are counted in elements, outermost first; a single number is [].",
    () => data.images(new Uint8Array(3), asAny([Symbol("n")])),
  ],
  [
    "dataset: the shape of x must be whole numbers of 0 or more, in a list, of less than 2^53 elements; got [Symbol(n)]. Sizes are counted in elements, outermost first; a single number is [].",
    () =>
      data.dataset({
        x: asAny({
          data: new Uint8Array(3),
          shape: [Symbol("n")],
          dtype: "f32",
          scale: 1,
          offset: 0,
        }),
        y: [0, 1],
      }),
  ],
  [
    "dataset: x and y must have the same number of examples; got x [3], y [2]. The first dimension counts the examples.",
    () => data.dataset({ x: [1, 2, 3], y: [1, 2] }),
  ],
  [
    "dataset: x must have the examples along its first dimension; got [2, 1], time first. Pad sequences with { batchFirst: true }, or pass time-first batches to a Trainer as they are.",
    () => data.dataset({ x: data.padSequences([[1, 2]]).values, y: [1] }),
  ],
  [
    "dataset: x must have as many values as its shape [N, …] says; got [2, 2] with 3. The first dimension counts the examples.",
    () =>
      data.dataset({
        x: { data: new Uint8Array(3), shape: [2, 2], dtype: "f32", scale: 1, offset: 0 },
        y: [0, 1],
      }),
  ],
  [
    "dataset: y must have as many values as its shape [N, …] says; got [] with 1. The first dimension counts the examples.",
    () => data.dataset({ x: [1], y: 1 }),
  ],
  [
    'batch: y must be a whole number, as in the first example; got 1.5. For numbers of any kind pass { dtypes: { "y": "f32" } }.',
    () => first(data.batch([{ y: 1 }, { y: 1.5 }], { batchSize: 2 })),
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
    "map: a source must be there again for every pass; got a generator that was begun before. Pass the function that makes it.",
    async () => {
      const once = (function* () {
        yield 1;
      })();
      const same = data.map(once, (n) => n);
      await first(same);
      await first(same);
    },
  ],
  [
    'streamWindows: text needs a vocabulary that turns it into ids; got "to be" and none. Pass { vocabulary }.',
    () => first(data.streamWindows([["to be"]], { window: 2 })),
  ],
  [
    "streamWindows: a window that a sequence does not fill is padded with targets that are ignored, and f32 has none of its own; got the end of a sequence in row 0. Pass { ignored } and a loss that leaves such targets out, or cut sequences into whole windows of 2 steps.",
    () => first(data.streamWindows([[{ x: frames, y: frames }]], { window: 2 })),
  ],
  [
    "streamWindows: all steps must be of one form; got x f32[2] after i32[]. Ids and frames cannot be mixed.",
    () =>
      first(data.streamWindows([[Int32Array.of(1, 2)], [{ x: frames, y: frames }]], { window: 1 })),
  ],
  [
    "pixels: pictures must be a list of ImageData, canvases or the like, one at least; got []. One alone is [picture].",
    () => data.pixels([]),
  ],
  [
    "fromPixels: a picture must be ImageData, a canvas, an ImageBitmap, a VideoFrame, an image or a video; got 3. Pixels in an array are new ImageData(pixels, width), or a tensor of their own.",
    () => data.fromPixels(asAny(3)),
  ],
] satisfies readonly ErrorRow[]);
