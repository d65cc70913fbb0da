import { describe, expect, test } from "vitest";
import {
  type BatchOptions,
  batchCount,
  batches,
  dataset,
  images,
  labels,
  take,
} from "../../../src/data/index.ts";
import { ArgumentError, ShapeError } from "../../../src/errors.ts";

function digits(length: number) {
  return dataset({
    x: images(
      Uint8Array.from({ length: length * 4 }, (_, i) => i),
      [length, 2, 2, 1],
    ),
    y: labels(Uint8Array.from({ length }, (_, i) => i)),
  });
}

function order(length: number, options: BatchOptions): number[] {
  return [...batches(digits(length), options)].flatMap(({ y }) => [...y.data]);
}

describe("batches", () => {
  test("without a seed the examples come in their own order, the last batch smaller", () => {
    const all = [...batches(digits(5), { batchSize: 2 })];
    expect(all.map(({ size, x, y }) => [size, x.shape, y.shape])).toEqual([
      [2, [2, 2, 2, 1], [2]],
      [2, [2, 2, 2, 1], [2]],
      [1, [1, 2, 2, 1], [1]],
    ]);
    expect([...(all[1]?.y.data ?? [])]).toEqual([2, 3]);
    expect([...(all[1]?.x.data ?? [])]).toEqual(
      [8, 9, 10, 11, 12, 13, 14, 15].map((byte) => Math.fround(byte / 255)),
    );
  });

  test("dropLast leaves out the smaller batch", () => {
    const options = { batchSize: 2, dropLast: true };
    expect([...batches(digits(5), options)].map(({ size }) => size)).toEqual([2, 2]);
    expect(batchCount(5, options)).toBe(2);
    expect(batchCount(5, { batchSize: 2 })).toBe(3);
    expect(batchCount(0, { batchSize: 2 })).toBe(0);
  });

  test("one seed and epoch give one order, which holds every example once", () => {
    const shuffled = order(31, { batchSize: 4, seed: 7 });
    expect(order(31, { batchSize: 4, seed: 7 })).toEqual(shuffled);
    expect(order(31, { batchSize: 9, seed: 7 })).toEqual(shuffled);
    expect(shuffled.toSorted((a, b) => a - b)).toEqual(order(31, { batchSize: 4 }));
    expect(order(31, { batchSize: 4, seed: 8 })).not.toEqual(shuffled);
    expect(order(31, { batchSize: 4, seed: 7, epoch: 1 })).not.toEqual(shuffled);
  });

  test("the order of seed 1 stays what it is, on every machine and in every version", () => {
    expect(order(8, { batchSize: 8, seed: 1 })).toMatchInlineSnapshot(`
      [
        0,
        4,
        2,
        3,
        1,
        7,
        6,
        5,
      ]
    `);
  });

  test("an example keeps its label when it is shuffled", () => {
    for (const { x, y, rows } of batches(digits(9), { batchSize: 4, seed: 3 })) {
      expect([...y.data]).toEqual([...rows]);
      expect([...x.data].filter((_, i) => i % 4 === 0)).toEqual(
        [...rows].map((row) => Math.fround((row * 4) / 255)),
      );
    }
  });

  test("a batch's arrays are its own", () => {
    const [first, second] = batches(digits(4), { batchSize: 2 });
    expect(first?.x.data.buffer).not.toBe(second?.x.data.buffer);
  });

  test("a batch size that is no positive whole number is refused", () => {
    for (const batchSize of [0, -1, 1.5, Number.NaN]) {
      expect(() => batches(digits(2), { batchSize })).toThrow(ArgumentError);
    }
    expect(() => batches([] as never, { batchSize: 1 })).toThrow(
      "batches: the examples must be a dataset",
    );
  });
});

describe("datasets", () => {
  test("a mean and a deviation normalise the pictures", () => {
    const x = images(Uint8Array.of(0, 255), [2, 1, 1, 1], { mean: 0.5, deviation: 0.25 });
    const [batch] = batches(dataset({ x, y: labels(new Uint8Array(2)) }), { batchSize: 2 });
    expect([...(batch?.x.data ?? [])]).toEqual([-2, 2]);
  });

  test("take gives the first examples", () => {
    const few = take(digits(5), 2);
    expect(few.length).toBe(2);
    expect(few.x.shape).toEqual([2, 2, 2, 1]);
    expect([...few.y.data]).toEqual([0, 1]);
    expect(() => take(few, 3)).toThrow(/from 0 to 2; got 3/);
  });

  test("arrays that do not fill their shape or differ in number are refused", () => {
    const { x, y } = digits(3);
    expect(() => dataset({ x, y: labels(new Uint8Array(2)) })).toThrow(ShapeError);
    expect(() => dataset({ x: { ...x, shape: [3, 5] }, y })).toThrow(/x must have as many values/);
    expect(() => images(new Uint8Array(4), [2, 2])).toThrow(/\[N, H, W, C\]/);
    expect(() => images(new Uint8Array(4), [1, 2, 2, 1], { deviation: 0 })).toThrow(ArgumentError);
  });
});

test("labels of an array that was handed over are none", () => {
  const given = new Uint8Array(4);
  structuredClone(given.buffer, { transfer: [given.buffer] });
  expect(labels(given)).toEqual({ data: new Int32Array(), shape: [0], dtype: "i32" });
});
