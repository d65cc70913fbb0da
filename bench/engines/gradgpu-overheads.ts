/** What a step of ours costs besides its kernels: planning, loading, replaying, and the first step of all. */
import { compile, matmul, type Runtime, type Tensor, type Variable, variable } from "gradgpu";
import { planStep } from "../../src/runtime/compile.ts";
import { floats } from "../cases/random.ts";
import { cnnTrain, FIRST_SIZE, lstmTrain } from "../cases/steps.ts";
import type { BenchCase, Cannot, Figure, Prepared } from "../contract.ts";
import { median } from "../runner/statistics.ts";
import { dispatchesOf, stepOf } from "./gradgpu-steps.ts";

export interface OverheadContext {
  readonly runtime: Runtime;
  /** What opening `runtime` took. */
  readonly openedInMs: number;
  /** Opens another one, which becomes the current one. */
  open(): Promise<Runtime>;
}

const STEPS: Readonly<Record<string, BenchCase>> = {
  cnn: cnnTrain(64),
  lstm: lstmTrain(FIRST_SIZE),
};

export function prepareOverhead(benchCase: BenchCase, context: OverheadContext): Prepared | Cannot {
  const what = String(benchCase.params.what);
  const step = STEPS[what.slice(what.lastIndexOf("-") + 1)];
  if (what.startsWith("first-step-") && step !== undefined) return firstStep(step, context);
  if (what.startsWith("plan-") && step !== undefined) return planning(step, context.runtime);
  if (what === "dispatch") return replaying(context.runtime);
  return { cannot: `gradgpu: the runner measures ${what} itself` };
}

function disposeAll(owned: readonly Variable[]): void {
  for (const own of owned) own.dispose();
}

/** From nothing to the first loss: device, model, trace, plan, pipelines, step. The first of a session is cold. */
function firstStep(step: BenchCase, { openedInMs, open, runtime }: OverheadContext): Prepared {
  const toLoss = async (): Promise<number> => {
    const { fn, owned } = stepOf(step);
    const loss = await (await compile(fn)()).item();
    disposeAll(owned);
    return loss;
  };
  let coldMs = 0;
  return {
    async result() {
      const start = performance.now();
      const loss = await toLoss();
      coldMs = openedInMs + performance.now() - start;
      await runtime.close();
      return [loss];
    },
    async run() {
      const own = await open();
      await toLoss();
      await own.close();
    },
    figures: () => [
      { name: "cold: opening the device and the first step", value: coldMs, unit: "ms" },
    ],
    dispose: async () => {},
  };
}

/** A run traces and schedules a step; loading the plan (pipelines, temporaries) is a figure. */
function planning(step: BenchCase, runtime: Runtime): Prepared {
  const { fn, owned } = stepOf(step);
  const plan = () => planStep(fn, [], runtime.device.traits);
  const made = plan();
  return {
    run: async () => {
      plan();
    },
    // Nothing to compare: plans of different devices are different.
    result: async () => [1],
    dispatches: made.steps.length,
    async figures() {
      const loads: number[] = [];
      for (let i = 0; i < 5; i++) {
        const start = performance.now();
        const program = await runtime.room.load(plan());
        loads.push(performance.now() - start);
        runtime.device.unload(program);
      }
      return [
        { name: "planning and loading, first time", value: loads[0] ?? Number.NaN, unit: "ms" },
        { name: "planning and loading, again", value: median(loads.slice(1)), unit: "ms" },
        { name: "bytes of temporaries", value: made.memory.peakBytes, unit: "B" },
        { name: "bytes no plan can do without", value: made.memory.lowerBoundBytes, unit: "B" },
      ];
    },
    dispose: async () => disposeAll(owned),
  };
}

const SHORT = 8;
const LONG = 264;
/** Calls that are timed together: clocks of pages are coarse. */
const CALLS = 40;

interface Chain {
  readonly step: () => Promise<unknown>;
  readonly dispatches: number;
  readonly out: Variable;
}

/** `length` products of 4 × 4, each of which needs the one before: nothing to fuse, next to nothing to compute. */
function chain(length: number): Chain {
  const x = variable(floats(1, 16), [4, 4]);
  const out = variable(new Float32Array(16), [4, 4]);
  const step = compile(() => {
    let y: Tensor = x;
    for (let i = 0; i < length; i++) y = matmul(y, x);
    out.assign(y);
  });
  return {
    step,
    out,
    get dispatches() {
      return dispatchesOf(step);
    },
  };
}

/** JavaScript of a replayed step: the time until the call has been handed to the device, which works meanwhile. */
function replaying(runtime: Runtime): Prepared {
  const [short, long] = [chain(SHORT), chain(LONG)];
  const inRun = meter(runtime);
  const cost = async ({ step }: Chain) => {
    const rounds: { inRun: number; whole: number }[] = [];
    for (let round = 0; round < 5; round++) {
      inRun.ms = 0;
      const start = performance.now();
      for (let i = 0; i < CALLS; i++) await step();
      rounds.push({ inRun: inRun.ms / CALLS, whole: (performance.now() - start) / CALLS });
      await runtime.device.synchronise();
    }
    return {
      inRun: median(rounds.map((round) => round.inRun)),
      whole: median(rounds.map((round) => round.whole)),
    };
  };
  return {
    run: async () => {
      await long.step();
      await runtime.device.synchronise();
    },
    async result() {
      await short.step();
      await long.step();
      return [...(await short.out.data())].slice(0, 4);
    },
    get dispatches() {
      return long.dispatches;
    },
    async figures(): Promise<Figure[]> {
      const [few, many] = [await cost(short), await cost(long)];
      // Where commands are encoded when the plan is loaded, the difference is noise around zero.
      const difference = Math.max(0, many.inRun - few.inRun);
      const perDispatch = difference / (long.dispatches - short.dispatches);
      return [
        { name: "JavaScript per replayed dispatch", value: 1000 * perDispatch, unit: "µs" },
        {
          name: "JavaScript per step besides its dispatches",
          value: 1000 * (few.whole - short.dispatches * perDispatch),
          unit: "µs",
        },
      ];
    },
    dispose: async () => {
      inRun.stop();
    },
  };
}

/** Adds up the time that the device's run() takes to return. */
function meter({ device }: Runtime) {
  const run = device.run.bind(device);
  const meter = {
    ms: 0,
    stop: () => {
      Reflect.deleteProperty(device, "run");
    },
  };
  device.run = (...call) => {
    const start = performance.now();
    const reads = run(...call);
    meter.ms += performance.now() - start;
    return reads;
  };
  return meter;
}
