import { describe, expect, test } from "vitest";
import { batches, dataset, fromPixels, type Picture, pixels } from "../../../src/data/index.ts";
import { ArgumentError, ShapeError } from "../../../src/errors.ts";
import { openCounting } from "../runtime/open.ts";

/** As ImageData is in a browser: 2 × 1 pixels. */
const picture = (...rgba: number[]) => ({
  data: Uint8ClampedArray.from(rgba),
  width: 2,
  height: 1,
});
const first = picture(255, 0, 51, 255, 0, 102, 255, 0);
const second = picture(1, 2, 3, 4, 5, 6, 7, 8);

describe("pixels", () => {
  test("pictures become examples with their colours, and opacity where it is asked for", () => {
    const x = pixels([first, second]);
    expect(x.shape).toEqual([2, 1, 2, 3]);
    expect([...x.data]).toEqual([255, 0, 51, 0, 102, 255, 1, 2, 3, 5, 6, 7]);
    expect([...pixels([second], { channels: 4 }).data]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    const [batch] = batches(dataset({ x, y: [0, 1] }), { batchSize: 2 });
    expect([...(batch?.x.data ?? [])].slice(0, 3)).toEqual([1, 0, Math.fround(0.2)]);
  });

  test("grey is the brightness", () => {
    const { data, shape } = pixels([first], { channels: 1 });
    // 0.299 · 255 + 0.114 · 51 = 82.06, 0.587 · 102 + 0.114 · 255 = 88.94.
    expect([[...data], shape]).toEqual([
      [82, 89],
      [1, 1, 2, 1],
    ]);
  });

  test("a canvas is read", () => {
    const asked: number[] = [];
    const canvas: Picture = {
      width: 2,
      height: 1,
      getContext: () => ({
        getImageData: (...rectangle) => {
          asked.push(...rectangle);
          return second;
        },
      }),
    };
    expect([...pixels([canvas]).data]).toEqual([1, 2, 3, 5, 6, 7]);
    expect(asked).toEqual([0, 0, 2, 1]);
  });

  test("what are no pictures, or pictures of several sizes, are refused", () => {
    const tall = { data: new Uint8ClampedArray(8), width: 1, height: 2 };
    expect(() => pixels([first, tall])).toThrow(
      "pixels: all pictures must be of one size; got 1 × 2 as picture 1 after 2 × 1. Say { size: [rows, columns] } to have them scaled.",
    );
    expect(() => pixels([first, tall])).toThrow(ShapeError);
    const none = [
      {},
      { width: 2, height: 1 },
      { ...first, width: 3 },
      { width: 2, height: 1, getContext: () => null },
      { getContext: 5 },
    ];
    for (const one of none) expect(() => pixels([one as never])).toThrow(ArgumentError);
    expect(() => pixels([])).toThrow(ArgumentError);
    expect(() => pixels(first as never)).toThrow(ArgumentError);
    expect(() => pixels([first], { channels: 2 as never })).toThrow(
      "pixels: channels must be 1, 3 or 4; got 2.",
    );
    expect(() => pixels([first], { size: [0, 1] })).toThrow(
      "pixels: size must be [rows, columns], whole numbers from 1 to 16,384; got [0, 1].",
    );
    expect([...pixels([first], { size: [1, 2] }).data]).toEqual([...pixels([first]).data]);
    // There are no canvases here.
    expect(() => pixels([first], { size: [2, 2] })).toThrow(
      "pixels: pixels can be scaled where there are canvases; got 2 × 1 for a size of 2 × 2.",
    );
  });
});

describe("fromPixels", () => {
  test("is a picture as a tensor, grey without rounding, in another size", async () => {
    openCounting();
    const x = fromPixels(first);
    expect(x.shape).toEqual([1, 2, 3]);
    const bytes = [255, 0, 51, 0, 102, 255];
    expect([...(await x.data())]).toEqual(bytes.map((byte) => Math.fround(byte / 255)));
    const opaque = fromPixels(second, { channels: 4 });
    // Rounded once more.
    (await opaque.data()).forEach((value, i) => {
      expect(value).toBeCloseTo((i + 1) / 255, 7);
    });
    const grey = await fromPixels(first, { channels: 1 }).data();
    expect(grey[0]).toBeCloseTo(82.059 / 255, 6);
    const large = fromPixels(first, { size: [2, 2] });
    expect(large.shape).toEqual([2, 2, 3]);
    expect((await large.data()).slice(0, 6)).toEqual(await x.data());
  });

  test("refuses what is no picture", () => {
    expect(() => fromPixels({} as never)).toThrow(ArgumentError);
    expect(() => fromPixels(first, { channels: 2 as never })).toThrow(
      "fromPixels: channels must be 1, 3 or 4; got 2.",
    );
  });
});
