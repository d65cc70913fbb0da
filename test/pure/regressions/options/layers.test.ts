/** Options of layers and of what draws, that are none or out of range. */
import { beforeAll, describe, expect, test } from "vitest";
import {
  ArgumentError,
  avgPool2d,
  categorical,
  conv2d,
  dropout,
  GradgpuError,
  keyOf,
  maxPool2d,
  nn,
  normal,
  optim,
  tensor,
  uniform,
  zeros,
} from "../../../../src/index.ts";
import { openCounting } from "../../runtime/open.ts";
import { loose, noNumbers, rate } from "./loose.ts";

beforeAll(() => {
  openCounting();
});

const { adam } = optim;

describe("seeds", () => {
  test("that are no finite numbers are refused wherever they come in", () => {
    for (const seed of [...noNumbers, Number.POSITIVE_INFINITY]) {
      const calls = [
        () => loose(uniform)([2], seed),
        () => loose(normal)([2], seed),
        () => loose(keyOf)(seed),
        () => loose(categorical)(tensor([1, 2]), { seed }),
        () => loose(nn.linear)(1, 1, { seed }),
        () => loose(nn.conv2d)(1, 1, 3, { seed }),
        () => loose(nn.lstm)(1, 1, { seed }),
        () => loose(nn.gru)(1, 1, { seed }),
        () => loose(nn.rnn)(1, 1, { seed }),
        () => loose(nn.embedding)(1, 1, { seed }),
      ];
      for (const call of calls) expect(call).toThrow(ArgumentError);
    }
  });

  test("are finite numbers of any kind", async () => {
    for (const seed of [0, -1, 0.5, 2 ** 60])
      expect((await uniform([2], seed).data()).length).toBe(2);
  });
});

describe("layers", () => {
  test("sizes are whole numbers of 1 or more", () => {
    for (const n of [
      0,
      -1,
      1.5,
      "3",
      null,
      undefined,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      2 ** 60,
    ]) {
      for (const layer of [nn.linear, nn.lstm, nn.gru, nn.rnn, nn.embedding]) {
        expect(() => loose(layer)(n, 2)).toThrow(GradgpuError);
        expect(() => loose(layer)(2, n)).toThrow(GradgpuError);
      }
      expect(() => loose(nn.conv2d)(n, 2, 3)).toThrow(GradgpuError);
      expect(() => loose(nn.conv2d)(2, n, 3)).toThrow(GradgpuError);
      expect(() => loose(nn.conv2d)(2, 2, n)).toThrow(GradgpuError);
    }
  });

  const strides = [
    0,
    -1,
    1.5,
    "2",
    null,
    Number.NaN,
    [1],
    [1, 0],
    [1, 2, 3],
    ["1", "1"],
    {},
    2 ** 21,
  ];
  const paddings = [
    -1,
    0.5,
    "full",
    "SAME",
    null,
    Number.NaN,
    [1],
    [-1, 0],
    [[1], [1]],
    [
      [0, -1],
      [0, 0],
    ],
    {},
    2 ** 21,
  ];
  test.each([
    ["conv2d", (options: unknown) => loose(nn.conv2d)(1, 1, 3, options)],
    ["maxPool2d", (options: unknown) => loose(nn.maxPool2d)(2, options)],
    ["avgPool2d", (options: unknown) => loose(nn.avgPool2d)(2, options)],
    [
      "conv2d",
      (options: unknown) => loose(conv2d)(zeros([1, 4, 4, 1]), zeros([3, 3, 1, 1]), options),
    ],
    ["maxPool2d", (options: unknown) => loose(maxPool2d)(zeros([1, 4, 4, 1]), 2, options)],
    ["avgPool2d", (options: unknown) => loose(avgPool2d)(zeros([1, 4, 4, 1]), 2, options)],
  ])("stride and padding of %s are checked at the call", (name, make) => {
    for (const stride of strides) {
      expect(() => make({ stride })).toThrow(ArgumentError);
      expect(() => make({ stride })).toThrow(new RegExp(`^${name}: stride must be`));
    }
    for (const padding of paddings) {
      expect(() => make({ padding })).toThrow(ArgumentError);
      expect(() => make({ padding })).toThrow(new RegExp(`^${name}: padding must be`));
    }
    for (const stride of [1, [2, 1]]) make({ stride, padding: [[0, 1], 1] });
    for (const padding of [
      "same",
      "valid",
      1,
      [1, 0],
      [
        [1, 0],
        [0, 1],
      ],
    ])
      make({ padding });
  });

  test("groups, dropout and flags", () => {
    for (const groups of [0, -1, 3, 1.5, "1"])
      expect(() => loose(nn.conv2d)(4, 4, 3, { groups })).toThrow(ArgumentError);
    for (const p of [1, -0.1, Number.NaN, "0.5", null]) {
      expect(() => loose(nn.dropout)(p)).toThrow(ArgumentError);
      expect(() => loose(dropout)(tensor([1]), p)).toThrow(ArgumentError);
      expect(() => loose(nn.lstm)(1, 1, { dropout: p })).toThrow(ArgumentError);
    }
    expect(() => loose(nn.linear)(1, 1, { bias: 0 })).toThrow(/bias must be true or false/);
    expect(() => loose(nn.rnn)(1, 1, { activation: "gelu" })).toThrow(/"tanh" or "relu"/);
    expect(() => loose(nn.linear)(1, 1, { initialise: "zeros" })).toThrow(/must be a function/);
  });

  test("a module's own methods check what they are given", () => {
    const model = nn.sequential(nn.linear(2, 2), nn.dropout());
    for (const given of ["no", 0, null, {}])
      expect(() => loose(model.train)(given)).toThrow(ArgumentError);
    expect(model.mode.isTraining).toBe(true);
    for (const given of [0, -1, "2", null, undefined])
      expect(() => loose(model.stateShapes)(given)).toThrow(ArgumentError);
    for (const given of ["2", 2, null, undefined, [-1, 2], [1.5]])
      expect(() => loose(model.summary)(given)).toThrow(GradgpuError);
    for (const given of [[1, 2], undefined, null, 5, "x"]) {
      expect(() => loose(model)(given)).toThrow(ArgumentError);
      expect(() => loose(model.step)(given)).toThrow(ArgumentError);
      expect(() => loose(nn.sequential)(given)).toThrow(ArgumentError);
    }
    expect(() => loose(model.step)(zeros([1, 2]), [zeros([1])])).toThrow(ArgumentError);
  });

  test.each([undefined, null, {}, "cpu", 5])("%o is no runtime to move to", async (to) => {
    const model = nn.linear(1, 1);
    await expect(loose(model.moveTo)(to)).rejects.toThrow(ArgumentError);
  });

  test("a session refuses what is no sequence", async () => {
    const session = nn.stateful(nn.lstm(2, 3), { batchSize: 2 });
    for (const given of [
      undefined,
      null,
      [[1, 2]],
      5,
      zeros([]),
      zeros([1, 3, 2]),
      zeros([0, 2, 2]),
      zeros([1, 2, 9]),
    ])
      await expect(loose((x: never) => session.step(x))(given)).rejects.toThrow(GradgpuError);
    expect((await session.step(zeros([1, 2, 2]))).shape).toEqual([1, 2, 3]);
    for (const batchSize of [0, -1, 1.5, "2", null])
      expect(() => loose(nn.stateful)(nn.lstm(2, 3), { batchSize })).toThrow(ArgumentError);
    for (const model of [undefined, null, {}, () => 1, adam(rate)])
      expect(() => loose(nn.stateful)(model)).toThrow(ArgumentError);
  });
});
