/** `npm run explain -- <cnn|lstm> [options]`: the plan of a training step, for a device that need not be there. */
import { parseArgs } from "node:util";
import { cpuTraits } from "../src/devices/cpu/traits.ts";
import { webgpuTraits } from "../src/devices/webgpu/index.ts";
import { planStep, type TensorType, variable } from "../src/functions.ts";
import { losses, nn, optim } from "../src/index.ts";
import { explainPlan, fallbacksOf, submitsOf } from "../src/scheduler/explain.ts";
import { isFallback } from "../src/scheduler/lowering.ts";
import type { Plan } from "../src/scheduler/plan.ts";
import { trainingStep } from "../src/train/steps.ts";

const USAGE = `npm run explain -- <cnn|lstm> [options]
  --T n        steps of the LSTM's window (64)
  --H n        its hidden units (128)
  --B n        batch size (cnn 64, lstm 32)
  --device d   webgpu, webgpu-software or cpu (webgpu)
  --json       machine-readable`;

const devices = {
  webgpu: webgpuTraits(),
  "webgpu-software": webgpuTraits({ software: true }),
  cpu: cpuTraits,
};

interface Setting {
  readonly T: number;
  readonly H: number;
  readonly B: number | undefined;
}

type TracedStep = {
  readonly fn: Parameters<typeof planStep>[0];
  readonly types: readonly TensorType[];
};

function cnn({ B = 64 }: Setting): TracedStep {
  const model = nn.sequential(
    nn.conv2d(1, 16, 3, { padding: "same" }),
    nn.relu(),
    nn.maxPool2d(2),
    nn.conv2d(16, 32, 3, { padding: "same" }),
    nn.relu(),
    nn.maxPool2d(2),
    nn.flatten(),
    nn.linear(32 * 7 * 7, 10),
  );
  const optimizer = optim.adam({ learningRate: 1e-3 });
  const options = {
    loss: losses.crossEntropy,
    optimizer,
    metrics: { accuracy: losses.accuracy },
    isGuarded: true,
  };
  return {
    fn: (x, y, keep) => trainingStep(model, options, x, y, keep, []),
    types: [
      { dtype: "f32", shape: [B, 28, 28, 1] },
      { dtype: "i32", shape: [B] },
      { dtype: "f32", shape: [] },
    ],
  };
}

function lstm({ T, H, B = 32 }: Setting): TracedStep {
  const vocabulary = 80;
  const model = nn.sequential(
    nn.embedding(vocabulary, 64),
    nn.lstm(64, H),
    nn.linear(H, vocabulary),
  );
  const optimizer = optim.adam({ learningRate: 1e-3, clipNorm: 1 });
  const options = { loss: losses.crossEntropy, optimizer, metrics: {}, isGuarded: true };
  const state = model
    .stateShapes(B)
    .map((shape, i) => variable(new Float32Array(B * H), shape, `state ${i}`));
  return {
    fn: (x, y, keep) => trainingStep(model, options, x, y, keep, state),
    types: [
      { dtype: "i32", shape: [T, B] },
      { dtype: "i32", shape: [T, B] },
      { dtype: "f32", shape: [] },
    ],
  };
}

const models = { cnn, lstm };

function summarise(model: string, plan: Plan) {
  return {
    model,
    device: plan.device,
    dispatches: plan.steps.length,
    submits: submitsOf(plan),
    peakBytes: plan.memory.peakBytes,
    lowerBoundBytes: plan.memory.lowerBoundBytes,
    fallbacks: fallbacksOf(plan),
    bindings: plan.bindings,
    slots: plan.slots,
    steps: plan.steps.map(({ call, label, why, barrierBefore }) => ({
      label,
      kernel: call.kernel,
      grid: isFallback(call) ? null : call.grid,
      constants: isFallback(call) ? null : call.constants,
      operands: call.operands.map(({ region, access }) => ({
        access,
        ...region,
        place: plan.buffers[region.buffer],
      })),
      barrierBefore,
      why,
    })),
  };
}

function number(text: string | undefined, name: string, otherwise: number): number {
  const value = Number(text ?? otherwise);
  if (Number.isInteger(value) && value > 0) return value;
  return refuse(`--${name} must be a whole number of 1 or more; got ${text}.`);
}

function refuse(message: string): never {
  console.error(`${message}\n\n${USAGE}`);
  process.exit(2);
}

function readCommand() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        T: { type: "string" },
        H: { type: "string" },
        B: { type: "string" },
        device: { type: "string", default: "webgpu" },
        json: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

const { values, positionals } = readCommand();
if (values.help) {
  console.log(USAGE);
} else {
  const [name = ""] = positionals;
  const build =
    models[name as keyof typeof models] ?? refuse(`Which model: cnn or lstm? Got "${name}".`);
  const traits =
    devices[values.device as keyof typeof devices] ?? refuse(`Unknown device "${values.device}".`);
  const { fn, types } = build({
    T: number(values.T, "T", 64),
    H: number(values.H, "H", 128),
    B: values.B === undefined ? undefined : number(values.B, "B", 1),
  });
  const plan = planStep(fn, types, traits);
  console.log(values.json ? JSON.stringify(summarise(name, plan), null, 2) : explainPlan(plan));
}
