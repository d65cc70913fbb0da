/** `npm run explain -- <cnn|lstm|gru|rnn|./file.ts> [options]`: the plan of a step, for a device that need not be there. */
import { cpuTraits } from "../src/devices/cpu/traits.ts";
import { webgpuTraits } from "../src/devices/webgpu/index.ts";
import { GradgpuError } from "../src/errors.ts";
import { planStep } from "../src/runtime/compile.ts";
import { dispatchesOf, explainPlan, fallbacksOf, submitsOf } from "../src/scheduler/explain.ts";
import { isFallback } from "../src/scheduler/lowering.ts";
import type { Plan, Step } from "../src/scheduler/plan.ts";
import { command, refuse } from "./command.ts";
import { models, type TracedStep } from "./models.ts";
import { isPath, planOwnStep } from "./own-step.ts";

const USAGE = `npm run explain -- <cnn|lstm|gru|rnn|./file.ts> [options]
  ./file.ts    a file of your own: export default () => ({ fn, inputs: [{ shape, dtype }] })
  --T n        steps of a recurrent network's window (64)
  --H n        its hidden units (128)
  --layers n   its layers (1)
  --checkpoint computes its gates again in the backward pass rather than keeping them
  --B n        batch size (cnn 64, the others 32)
  --device d   webgpu, webgpu-software or cpu (webgpu)
  --json       machine-readable`;

const devices = {
  webgpu: webgpuTraits(),
  "webgpu-software": webgpuTraits({ software: true }),
  cpu: cpuTraits,
};

function summarise(model: string, plan: Plan) {
  return {
    model,
    device: plan.device,
    dispatches: dispatchesOf(plan.steps),
    submits: submitsOf(plan),
    peakBytes: plan.memory.peakBytes,
    lowerBoundBytes: plan.memory.lowerBoundBytes,
    fallbacks: fallbacksOf(plan),
    bindings: plan.bindings,
    slots: plan.slots,
    steps: plan.steps.map((step) => summariseStep(plan, step)),
  };
}

function summariseStep(plan: Plan, step: Step): object {
  const { label, why, barrierBefore } = step;
  if (step.kind === "loop") {
    const body = step.body.map((inner) => summariseStep(plan, inner));
    return { label, count: step.count, reverse: step.reverse, body, barrierBefore, why };
  }
  const { call } = step;
  return {
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
  };
}

function number(text: string | undefined, name: string, otherwise: number): number {
  const value = Number(text ?? otherwise);
  if (Number.isInteger(value) && value > 0) return value;
  return refuse(USAGE, `--${name} must be a whole number of 1 or more; got ${text}.`);
}

const SETTINGS = {
  T: { type: "string" },
  H: { type: "string" },
  B: { type: "string" },
  layers: { type: "string" },
  checkpoint: { type: "boolean" },
} as const;

function readCommand() {
  const device = { type: "string", default: "webgpu" } as const;
  const json = { type: "boolean", default: false } as const;
  return command(USAGE, { ...SETTINGS, device, json }, 1);
}

// Whoever reads may have seen enough: `| head` is no error.
process.stdout.on("error", () => process.exit());

type Values = ReturnType<typeof readCommand>["values"];

/** The step of one of the networks that are known by name. */
function readModel(name: string, values: Values): TracedStep {
  const build =
    models[name as keyof typeof models] ??
    refuse(USAGE, `Which step: cnn, lstm, gru, rnn or a file, such as ./step.ts? Got "${name}".`);
  return build({
    T: number(values.T, "T", 64),
    H: number(values.H, "H", 128),
    B: values.B === undefined ? undefined : number(values.B, "B", 1),
    layers: number(values.layers, "layers", 1),
    checkpoint: values.checkpoint ?? false,
  });
}

async function plan(name: string, values: Values): Promise<Plan> {
  const traits =
    devices[values.device as keyof typeof devices] ??
    refuse(
      USAGE,
      `--device must be one of ${Object.keys(devices).join(", ")}; got "${values.device}".`,
    );
  if (!isPath(name)) {
    const { fn, types } = readModel(name, values);
    return planStep(fn, types, traits);
  }
  const setting = Object.keys(SETTINGS).find((option) => option in values);
  if (setting !== undefined)
    refuse(USAGE, `--${setting} is for the networks known by name: ${name} says its own sizes.`);
  return planOwnStep(name, traits);
}

const { values, positionals } = readCommand();
const [name = ""] = positionals;
try {
  const made = await plan(name, values);
  console.log(values.json ? JSON.stringify(summarise(name, made), null, 2) : explainPlan(made));
} catch (error) {
  if (!(error instanceof GradgpuError)) throw error;
  console.error(error.message);
  process.exit(2);
}
