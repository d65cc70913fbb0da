import { describe, expect, it } from "vitest";
import { ShapeError } from "../../../src/errors.ts";
import { slice, tensor, transpose, zeros } from "../../../src/functions.ts";
import * as nn from "../../../src/nn/index.ts";
import { relativeError } from "../../support/case-data.ts";
import { evaluateTensor } from "../../support/evaluate-tensor.ts";

const wave = (length: number) => Float32Array.from({ length }, (_, i) => Math.sin(i * i + 1));

describe("nn.lstm", () => {
  it("gives the hidden state of every step, and h and c of every layer", () => {
    const model = nn.lstm(3, 4, { layers: 2 });
    const { y, state } = model.step(zeros([5, 2, 3]), undefined);
    expect(y.shape).toEqual([5, 2, 4]);
    expect(state.map(({ shape }) => shape)).toEqual(model.stateShapes(2));
    expect(model.stateShapes(2)).toEqual([
      [2, 4],
      [2, 4],
      [2, 4],
      [2, 4],
    ]);
  });

  it("in two windows that carry the state computes what it does in one", () => {
    const model = nn.sequential(nn.lstm(3, 4, { layers: 2, seed: 1 }), nn.linear(4, 2));
    const x = tensor(wave(6 * 2 * 3), [6, 2, 3]);
    const first = model.step(slice(x, [0, 0, 0], [4, 2, 3]), undefined);
    const second = model.step(slice(x, [4, 0, 0], [2, 2, 3]), first.state);
    const windows = [...evaluateTensor(first.y), ...evaluateTensor(second.y)];
    const whole = evaluateTensor(model(x));
    expect(relativeError(windows, whole)).toBeLessThan(1e-14);
  });

  it("with batchFirst reads and gives [B, T, F]", () => {
    const layer = nn.lstm(3, 4, { seed: 1 });
    const turned = nn.lstm(3, 4, { seed: 1, batchFirst: true });
    const x = tensor(wave(5 * 2 * 3), [5, 2, 3]);
    const y = turned(transpose(x, [1, 0, 2]));
    expect(y.shape).toEqual([2, 5, 4]);
    expect(evaluateTensor(transpose(y, [1, 0, 2]))).toEqual(evaluateTensor(layer(x)));
  });

  it("refuses what is no sequence of its features", () => {
    expect(() => nn.lstm(3, 4)(zeros([5, 3]))).toThrow(ShapeError);
    expect(() => nn.lstm(3, 4)(zeros([5, 2, 7]))).toThrow(
      "lstm: the input must be a sequence [T, B, 3]; got f32[5, 2, 7] for lstm(3, 4).",
    );
  });
});
