import { describe, expect, it } from "vitest";
import { ShapeError } from "../../../src/errors.ts";
import { matmul, mul, ones, reshape, scan, type Tensor } from "../../../src/functions.ts";
import * as nn from "../../../src/nn/index.ts";

describe("summary", () => {
  const cnn = nn.sequential(
    nn.conv2d(1, 16, 3, { padding: "same" }),
    nn.relu(),
    nn.maxPool2d(2),
    nn.flatten(),
    nn.dropout(0.25),
    nn.linear(16 * 14 * 14, 10),
  );

  it("shows layers, output shapes, parameters, bytes and FLOPs", () => {
    expect(cnn.summary([32, 28, 28, 1])).toBe(
      [
        "layer  kind                  output            parameters    bytes      FLOPs",
        "0      conv2d(1, 16, 3 × 3)  [32, 28, 28, 16]         160      640  7,225,344",
        "1      relu                  [32, 28, 28, 16]           0        0          0",
        "2      maxPool2d(2 × 2)      [32, 14, 14, 16]           0        0          0",
        "3      flatten               [32, 3136]                 0        0          0",
        "4      dropout(0.25)         [32, 3136]                 0        0          0",
        "5      linear(3136, 10)      [32, 10]              31,370  125,480  2,007,040",
        "       sequential, in all                          31,530  126,120  9,232,384",
      ].join("\n"),
    );
  });

  it("gives a model that starts with an embedding whole numbers", () => {
    const model = nn.sequential({
      text: nn.sequential(nn.embedding(20, 12), nn.lstm(12, 16, { layers: 2 })),
      head: nn.linear(16, 20),
    });
    const steps = 35 * 8 * 2;
    const lstm = steps * 4 * 16 * (12 + 16 + 16 + 16);
    const numbers = (...of: number[]) => of.map((n) => n.toLocaleString("en-US"));
    expect(
      model
        .summary([35, 8])
        .split("\n")
        .slice(1)
        .map((line) => line.trim().split(/ {2,}/)),
    ).toEqual([
      ["text.0", "embedding(20, 12)", "[35, 8, 12]", ...numbers(240, 960, 0)],
      ["text.1", "lstm(12, 16, 2 layers)", "[35, 8, 16]", ...numbers(3968, 15872, lstm)],
      ["head", "linear(16, 20)", "[35, 8, 20]", ...numbers(340, 1360, steps * 16 * 20)],
      ["sequential, in all", ...numbers(4548, 18192, lstm + steps * 16 * 20)],
    ]);
  });

  it("has columns for what is frozen, and for buffers, where there are such", () => {
    const model = nn.sequential(nn.linear(4, 8), nn.batchNorm1d(8), nn.linear(8, 2));
    model.freeze("0.*");
    expect(model.summary([3, 4])).toBe(
      [
        "layer  kind                output  parameters  frozen  buffers  bytes  FLOPs",
        "0      linear(4, 8)        [3, 8]          40      40        0    160    192",
        "1      batchNorm1d(8)      [3, 8]          16       0       17    132      0",
        "2      linear(8, 2)        [3, 2]          18       0        0     72     96",
        "       sequential, in all                  74      40       17    364    288",
      ].join("\n"),
    );
  });

  it("leaves the mode of every layer as it is", () => {
    const dropout = nn.dropout(0.5);
    const model = nn.sequential(nn.relu(), nn.sequential(dropout));
    dropout.eval();
    model.summary([1, 2]);
    expect(model.mode.isTraining).toBe(true);
    expect(dropout.mode.isTraining).toBe(false);
  });

  it("throws the error of the layer that the input does not fit, and restores the mode", () => {
    expect(() => cnn.summary([32, 14, 14, 1])).toThrow(ShapeError);
    expect(cnn.mode.isTraining).toBe(true);
  });

  it("says which child was not used", () => {
    const idle = nn.module("idle", { children: { spare: nn.linear(2, 2) }, forward: (x) => x });
    expect(idle.summary([1, 2])).toContain("spare  linear(2, 2)  not used");
  });

  it("shows a recurrent layer that is walked by run()", () => {
    const gru = nn.gru(3, 4, { bidirectional: true });
    const forward = (x: Tensor) => gru.run(x, { lengths: [1, 5] }).y;
    const tagger = nn.module("tagger", { children: { gru }, forward });
    expect(tagger.summary([5, 2, 3])).toContain("gru    gru(3, 4, both directions)  [5, 2, 8]");
  });

  it("works on a single layer", () => {
    expect(nn.relu().summary([3])).toContain("relu");
  });
});

describe("FLOPs of a summary", () => {
  /** Of all layers together: the last number. */
  const flopsOf = (model: nn.AnyModule, shape: readonly number[]) =>
    Number(
      model
        .summary(shape as never)
        .split(" ")
        .at(-1)
        ?.replaceAll(",", ""),
    );

  it.each<[title: string, model: nn.AnyModule, shape: number[], flops: number]>([
    ["linear, of every row", nn.linear(5, 7), [3, 2, 5], 2 * 6 * 5 * 7],
    // Padding counts as zeros: 4 × 4 results of 3 × 3 windows.
    ["conv2d, same", nn.conv2d(2, 6, 3, { padding: "same" }), [1, 4, 4, 2], 2 * 16 * 6 * 9 * 2],
    // ⌊(7 + 2 − 3) / 2⌋ + 1 = 4 rows, and as many columns.
    [
      "conv2d, stride 2",
      nn.conv2d(2, 6, 3, { stride: 2, padding: 1 }),
      [2, 7, 7, 2],
      2 * 2 * 16 * 6 * 9 * 2,
    ],
    ["conv2d in groups", nn.conv2d(4, 6, 3, { groups: 2 }), [1, 5, 5, 4], 2 * 9 * 6 * 9 * 2],
    // Every input number meets the whole window of every output channel.
    [
      "conv2dTranspose",
      nn.conv2dTranspose(3, 5, 2, { stride: 2 }),
      [1, 4, 4, 3],
      2 * 16 * 3 * 4 * 5,
    ],
    ["rnn", nn.rnn(3, 4), [5, 2, 3], 2 * 5 * 2 * (3 * 4 + 4 * 4)],
    ["lstm", nn.lstm(3, 4), [5, 2, 3], 2 * 5 * 2 * 4 * (3 * 4 + 4 * 4)],
    [
      "gru, both ways",
      nn.gru(3, 4, { bidirectional: true }),
      [5, 2, 3],
      2 * 2 * 5 * 2 * 3 * (3 * 4 + 4 * 4),
    ],
    // Three projections and one behind; scores and their sums of values for all pairs of steps.
    [
      "multiHeadAttention",
      nn.multiHeadAttention(8, 2),
      [5, 3, 8],
      2 * 15 * 4 * 8 * 8 + 2 * 2 * 3 * 5 * 5 * 8,
    ],
    ["an activation", nn.gelu(), [4, 4], 0],
  ])("%s", (_, model, shape, flops) => {
    expect(flopsOf(model, shape)).toBe(flops);
  });

  it("stand where the product is: of a loop all steps, of a module what its children do not do", () => {
    const child = nn.linear(3, 3, { bias: false });
    const own = nn.module("own", {
      children: { child },
      forward: (x) => {
        const { carry } = scan(
          ({ h }, { at }) => ({ carry: { h: matmul(mul(h, 1), child(at)) }, y: {} }),
          { h: ones([3, 3]) },
          { at: reshape(x, [4, 3, 3]) },
        );
        return child(carry.h);
      },
    });
    const rows = own.summary([4, 3, 3]).split("\n");
    const flops = rows.map((row) => Number(row.split(" ").at(-1)));
    // Four steps of two products, which the loop is; and the child's by itself.
    expect(flops.slice(1)).toEqual([4 * 2 * 54, 54, 4 * 2 * 54 + 54]);
  });
});
