/** The recurrent layers by the float64 reference against PyTorch's: values, states and all gradients. */
import { describe, expect, it } from "vitest";
import { evaluateTensors } from "../../support/evaluate-tensor.ts";
import { differences, goldenCases, rebuild, titleOf } from "../../support/recurrent-goldens.ts";

/**
 * Both sides start from the same numbers and round differently: 20 gates one after the other (two layers of 5 steps,
 * there and back), a sum of at most 18 products in each (both directions), to √18 ε, ε = 1.1·10⁻¹⁶: together
 * 9·10⁻¹⁵. The file's 15 digits add up to 5·10⁻¹⁵.
 */
const TOLERANCE = 1.4e-14;

describe("the float64 reference has PyTorch's values, states and gradients", () => {
  it.each(goldenCases.map((golden) => [titleOf(golden), golden] as const))("%s", (_, golden) => {
    const rebuilt = rebuild(golden);
    const results = evaluateTensors(rebuilt.compute(...rebuilt.inputs));
    const found = differences(golden, rebuilt, results);
    expect(found.filter(({ error }) => !(error <= TOLERANCE))).toEqual([]);
  });

  it.each(
    goldenCases
      .filter(({ kind, layers }) => layers === 2 && kind !== "lstm with projection")
      .map((golden) => [titleOf(golden), golden] as const),
  )("with two biases that are trained apart: %s", (_, golden) => {
    const rebuilt = rebuild(golden, true);
    const results = evaluateTensors(rebuilt.compute(...rebuilt.inputs));
    const found = differences(golden, rebuilt, results);
    expect(found.filter(({ error }) => !(error <= TOLERANCE))).toEqual([]);
  });
});
