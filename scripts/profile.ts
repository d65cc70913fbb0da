/** `npm run profile -- <cnn|lstm|gru|rnn>`: the time of every step of a training step, on the GPU or software adapter there is. */
import { openWebgpuDevice } from "../src/devices/webgpu/index.ts";
import type { TensorType } from "../src/functions.ts";
import { planStep } from "../src/runtime/compile.ts";
import { isFallback } from "../src/scheduler/lowering.ts";
import { type BindingInfo, type CallStep, callsOf, type Plan } from "../src/scheduler/plan.ts";
import { command, refuse } from "./command.ts";
import { models } from "./models.ts";

const USAGE = `npm run profile -- <cnn|lstm|gru|rnn> [options]
  --T n        steps of a recurrent network's window (32)
  --H n        its hidden units (128)
  --layers n   its layers (1)
  --checkpoint computes its gates again in the backward pass rather than keeping them
  --B n        batch size (cnn 64, the others 32)
  --runs n     the median of n runs (9)`;

const { values, positionals } = command(
  USAGE,
  {
    T: { type: "string", default: "32" },
    H: { type: "string", default: "128" },
    B: { type: "string" },
    layers: { type: "string", default: "1" },
    checkpoint: { type: "boolean", default: false },
    runs: { type: "string", default: "9" },
  },
  1,
);
const [name = ""] = positionals;
if (!(name in models)) refuse(USAGE, `there must be a network; got "${name}"`);

/** Times depend little on values, but ids and labels must be spread and nothing may be NaN. */
function contentOf({ kind, name, bytes }: BindingInfo, types: readonly TensorType[]) {
  const type = kind === "input" ? types[Number(/\d+$/.exec(name)?.[0])] : undefined;
  if (type?.dtype === "i32") return Int32Array.from({ length: bytes / 4 }, (_, i) => (i * 7) % 10);
  return Float32Array.from({ length: bytes / 4 }, (_, i) => 0.1 + 0.05 * Math.sin(i));
}

function row(milliseconds: number, share: number, { call, label }: CallStep): string {
  const shapes = call.operands.map(({ region }) => region.type.shape.join("×") || "1");
  const place = isFallback(call) ? "cpu" : `grid ${call.grid.join("×")}`;
  const cells = [milliseconds.toFixed(2).padStart(8), `${(100 * share).toFixed(1)} %`.padStart(7)];
  return `${cells.join(" ")}  ${label}: ${call.kernel} [${shapes.join(", ")}] ${place}`;
}

function printTimes(plan: Plan, times: readonly number[]): void {
  const total = times.reduce((sum, time) => sum + time, 0);
  const calls = callsOf(plan.steps);
  calls.forEach((step, i) => {
    const time = times[i] ?? 0;
    console.log(row(time, time / total, step));
  });
  console.log(`${total.toFixed(2).padStart(8)} ms in ${calls.length} steps`);
}

const { fn, types } = models[name as keyof typeof models]({
  T: Number(values.T),
  H: Number(values.H),
  B: values.B === undefined ? undefined : Number(values.B),
  layers: Number(values.layers),
  checkpoint: values.checkpoint,
});
const device = await openWebgpuDevice();
console.log(`${name} on ${device.description}`);
const plan = planStep(fn, types, device.traits);
const program = await device.load(plan);
const storages = plan.bindings.map((binding) => {
  const storage = device.allocate(binding.bytes);
  device.write(storage, 0, contentOf(binding, types));
  return storage;
});
const runs: Float64Array[] = [];
for (let run = 0; run <= Number(values.runs); run++) {
  const times = await device.profile(program, storages);
  // The first run warms up.
  if (run > 0) runs.push(times);
}
const medianOf = (list: number[]) => list.sort((a, b) => a - b)[list.length >> 1] ?? 0;
printTimes(
  plan,
  callsOf(plan.steps).map((_, step) => medianOf(runs.map((times) => times[step] ?? 0))),
);
await device.close();
