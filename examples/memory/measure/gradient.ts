import { compile, gradientFlow, keyOf, nn, tensor } from "gradgpu";
import { memoryModel, nameOf, remembering } from "../model.ts";
import type { FlowCurve, FlowResult } from "../results.ts";
import { recall } from "../tasks/recall.ts";
import { keyFor } from "../tasks/task.ts";
import { type Measuring, newModel, trainOn } from "./accuracy.ts";

/** Sequences over which the norms are taken. */
const SEQUENCES = 64;

/** How the gradient of the last step's loss fades on its way back, before and after training on `recall`. */
export async function measureGradient(run: Measuring): Promise<FlowResult> {
  const { flowLag: lag, hidden } = run.settings;
  const atStart: FlowCurve[] = [];
  const trained: FlowResult["trained"][number][] = [];
  for (const cell of run.cells) {
    const name = nameOf(cell);
    const model = newModel(recall, cell, lag, run);
    atStart.push(await curveOf(name, name, model, lag, run.seed));
    const label = `gradient, lag ${lag}, ${name}`;
    const { accuracy } = await trainOn(recall, model, run, label, { lag });
    trained.push({ ...(await curveOf(name, name, model, lag, run.seed)), accuracy });
  }
  const starts = {
    "all biases 0": nn.initialise.zeros,
    "forget bias 1": nn.initialise.remember(1),
    [`biases open for 1 to ${lag} steps`]: remembering("lstm", lag),
  };
  const biases: FlowCurve[] = [];
  for (const [name, bias] of Object.entries(starts)) {
    const model = memoryModel(recall, { cell: "lstm", hidden, seed: run.seed, bias });
    biases.push(await curveOf(name, "lstm", model, lag, run.seed));
  }
  return { lag, atStart, trained, control: await controlOf(run), biases };
}

/**
 * Does the RNN fail for its start alone? Weights of variance 1 / H, U(−√(3 / H), √(3 / H)), have a spectral radius of
 * about 1 (the circular law), so that only the tanh makes the gradient smaller.
 */
async function controlOf(run: Measuring): Promise<FlowResult["control"]> {
  const { flowLag: lag, hidden } = run.settings;
  const weights = nn.initialise.uniform(Math.sqrt(3 / hidden));
  const model = memoryModel(recall, { cell: "rnn", hidden, seed: run.seed, weights });
  const curve = await curveOf("weights of spectral radius 1", "rnn", model, lag, run.seed);
  const label = `gradient, lag ${lag}, rnn, larger start`;
  const { accuracy } = await trainOn(recall, model, run, label, { lag });
  return { ...curve, accuracy };
}

async function curveOf(
  name: string,
  cell: string,
  model: nn.Module,
  lag: number,
  seed: number,
): Promise<FlowCurve> {
  const { x, y } = recall.make(keyFor(keyOf(seed), "flow", 0), { lag, count: SEQUENCES });
  const measure = compile((inputs, targets) => {
    const parameters = model.parameters();
    const { flow } = gradientFlow(parameters, () => recall.loss(model(inputs), targets));
    return flow.map(({ h, c }) => ({ h, ...(c && { c }) }));
  });
  const [flow] = await measure(tensor(x.data, x.shape, x.dtype), tensor(y.data, y.shape, y.dtype));
  if (flow === undefined) throw new Error(`${name} has no recurrent layer.`);
  const backwards = async (norms: typeof flow.h) => Array.from(await norms.data()).reverse();
  return { name, cell, h: await backwards(flow.h), c: flow.c && (await backwards(flow.c)) };
}
