/** Norms in training and in evaluation, their gradients and running statistics, against PyTorch's in float64. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  compile,
  mul,
  sum,
  type Tensor,
  tensor,
  valueAndGrad,
  variable,
} from "../../src/functions.ts";
import { nn } from "../../src/index.ts";
import { sizeOf } from "../../src/tensor/shape.ts";
import { everyDevice, type OpenedDevice } from "../regressions/open.ts";
import { relativeError } from "../support/case-data.ts";
import { type NormGolden, readNormGoldens, shifted, waveOf } from "../support/norm-goldens.ts";
import { use } from "./open.ts";

/**
 * Relative to the largest. Sums are of 24 terms at most, 3·10⁻⁷; a gradient for x is what is left of terms up to ten times
 * as large.
 */
const TOLERANCE = 3e-6;

const layers: Readonly<Record<string, (...args: never[]) => nn.Module>> = {
  layerNorm: nn.layerNorm,
  rmsNorm: nn.rmsNorm,
  batchNorm1d: nn.batchNorm1d,
  batchNorm2d: nn.batchNorm2d,
  groupNorm: nn.groupNorm,
  instanceNorm2d: nn.instanceNorm2d,
};

/** The layer with the script's parameters. */
function build({ layer, arguments: given }: NormGolden): nn.Module {
  const made = layers[layer]?.(...(given as never[]));
  if (made === undefined) throw new Error(`no layer ${layer}`);
  [...made.namedParameters()].forEach(([name, held], i) => {
    held.load(shifted(waveOf(held.size, 10 + i), name === "weight" ? 1 : 0, 0.3));
  });
  return made;
}

function expectClose(own: ArrayLike<number>, golden: readonly number[] | undefined, of: string) {
  expect(own.length, of).toBe(golden?.length);
  expect(relativeError(own, golden ?? []), of).toBeLessThanOrEqual(TOLERANCE);
}

async function check(golden: NormGolden): Promise<void> {
  const { shape, training, buffers, evaluation } = golden;
  const model = build(golden);
  const size = sizeOf(shape);
  const held = variable(new Float32Array(size), shape, "x");
  const step = compile((cotangent) => {
    let y: Tensor = held;
    const of = [held, ...model.parameters()];
    const [, gradients] = valueAndGrad(of, () => {
      y = model(held);
      return sum(mul(cotangent, y));
    });
    return { y, gradients: [...gradients.values()] };
  });
  const names = ["x", ...model.namedParameters().keys()];
  const run = async (index: number, expected: NormGolden["evaluation"]) => {
    held.load(shifted(waveOf(size, index), 1.5, 0.8));
    const { y, gradients } = await step(tensor(waveOf(size, 20 + index), shape));
    expectClose(await y.data(), expected.y, "y");
    for (const [i, name] of names.entries())
      expectClose((await gradients[i]?.data()) ?? [], expected[name], `gradient of ${name}`);
  };
  for (const [i, expected] of training.entries()) await run(i + 1, expected);
  const state = await model.stateDict();
  const shapes = Object.entries(state).map(([name, entry]) => [name, entry.shape]);
  expect(shapes).toEqual(Object.entries(golden.state));
  for (const [name, expected] of Object.entries(buffers))
    expectClose(state[name]?.data ?? [], expected, name);
  model.eval();
  step.dispose();
  await run(3, evaluation);
  const after = await model.stateDict();
  for (const name of Object.keys(buffers)) expect(after[name], name).toEqual(state[name]);
  step.dispose();
}

describe.each(everyDevice)("norms are PyTorch's on %s", (_, open) => {
  let opened: OpenedDevice;
  beforeAll(async () => {
    opened = await open();
    use(opened.device);
  });
  afterAll(() => opened.close());

  it.each(readNormGoldens().map((golden) => [golden.layer, golden.title, golden] as const))(
    "%s: %s",
    (_, __, golden) => check(golden),
  );
});
