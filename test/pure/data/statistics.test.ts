import { describe, expect, test } from "vitest";
import * as data from "../../../src/data/index.ts";
import { ArgumentError, ShapeError } from "../../../src/errors.ts";
import { tensor } from "../../../src/functions.ts";
import { openCounting } from "../runtime/open.ts";

const ROWS = [
  [1, 10, -4],
  [2, 10, 0],
  [4, 10, 5],
  [9, 10, 7],
];

/** By the definition, in two passes over the columns of `rows`. */
function plain(rows: readonly (readonly number[])[]) {
  const columns = (rows[0] ?? []).map((_, f) => rows.map((row) => row[f] ?? 0));
  const meanOf = (all: readonly number[]) => all.reduce((a, b) => a + b, 0) / all.length;
  const mean = columns.map(meanOf);
  const variance = columns.map((all, f) => meanOf(all.map((x) => (x - (mean[f] ?? 0)) ** 2)));
  return { mean, variance, count: rows.length };
}

function expectClose(got: data.FeatureStatistics, wanted: data.FeatureStatistics) {
  expect(got.count).toBe(wanted.count);
  for (const name of ["mean", "variance"] as const) {
    expect(got[name]).toHaveLength(wanted[name].length);
    // Some sums in float64, in another order.
    got[name].forEach((x, f) => {
      expect(x).toBeCloseTo(wanted[name][f] ?? Number.NaN, 12);
    });
  }
}

describe("statistics", () => {
  test("are those of the definition, whatever the rows come in", async () => {
    openCounting();
    const wanted = plain(ROWS);
    const values = { data: Float32Array.from(ROWS.flat()), shape: [4, 3] };
    expectClose(await data.statistics(ROWS), wanted);
    expectClose(await data.statistics(values), wanted);
    expectClose(await data.statistics(tensor(ROWS)), wanted);
    expectClose(await data.statistics(data.dataset({ x: ROWS, y: [0, 1, 0, 1] })), wanted);
    expectClose(await data.statistics({ x: { image: ROWS } }, { column: "x.image" }), wanted);
    const pipeline = data.batch(data.examples(data.dataset({ x: ROWS, y: [0, 1, 0, 1] })), {
      batchSize: 3,
    });
    expectClose(await data.statistics(pipeline), wanted);
    const arriving = async function* () {
      for (const row of ROWS) yield [row];
    };
    expectClose(await data.statistics(arriving), wanted);
    expectClose(await data.statistics([{ x: ROWS.slice(0, 1) }, { x: ROWS.slice(1) }]), wanted);
  });

  test("a feature that is the same throughout has variance 0, whatever the number", async () => {
    const rows = Array.from({ length: 1000 }, (_, i) => [0.1, i]);
    const { mean, variance } = await data.statistics(rows);
    expect(mean[0]).toBe(Math.fround(0.1));
    expect(variance[0]).toBe(0);
    expect(variance[1]).toBeCloseTo((1000 ** 2 - 1) / 12, 6);
  });

  test("keep the digits of small deviations from a large mean", async () => {
    const rows = Float32Array.from({ length: 4000 }, (_, i) => 1e6 + (i % 2));
    expectClose(await data.statistics(rows), { mean: [1e6 + 0.5], variance: [0.25], count: 4000 });
  });

  test("targets in one row are one feature; axis says where features are", async () => {
    expectClose(await data.statistics({ x: ROWS, y: [1, 2, 3, 6] }, { column: "y" }), {
      mean: [3],
      variance: [3.5],
      count: 4,
    });
    const turned = [0, 1, 2].map((f) => ROWS.map((row) => row[f] ?? 0));
    expectClose(await data.statistics(turned, { axis: 0 }), plain(ROWS));
    const cube = { data: Float32Array.from({ length: 12 }, (_, i) => i), shape: [2, 3, 2] };
    const ofMiddle = [0, 2, 4].map((at) => [0, 1, 6, 7].map((i) => at + i));
    const rows = [0, 1, 2, 3].map((i) => ofMiddle.map((column) => column[i] ?? 0));
    expectClose(await data.statistics(cube, { axis: 1 }), plain(rows));
    expectClose(await data.statistics(cube, { axis: -2 }), plain(rows));
  });

  test("bytes with a scale are the numbers that batches have", async () => {
    const pictures = data.images(Uint8Array.of(0, 255, 51, 102), [2, 1, 2, 1]);
    const { mean } = await data.statistics({ x: pictures });
    expect(mean[0]).toBeCloseTo(0.4, 6);
  });
});

describe("statistics refuse", () => {
  const nan = [[1], [Number.NaN]];
  test.each([
    [
      nan,
      {},
      ArgumentError,
      "statistics: every number must be finite; got NaN of feature 0, after 1 of each. Leave such examples out, or put a number in its place.",
    ],
    [[], {}, ArgumentError, "statistics: there must be one example at least; got none."],
    [
      function* () {},
      {},
      ArgumentError,
      "statistics: there must be one example at least; got none.",
    ],
    [
      { y: ROWS },
      {},
      ArgumentError,
      'statistics: there must be a column "x"; got { y }. Name another by { column }.',
    ],
    [
      ROWS,
      { axis: 2 },
      ShapeError,
      "statistics: the axis must be a dimension of the data; got axis 2 of [4, 3].",
    ],
    [
      [{ x: [[1, 2]] }, { x: [[1]] }],
      {},
      ShapeError,
      "statistics: all batches must have the same features; got 1 in [1, 1] after 2. Choose the dimension of the features by { axis }.",
    ],
    [
      ROWS,
      { axis: 0.5 },
      ArgumentError,
      "statistics: axis must be a whole number; got 0.5. Give another axis.",
    ],
  ])("%#", async (source, options, error, message) => {
    const refused = data.statistics(source as never, options);
    await expect(refused).rejects.toThrow(error);
    await expect(refused).rejects.toThrow(message);
  });
});
