import { beforeEach, describe, expect, test } from "vitest";
import { ArgumentError } from "../../../src/errors.ts";
import { broadcastTo, categorical, compile, tensor } from "../../../src/functions.ts";
import { evaluateTensor } from "../../support/evaluate-tensor.ts";
import { openCounting } from "../runtime/open.ts";

const ROWS = 10_000;
const logits = [0, 1, 2, -40];

function shares(temperature?: number): number[] {
  const rows = broadcastTo(tensor(logits), [ROWS, logits.length]);
  const options = temperature === undefined ? {} : { temperature };
  const drawn = evaluateTensor(categorical(rows, { seed: 7, ...options }));
  return logits.map((_, c) => drawn.filter((one) => one === c).length / ROWS);
}

function probabilities(temperature: number): number[] {
  const weights = logits.map((logit) => Math.exp(logit / temperature));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

describe("categorical", () => {
  beforeEach(() => {
    openCounting({ seed: 1 });
  });

  test.each([1, 0.5, 3])("draws with the probabilities of a softmax at temperature %d", (t) => {
    const counted = t === 1 ? shares() : shares(t);
    probabilities(t).forEach((p, c) => {
      // Four standard deviations of a share of so many draws.
      const bound = 4 * Math.sqrt((p * (1 - p)) / ROWS);
      expect(Math.abs((counted[c] ?? 0) - p)).toBeLessThanOrEqual(bound);
    });
  });

  test("gives one i32 for each row, and the only class where there is one", () => {
    const drawn = categorical(tensor([[[1], [2]]]), { seed: 1 });
    expect(drawn.type).toEqual({ dtype: "i32", shape: [1, 2] });
    expect(evaluateTensor(drawn)).toEqual([0, 0]);
  });

  test("draws anew at every run of a compiled step, one plan for all temperatures", async () => {
    const step = compile((temperature) =>
      categorical(broadcastTo(tensor(logits), [50, logits.length]), { temperature }),
    );
    const first = [...(await (await step(1)).data())];
    const second = [...(await (await step(1)).data())];
    expect(second).not.toEqual(first);
    const cold = [...(await (await step(0.01)).data())];
    expect(cold).toEqual(new Array(50).fill(2));
    expect(step.plans).toHaveLength(1);
  });

  test("refuses a temperature that is not above 0", () => {
    expect(() => categorical(tensor(logits), { temperature: 0 })).toThrow(ArgumentError);
    expect(() => categorical(tensor(logits), { temperature: -1 })).toThrow(
      "categorical: the temperature must be above 0; got -1. For the likeliest class take argmax(logits).",
    );
  });
});
