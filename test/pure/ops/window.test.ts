import { describe, expect, it } from "vitest";
import { resolvePadding, samePadding, windowCount, windowedSize } from "../../../src/ops/window.ts";

describe("padding in numbers", () => {
  it("'same' puts what is odd behind, as TensorFlow does", () => {
    expect(samePadding(7, 3, 1)).toEqual([1, 1]);
    expect(samePadding(8, 3, 2)).toEqual([0, 1]);
    expect(samePadding(7, 3, 2)).toEqual([1, 1]);
    expect(samePadding(5, 4, 1)).toEqual([1, 2]);
    expect(samePadding(8, 2, 3)).toEqual([0, 0]);
  });

  it("'same' gives ceil(size / stride) windows for every size, window and stride", () => {
    for (let size = 1; size <= 17; size++) {
      for (let window = 1; window <= 6; window++) {
        for (let stride = 1; stride <= 4; stride++) {
          const padding = samePadding(size, window, stride);
          expect(windowCount(size, window, stride, padding)).toBe(Math.ceil(size / stride));
        }
      }
    }
  });

  it("one number is for every side, a pair for rows and columns, pairs of pairs for each side", () => {
    const resolve = (option: Parameters<typeof resolvePadding>[0]) =>
      resolvePadding(option, [8, 6], [3, 3], [2, 1]);
    expect(resolve(2)).toEqual([
      [2, 2],
      [2, 2],
    ]);
    expect(resolve([1, 0])).toEqual([
      [1, 1],
      [0, 0],
    ]);
    expect(
      resolve([
        [0, 2],
        [1, 0],
      ]),
    ).toEqual([
      [0, 2],
      [1, 0],
    ]);
    expect(resolve("valid")).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect(resolve("same")).toEqual([
      [0, 1],
      [1, 1],
    ]);
  });
});

describe("windows over an image", () => {
  const none = [
    [0, 0],
    [0, 0],
  ] as const;
  it("what is left at the end is dropped", () => {
    const attrs = { stride: [2, 2], padding: none } as const;
    expect(windowedSize("conv2d", [1, 8, 7, 3], [3, 3], attrs)).toEqual([3, 3]);
  });

  it("a window that does not fit is refused with the sizes and what to do", () => {
    const attrs = { stride: [1, 1], padding: none } as const;
    expect(() => windowedSize("conv2d", [1, 2, 9, 3], [3, 3], attrs)).toThrow(
      'conv2d: the window must fit into the padded input; got 2 × 9 padded by [0,0], [0,0], window 3 × 3. Use a larger input, a smaller window, or padding "same".',
    );
  });

  it("a stride of 0 and a negative padding are refused", () => {
    const size = (stride: readonly [number, number], padding: number) =>
      windowedSize("avgPool2d", [1, 8, 8, 1], [2, 2], {
        stride,
        padding: [
          [padding, 0],
          [0, 0],
        ],
      });
    expect(() => size([0, 1], 0)).toThrow(/^avgPool2d: stride must be whole numbers of 1 or more/);
    expect(() => size([1, 1], -1)).toThrow(
      /^avgPool2d: padding must be whole numbers of 0 or more/,
    );
  });
});
