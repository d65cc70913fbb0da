/** Ten steps of every optimizer, with frozen parameters, groups, clipping, schedules, against PyTorch's in float64. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { losses, nn, optim, Trainer } from "../../src/index.ts";
import type { TrainingBatch } from "../../src/train/index.ts";
import { everyDevice, type OpenedDevice } from "../regressions/open.ts";
import { relativeError } from "../support/case-data.ts";
import { shifted, waveOf } from "../support/norm-goldens.ts";
import { type ScheduleText, scheduleOf } from "../support/schedules.ts";
import { use } from "./open.ts";

interface Golden {
  readonly title: string;
  readonly optimizer: keyof typeof optim & ("sgd" | "adam");
  readonly options: Readonly<Record<string, number | boolean>>;
  readonly group?: {
    readonly paths: readonly string[];
    readonly schedule?: ScheduleText;
  } & Readonly<Record<string, unknown>>;
  readonly clip?: number;
  readonly clipValue?: number;
  readonly accumulate?: number;
  readonly average?: number;
  readonly schedule?: ScheduleText;
  readonly freeze?: string;
  readonly losses: readonly number[];
  readonly norms: readonly number[];
  readonly state: nn.SavedDict;
  readonly averages?: Readonly<Record<string, readonly number[]>>;
}

const url = new URL("../goldens/optimizers.json", import.meta.url);
// The file is made by our own script.
const goldens = (JSON.parse(readFileSync(url, "utf8")) as { readonly cases: readonly Golden[] })
  .cases;

/**
 * f32 rounds a gradient to 10⁻⁶ of its size; what divides by its root mean square carries that into every element, and ten
 * steps add it up.
 */
const TOLERANCE = 2e-5;

const [BATCH, INPUTS, HIDDEN, OUTPUTS] = [8, 4, 6, 3];

function build(): nn.Module {
  const model = nn.sequential(
    nn.linear(INPUTS, HIDDEN, { bias: false }),
    nn.batchNorm1d(HIDDEN),
    nn.tanh(),
    nn.linear(HIDDEN, OUTPUTS),
  );
  const state = Object.entries(golden0.state).filter(([name]) => !name.includes("running"));
  const parameters = state.filter(([name]) => !name.includes("num_batches"));
  const own = parameters.map(([name, { shape }], i) => {
    const length = shape.reduce((product, n) => product * n, 1);
    const data = shifted(waveOf(length, 10 + i), name === "1.weight" ? 1 : 0, 0.5);
    return [name, { shape, data }] as const;
  });
  const fresh = {
    "1.running_mean": { shape: [HIDDEN], data: new Float32Array(HIDDEN) },
    "1.running_var": { shape: [HIDDEN], data: new Float32Array(HIDDEN).fill(1) },
    "1.num_batches_tracked": { shape: [], data: [0] },
  };
  model.loadStateDict({ ...Object.fromEntries(own), ...fresh });
  return model;
}

function optimizerOf(golden: Golden, model: nn.Module) {
  const { optimizer, options, clip, clipValue, accumulate, average, schedule, group } = golden;
  const named = model.namedParameters();
  const { paths = [], schedule: ownSchedule, ...settings } = group ?? {};
  const parameters = paths.flatMap((path) => named.get(path) ?? []);
  expect(parameters).toHaveLength(paths.length);
  const own = ownSchedule && { learningRate: scheduleOf(ownSchedule) };
  const given = {
    ...options,
    ...(clip !== undefined && { clipNorm: clip }),
    ...(clipValue !== undefined && { clipValue }),
    ...(accumulate !== undefined && { accumulate }),
    ...(schedule && { learningRate: scheduleOf(schedule) }),
    ...(average !== undefined && { average }),
    ...(group && { groups: { own: { ...settings, ...own, parameters } } }),
  };
  return optim[optimizer](given as never);
}

function batch(step: number): TrainingBatch {
  const values = (features: number, index: number) => ({
    data: waveOf(BATCH * features, index),
    shape: [BATCH, features],
    dtype: "f32" as const,
  });
  return { x: values(INPUTS, 30 + step), y: values(OUTPUTS, 60 + step) };
}

const [first] = goldens;
if (first === undefined) throw new Error("there are no goldens");
const golden0 = first;

async function check(golden: Golden): Promise<void> {
  const model = build();
  if (golden.freeze !== undefined) model.freeze(golden.freeze);
  const optimizer = optimizerOf(golden, model);
  const trainer = new Trainer(model, { loss: losses.meanSquaredError, optimizer });
  const batches = Array.from({ length: 10 }, (_, i) => batch(i + 1));
  const seen = { losses: [] as number[], norms: [] as number[] };
  await trainer.fit(() => batches, {
    onStep({ loss, gradientNorm }) {
      seen.losses.push(loss);
      seen.norms.push(gradientNorm);
    },
  });
  expect(relativeError(seen.losses, golden.losses), "losses").toBeLessThanOrEqual(TOLERANCE);
  expect(relativeError(seen.norms, golden.norms), "norms").toBeLessThanOrEqual(TOLERANCE);
  const state = await model.stateDict();
  expect(Object.keys(state)).toEqual(Object.keys(golden.state));
  for (const [name, { data }] of Object.entries(state)) {
    const expected = golden.state[name]?.data as readonly number[];
    expect(relativeError(data, expected), name).toBeLessThanOrEqual(TOLERANCE);
  }
  const { averages } = golden;
  if (averages !== undefined) {
    const held = await optim.withAverages(optimizer, () => model.stateDict());
    for (const [name, expected] of Object.entries(averages))
      expect(relativeError(held[name]?.data ?? [], expected), name).toBeLessThanOrEqual(TOLERANCE);
  }
  trainer.dispose();
}

describe.each(everyDevice)("optimizers are PyTorch's on %s", (_, open) => {
  let opened: OpenedDevice;
  beforeAll(async () => {
    opened = await open();
    use(opened.device);
  });
  afterAll(() => opened.close());

  it.each(goldens.map((golden) => [golden.title, golden] as const))("%s", (_, golden) =>
    check(golden),
  );
});
