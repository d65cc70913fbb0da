import { describe, expect, test } from "vitest";
import { padSequences } from "../../../src/data/index.ts";
import { ShapeError } from "../../../src/errors.ts";
import { arange, cast, reshape, tensor, zeros } from "../../../src/functions.ts";
import * as nn from "../../../src/nn/index.ts";
import { evaluateTensor, evaluateTensors } from "../../support/evaluate-tensor.ts";

describe("nn.lastStep", () => {
  const x = reshape(cast(arange(12), "f32"), [2, 3, 2]);

  test("takes the last step of [T, B, F], or of [B, T, F] with batchFirst", () => {
    expect(evaluateTensor(nn.lastStep()(x))).toEqual([6, 7, 8, 9, 10, 11]);
    const batchFirst = nn.lastStep({ batchFirst: true })(x);
    expect(batchFirst.shape).toEqual([2, 2]);
    expect(evaluateTensor(batchFirst)).toEqual([4, 5, 10, 11]);
  });

  test("behind a recurrent layer is that layer's final state", () => {
    const gru = nn.gru(2, 4, { batchFirst: true, seed: 1 });
    const { y, state } = gru.run(x);
    const [last, final] = evaluateTensors([nn.lastStep({ batchFirst: true })(y), ...state]);
    expect(last).toEqual(final);
  });

  test("refuses what is no sequence, and one without a step", () => {
    expect(() => nn.lastStep()(zeros([3, 2]))).toThrow(ShapeError);
    expect(() => nn.lastStep({ batchFirst: true })(zeros([3, 0, 2]))).toThrow(
      "lastStep: the input must be a sequence [B, T, F] of at least one step; got f32[3, 0, 2].",
    );
  });
});

describe("nn.lengthsOf", () => {
  test.each([false, true])("counts what padSequences did not pad, batchFirst %s", (batchFirst) => {
    const { values, lengths } = padSequences([[0, 5], [], [1, 0, 2]], { batchFirst, steps: 4 });
    const counted = nn.lengthsOf(tensor(values.data, values.shape), { batchFirst });
    expect(counted.type).toEqual({ dtype: "i32", shape: [3] });
    expect(evaluateTensor(counted)).toEqual([...lengths.data]);
  });
});
