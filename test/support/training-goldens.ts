/**
 * Ten training steps through layers, autodiff, plans and kernels, against PyTorch's in float64, on the runtime that is
 * current. Free of the test runner, so that it also runs inside a page.
 */
import { compile, type Tensor, tensor, valueAndGrad, variable } from "../../src/functions.ts";
import { losses, nn, optim } from "../../src/index.ts";
import { layoutOf, toEntries } from "../../src/nn/state-layout.ts";
import { join, pathsOf } from "../../src/nn/tree.ts";
import { sizeOf } from "../../src/tensor/shape.ts";
import { relativeError } from "./case-data.ts";
import { goldenCnn, goldenGroupedCnn } from "./golden-models.ts";
import {
  type CnnOptions,
  type GoldenGradient,
  type GoldenTraining,
  goldenLabel,
  goldenParameter,
  goldenPixel,
  goldens,
  goldenToken,
} from "./goldens.ts";

/**
 * Relative. f32 rounds a sum of n products to √n ε: 2·10⁻⁶ for the 1,568 of the last layer; parameters differ by as
 * much, and ten steps carry it on: at step 10 single elements have been seen to differ by 3·10⁻⁵. docs/kernels.md allows
 * gradients 10⁻⁵, and 10⁻⁴ through long recurrences.
 */
const TOLERANCE = { loss: 1e-5, firstGradient: 1e-5 };
const LAST_GRADIENT = 1e-4;

function goldenState({ parameters }: GoldenTraining<unknown>, gain: number): nn.StateDict {
  return Object.fromEntries(
    parameters.map(({ name, shape, trained }, index) => {
      const data = trained ? goldenParameter(index, shape, gain) : new Float64Array(sizeOf(shape));
      return [name, { shape, data: Float32Array.from(data) }];
    }),
  );
}

/** Gradients in the order of the parameters, by PyTorch's names and in its layouts. */
async function named(model: nn.Module, gradients: readonly Tensor[]) {
  const found = new Map<string, ArrayLike<number>>();
  for (const [i, { prefix, name, parameter }] of pathsOf(model).entries()) {
    const layout = layoutOf(name, parameter);
    const data = Float32Array.from((await gradients[i]?.data()) ?? []);
    const [entry] = toEntries(data, parameter.variable.shape, layout);
    found.set(join(prefix, layout.names[0] ?? ""), entry?.data ?? []);
  }
  return found;
}

/** @throws Error where `error` is above `tolerance`, or no number */
function within(error: number, tolerance: number, what: string): void {
  if (error <= tolerance) return;
  throw new Error(`${what}: relative error ${error.toExponential(2)} > ${tolerance}`);
}

function expectGradients(
  found: ReadonlyMap<string, ArrayLike<number>>,
  expected: Readonly<Record<string, GoldenGradient>> | undefined,
  tolerance: number,
): void {
  const names = [...found.keys()].join();
  if (names !== Object.keys(expected ?? {}).join()) throw new Error(`gradients of ${names}`);
  for (const [name, { norm, at, values, all }] of Object.entries(expected ?? {})) {
    const own = found.get(name) ?? [];
    const size = Math.hypot(...Array.from(own));
    within(Math.abs(size - norm) / norm, tolerance, `norm of ${name}`);
    // Of eight elements some may be far below the norm: their error is measured by the norm's share of them.
    const share = norm * Math.sqrt(at.length / own.length);
    at.forEach((i, k) => {
      const error = Math.abs((own[i] ?? Number.NaN) - (values[k] ?? Number.NaN));
      within(error / share, tolerance, `${name} [${i}]`);
    });
    if (all !== undefined) within(relativeError(own, all), tolerance, name);
  }
}

interface StepOutputs {
  readonly loss: Tensor;
  readonly gradients: readonly Tensor[];
}

async function expectTenSteps(
  model: nn.Module,
  golden: GoldenTraining<unknown>,
  lastGradient: number,
  run: (step: number) => Promise<StepOutputs>,
): Promise<void> {
  for (let step = 1; step <= 10; step++) {
    const { loss, gradients } = await run(step);
    const expected = golden.losses[step - 1] ?? Number.NaN;
    const error = Math.abs((await loss.item()) - expected) / expected;
    within(error, TOLERANCE.loss, `loss of step ${step}`);
    const those = golden.gradients[String(step)];
    if (those === undefined) continue;
    const tolerance = step === 1 ? TOLERANCE.firstGradient : lastGradient;
    expectGradients(await named(model, gradients), those, tolerance);
  }
}

async function cnn(
  golden: GoldenTraining<CnnOptions>,
  model: nn.Module,
  lastGradient: number,
): Promise<void> {
  const { batch, gain, learningRate, beta1, beta2, epsilon } = golden.options;
  model.loadStateDict(goldenState(golden, gain));
  const optimizer = optim.adam({ learningRate, beta1, beta2, epsilon });
  const pixels = Float32Array.from({ length: batch * 784 }, (_, i) =>
    goldenPixel(Math.floor(i / 784), Math.floor(i / 28) % 28, i % 28),
  );
  const images = tensor(pixels, [batch, 28, 28, 1]);
  const labels = tensor(Int32Array.from({ length: batch }, (_, n) => goldenLabel(n)));
  const step = compile((x, y) => {
    const [loss, gradients] = valueAndGrad(model.parameters(), () =>
      losses.crossEntropy(model(x as Tensor), y as Tensor),
    );
    optimizer.update(gradients);
    return { loss, gradients: [...gradients.values()] };
  });
  await expectTenSteps(model, golden, lastGradient, () => step(images, labels));
}

async function lstm(lastGradient: number): Promise<void> {
  const { vocabulary, features, hidden, layers, window, batch, ...options } = goldens.lstm.options;
  const { learningRate, momentum, clipNorm, gain } = options;
  const model = nn.sequential({
    embedding: nn.embedding(vocabulary, features),
    lstm: nn.lstm(features, hidden, { layers }),
    linear: nn.linear(hidden, vocabulary),
  });
  model.loadStateDict(goldenState(goldens.lstm, gain));
  const optimizer = optim.sgd({ learningRate, momentum, clipNorm });
  const state = model
    .stateShapes(batch)
    .map((shape) => variable(new Float32Array(sizeOf(shape)), shape));
  const tokens = (start: number) =>
    tensor(
      Int32Array.from({ length: window * batch }, (_, i) =>
        goldenToken(i % batch, start + Math.floor(i / batch), vocabulary),
      ),
      [window, batch],
    );
  const step = compile((x, y) => {
    let next: readonly Tensor[] = [];
    const [loss, gradients] = valueAndGrad(model.parameters(), () => {
      const stepped = model.step(x as Tensor, state);
      next = stepped.state;
      return losses.crossEntropy(stepped.y, y as Tensor);
    });
    optimizer.update(gradients);
    state.forEach((held, i) => {
      held.assign(next[i] ?? held);
    });
    return { loss, gradients: [...gradients.values()] };
  });
  await expectTenSteps(model, goldens.lstm, lastGradient, (n) => {
    const start = (n - 1) * window;
    return step(tokens(start), tokens(start + 1));
  });
}

/** Each throws where a loss, a norm or a gradient is not PyTorch's; `lastGradient`: relative, in the tenth step. */
export const trainings = {
  cnn: (lastGradient = LAST_GRADIENT) => cnn(goldens.cnn, goldenCnn(), lastGradient),
  "cnn with groups of channels": (lastGradient = LAST_GRADIENT) =>
    cnn(goldens.groupedCnn, goldenGroupedCnn(), lastGradient),
  lstm: (lastGradient = LAST_GRADIENT) => lstm(lastGradient),
} satisfies Readonly<Record<string, (lastGradient?: number) => Promise<void>>>;
