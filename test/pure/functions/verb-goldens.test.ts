/** Verbs that are compositions, in float64, against PyTorch: values and the gradients of all inputs. */
import { beforeAll, describe, expect, test } from "vitest";
import { verbFamilies } from "../../cases/verbs/index.ts";
import { relativeError } from "../../support/case-data.ts";
import { evaluateTensors } from "../../support/evaluate-tensor.ts";
import { runVerb, verbGoldens } from "../../support/verb-goldens.ts";
import { openCounting } from "../runtime/open.ts";

beforeAll(() => {
  openCounting({ seed: 1 });
});

/** Goldens are written with ten digits; series end at 10⁻¹². */
const TOLERANCE = 1e-9;

/** The weights of a resize are given in f32. */
const ROUNDED: Readonly<Record<string, number>> = {
  "upsample2d by fractions, corners aligned": 1e-7,
  "resize to fewer, bilinear": 1e-7,
  "resize, bilinear": 1e-7,
  "resize, corners aligned": 1e-7,
};

const all = Object.assign({}, ...Object.values(verbFamilies));

test("every golden has its verb, and every verb its golden", () => {
  expect(Object.keys(all).sort()).toEqual(Object.keys(verbGoldens).sort());
});

describe.each(Object.entries(verbFamilies))("%s", (_, verbs) => {
  test.each(Object.entries(verbs))("%s", (name, verb) => {
    const golden = verbGoldens[name];
    if (golden === undefined) throw new Error(`no goldens of ${name}`);
    const allowed = ROUNDED[name] ?? TOLERANCE;
    const { outputs, gradients } = runVerb(verb, golden);
    expect(outputs.map(({ shape }) => shape)).toEqual(golden.outputs.map(({ shape }) => shape));
    const found = evaluateTensors([...outputs, ...gradients]);
    golden.outputs.forEach(({ data }, i) => {
      expect(relativeError(found[i] ?? [], data.map(Number)), `result ${i}`).toBeLessThanOrEqual(
        allowed,
      );
    });
    golden.gradients.forEach((data, i) => {
      const own = found[outputs.length + i] ?? [];
      const expected = (data ?? own.map(() => 0)).map(Number);
      expect(relativeError(own, expected), `gradient ${i}`).toBeLessThanOrEqual(allowed);
    });
  });
});
