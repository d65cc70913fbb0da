import { describe, expect, it } from "vitest";
import { ShapeError } from "../../../src/errors.ts";
import type { Tensor } from "../../../src/functions.ts";
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

  it("shows layers, output shapes and parameters", () => {
    expect(cnn.summary([32, 28, 28, 1])).toBe(
      [
        "layer  kind                  output            parameters",
        "0      conv2d(1, 16, 3 × 3)  [32, 28, 28, 16]         160",
        "1      relu                  [32, 28, 28, 16]           0",
        "2      maxPool2d(2 × 2)      [32, 14, 14, 16]           0",
        "3      flatten               [32, 3136]                 0",
        "4      dropout(0.25)         [32, 3136]                 0",
        "5      linear(3136, 10)      [32, 10]              31,370",
        "       sequential, in all                          31,530",
      ].join("\n"),
    );
  });

  it("gives a model that starts with an embedding whole numbers", () => {
    const model = nn.sequential({
      text: nn.sequential(nn.embedding(20, 12), nn.lstm(12, 16, { layers: 2 })),
      head: nn.linear(16, 20),
    });
    expect(model.summary([35, 8]).split("\n").slice(1)).toEqual([
      "text.0  embedding(20, 12)       [35, 8, 12]         240",
      "text.1  lstm(12, 16, 2 layers)  [35, 8, 16]       3,968",
      "head    linear(16, 20)          [35, 8, 20]         340",
      "        sequential, in all                        4,548",
    ]);
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
