/** Sums of any length keep their digits: within 1e-6 of what they are, on every device and whatever adds them up. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openCpuDevice } from "../../src/devices/cpu/index.ts";
import {
  add,
  avgPool2d,
  crossEntropyLoss,
  div,
  logSoftmax,
  matmul,
  mean,
  softmax,
  sum,
  sumOfSquares,
  type Tensor,
  tensor,
  valueAndGrad,
  variable,
} from "../../src/functions.ts";
import { use } from "../training/open.ts";
import { everyDevice, type OpenedDevice } from "./open.ts";

const BOUND = 1e-6;

/** The worst for a sum is what is rounded the same way each time: equal numbers. */
const kinds: Readonly<Record<string, (i: number) => number>> = {
  "equal numbers": () => 0.1,
  "numbers in [0, 1)": (i) => ((Math.imul(i, 2654435761) + 12345) >>> 0) / 2 ** 32,
};

function drawn(kind: (i: number) => number, length: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length }, (_, i) => kind(i));
}

function exactSum(x: Float32Array): number {
  let total = 0;
  for (const value of x) total += value;
  return total;
}

function exactColumns(x: Float32Array, columns: number): Float64Array {
  const sums = new Float64Array(columns);
  x.forEach((value, i) => {
    sums[i % columns] = (sums[i % columns] ?? 0) + value;
  });
  return sums;
}

async function worst(x: Tensor, exact: ArrayLike<number>): Promise<number> {
  const data = await x.data();
  expect(data.length).toBe(exact.length);
  return Math.max(...Array.from(data, (v, i) => Math.abs(v / (exact[i] ?? 0) - 1)));
}

describe.each(everyDevice)("%s", (_, open) => {
  let opened: OpenedDevice;
  beforeAll(async () => {
    opened = await open();
    use(opened.device);
  });
  afterAll(() => opened.close());

  test.each(Object.entries(kinds))("sums, means and squares of %s", async (_, kind) => {
    for (const n of [4096, 30_011, 2 ** 18 + 7]) {
      const x = drawn(kind, n);
      const total = exactSum(x);
      expect(await worst(sum(tensor(x)), [total]), `sum of ${n}`).toBeLessThan(BOUND);
      expect(await worst(mean(tensor(x)), [total / n]), `mean of ${n}`).toBeLessThan(BOUND);
      const squares = exactSum(x.map((v) => Math.fround(v * v)));
      expect(await worst(sumOfSquares([tensor(x)]), [squares]), `${n} squares`).toBeLessThan(BOUND);
    }
  });

  test.each(Object.entries(kinds))("sums of columns and rows of %s", async (_, kind) => {
    for (const [rows, columns] of [
      [60_000, 1],
      [60_000, 2],
      [40_001, 7],
      [8192, 33],
    ] as const) {
      const x = drawn(kind, rows * columns);
      const name = `[${rows}, ${columns}]`;
      const sums = exactColumns(x, columns);
      const found = sum(tensor(x, [rows, columns]), { axis: 0 });
      expect(await worst(found, sums), `columns of ${name}`).toBeLessThan(BOUND);
      if (rows % 2 > 0) continue;
      // The same, reduced along two dimensions.
      const halves = sum(tensor(x, [2, rows / 2, columns]), { axis: [0, 1] });
      expect(await worst(halves, sums), `both halves of ${name}`).toBeLessThan(BOUND);
    }
    const wide = drawn(kind, 3 * 50_000);
    const exact = [0, 1, 2].map((r) => exactSum(wide.subarray(r * 50_000, (r + 1) * 50_000)));
    expect(await worst(sum(tensor(wide, [3, 50_000]), { axis: 1 }), exact)).toBeLessThan(BOUND);
  });

  test("the gradient of a bias, beside that of the weights which it may ride along with", async () => {
    const rows = 20_000;
    const x = tensor(
      drawn(() => 0.5, rows * 8),
      [rows, 8],
    );
    const g = drawn(() => 0.1, rows * 16);
    const w = variable(new Float32Array(8 * 16), [8, 16]);
    const b = variable(new Float32Array(16), [16]);
    const [, gradients] = valueAndGrad([w, b], () =>
      sum(
        div(
          add(matmul(x, w), b),
          tensor(
            g.map((v) => 1 / v),
            [rows, 16],
          ),
        ),
      ),
    );
    const exact = new Float64Array(16).fill(exactColumns(g, 16)[0] ?? 0);
    expect(await worst(gradients.get(b) ?? b, exact)).toBeLessThan(BOUND);
  });

  test("softmax and cross-entropy over 30,000 classes", async () => {
    const classes = 30_000;
    const x = new Float32Array(classes).fill(0.3);
    x[7] = 1.3;
    const total = classes - 1 + Math.E;
    const exact = Array.from({ length: classes }, (_, c) => (c === 7 ? Math.E : 1) / total);
    const row = tensor(x, [1, classes]);
    expect(await worst(softmax(row), exact)).toBeLessThan(BOUND);
    expect(await worst(logSoftmax(row), exact.map(Math.log))).toBeLessThan(BOUND);
    const loss = crossEntropyLoss(row, tensor([7], [1], "i32"));
    expect(await worst(loss, [Math.log(total) - 1])).toBeLessThan(BOUND);
    const logits = variable(x, [1, classes]);
    const [, gradients] = valueAndGrad([logits], () =>
      sum(crossEntropyLoss(logits, tensor([7], [1], "i32"))),
    );
    const slopes = exact.map((p, c) => p - (c === 7 ? 1 : 0));
    expect(await worst(gradients.get(logits) ?? logits, slopes)).toBeLessThan(BOUND);
  });

  test("averages over whole images", async () => {
    const x = drawn(() => 0.1, 150 * 150 * 5);
    const pooled = avgPool2d(tensor(x, [1, 150, 150, 5]), 150);
    const exact = new Float64Array(5).fill(Math.fround(0.1));
    expect(await worst(pooled, exact)).toBeLessThan(BOUND);
  });
});

test("32 million equal numbers, the same bits by one thread and by three", async () => {
  const x = new Float32Array(2 ** 25).fill(0.1);
  const columns = 3;
  const found: number[][] = [];
  for (const threads of [1, 3]) {
    const device = await openCpuDevice({ threads, parallelBytes: 0 });
    use(device);
    const all = tensor(x);
    const rows = tensor(x.subarray(0, 3 * 10_000_001), [10_000_001, columns]);
    const results = [await sum(all).data(), await sum(rows, { axis: 0 }).data()];
    found.push(results.flatMap((data) => Array.from(data)));
    await device.close();
  }
  const [one = [], three = []] = found;
  expect(one).toEqual(three);
  const value = Math.fround(0.1);
  const exact = [value * 2 ** 25, ...new Array<number>(columns).fill(value * 10_000_001)];
  one.forEach((v, i) => {
    expect(Math.abs(v / (exact[i] ?? 0) - 1)).toBeLessThan(BOUND);
  });
});
