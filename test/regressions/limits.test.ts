/** Counts past what f32 holds, sizes of 0 and large batches: small programs that larger ones take for granted. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  add,
  arange,
  cast,
  concat,
  matmul,
  max,
  mul,
  relu,
  slice,
  softmax,
  sub,
  sum,
  tensor,
  transpose,
  valueAndGrad,
  variable,
  zeros,
} from "../../src/functions.ts";
import { losses, nn } from "../../src/index.ts";
import { use } from "../training/open.ts";
import { everyDevice, type OpenedDevice } from "./open.ts";

// The reference counts one by one, and would take a minute.
describe.each(everyDevice.slice(1))("%s", (_, open) => {
  let opened: OpenedDevice;
  beforeAll(async () => {
    opened = await open();
    use(opened.device);
  });
  afterAll(() => opened.close());

  test("i32 counts past 2^24, where f32 does not", async () => {
    const n = 2 ** 24 + 3;
    const last = slice(arange(n, "i32"), [n - 4], [4]);
    expect(Array.from(await last.data())).toEqual([n - 4, n - 3, n - 2, n - 1]);
    expect(await max(arange(n, "i32")).item()).toBe(n - 1);
  });

  test("sizes of 0 give nothing, and sums of nothing are 0", async () => {
    const none = zeros([0, 3]);
    const w = variable(new Float32Array(6).fill(1), [3, 2]);
    expect(await relu(matmul(none, w)).data()).toEqual(new Float32Array(0));
    expect(await softmax(none).data()).toEqual(new Float32Array(0));
    expect(await transpose(none, [1, 0]).data()).toEqual(new Float32Array(0));
    expect(Array.from(await sum(none, { axis: 0 }).data())).toEqual([0, 0, 0]);
    expect(Array.from(await matmul(zeros([2, 0]), zeros([0, 2])).data())).toEqual([0, 0, 0, 0]);
    expect(Array.from(await concat([none, zeros([1, 3])], 0).data())).toEqual([0, 0, 0]);
    const [loss, gradients] = valueAndGrad([w], () => sum(matmul(none, w)));
    expect(await loss.item()).toBe(0);
    expect(Array.from((await gradients.get(w)?.data()) ?? [])).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test("a batch of 70,000, more than a dimension of a grid", async () => {
    const rows = 70_000;
    const x = Float32Array.from({ length: rows * 2 }, (_, i) => (i % 5) - 2);
    const labels = Int32Array.from({ length: rows }, (_, i) => i % 3);
    const model = nn.linear(2, 3);
    const y = model(tensor(x, [rows, 2]));
    const loss = losses.crossEntropy(y, tensor(labels, [rows]), { reduction: "none" });
    const data = await loss.data();
    const [weight = data, bias = data] = await Promise.all(model.parameters().map((p) => p.data()));
    const all = await sum(cast(sub(add(mul(tensor(labels), 2), 1), 1), "f32")).item();
    const at = (list: ArrayLike<number>, i: number) => list[i] ?? Number.NaN;
    const product = (row: number, c: number) =>
      at(x, 2 * row) * at(weight, c) + at(x, 2 * row + 1) * at(weight, 3 + c);
    for (const row of [0, 65_535, 65_536, rows - 1]) {
      const scores = [0, 1, 2].map((c) => at(bias, c) + product(row, c));
      const total = scores.reduce((s, v) => s + Math.exp(v), 0);
      expect(at(data, row)).toBeCloseTo(Math.log(total) - at(scores, row % 3), 4);
    }
    expect(all).toBe(2 * labels.reduce((s, v) => s + v, 0));
  });
});
