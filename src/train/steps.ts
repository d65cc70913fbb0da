/** The compiled steps behind a Trainer: training, and evaluation. */
import {
  add,
  and,
  type Compiled,
  cast,
  compile,
  finite,
  gradientFlow,
  greater,
  nextRandomStream,
  type Tensor,
  type Variable,
  valueAndGrad,
  where,
} from "../functions.ts";
import type { Module } from "../nn/index.ts";
import { globalNorm, type Optimizer } from "../optim/index.ts";
import type { TrainingBatch } from "./batch-source.ts";
import type { CarriedSequences } from "./carried.ts";
import { CompiledByKind, type Outputs, type StepResult } from "./compiled.ts";
import type { FlowNotes } from "./flow.ts";
import { type Forward, windowForward } from "./forward.ts";
import { type LossFunction, type Metrics, scoreOf, scoresOf } from "./score.ts";
import type { Truncation } from "./window.ts";

interface StepOptions {
  readonly loss: LossFunction;
  readonly metrics: Metrics;
}

export interface TrainingStepOptions extends StepOptions {
  readonly optimizer: Optimizer;
  /** Whether an update is left out when loss or gradient is not finite. */
  readonly isGuarded: boolean;
  /**
   * [] of 1, or 0 once a step was not finite: steps that were under way behind it then change nothing either. Where it
   * is missing every step is judged by itself.
   */
  readonly running?: Variable;
  /** Where it is given, how gradients flow back in time is part of the step. */
  readonly flow?: FlowNotes | undefined;
}

export class TrainingSteps {
  readonly #steps: CompiledByKind;
  readonly #running: Variable | undefined;
  /** Decides, with the number of the step, what dropout and the like draw. */
  randomStream = nextRandomStream();
  #count = 0;

  constructor(model: Module, options: TrainingStepOptions, truncation: Truncation | undefined) {
    this.#running = options.running;
    this.#steps = new CompiledByKind(
      model,
      (y, forward) => trainingUpdate(model, options, y, forward),
      {
        truncation,
        skips: options.isGuarded && options.running === undefined,
        randomCount: () => this.#count,
        randomStream: () => this.randomStream,
        flow: options.flow,
      },
    );
  }

  /** `count`: the steps before this one. */
  run(batch: TrainingBatch, count: number): Promise<StepResult> {
    this.#count = count;
    return this.#steps.run(batch);
  }

  save(): Promise<CarriedSequences[]> {
    return this.#steps.save();
  }

  /** @throws ArgumentError, ShapeError where `saved` is of another model or window */
  check(saved: readonly CarriedSequences[]): void {
    this.#steps.check(saved);
  }

  load(saved: readonly CarriedSequences[]): void {
    this.#steps.load(saved);
  }

  /** Lets the next step change something again. `isSure`: every step that was started has had its effect. */
  resume(isSure: boolean): void {
    if (!isSure) this.#steps.lose();
    this.#running?.load(Float32Array.of(1));
  }
}

/** Forward, backward, clip, update and metrics of a window, or of examples where there is no state: one plan. */
export function trainingStep(
  model: Module,
  options: TrainingStepOptions,
  x: Tensor,
  y: Tensor,
  keep: Tensor,
  state: readonly Variable[],
): Outputs {
  return trainingUpdate(model, options, y, () => windowForward(model, x, keep, state));
}

function trainingUpdate(
  model: Module,
  options: TrainingStepOptions,
  y: Tensor,
  forward: () => Forward,
): Outputs {
  model.train();
  let found: Forward | undefined;
  const lossOf = () => {
    found = forward();
    return scoreOf(options.loss(found.output, y)).value;
  };
  const { loss, gradients, flow } = differentiate(model, lossOf, options.flow !== undefined);
  const norm = globalNorm(gradients);
  // Both are numbers ≥ 0 or not finite: their sum is finite exactly where both are.
  const ok = options.isGuarded ? finite(add(loss, norm)) : undefined;
  const applies = ok && options.running ? and(ok, greater(options.running, 0)) : ok;
  if (applies !== undefined) options.running?.assign(cast(applies, "f32"));
  options.optimizer.update(gradients, applies === undefined ? { norm } : { norm, when: applies });
  for (const { held, next, otherwise } of found?.changes ?? []) {
    // Where training ends at such a step, all is as it was before it; else the sequences that it began have begun.
    const kept = options.running === undefined ? otherwise : held;
    held.assign(applies === undefined ? next : where(applies, next, kept));
  }
  const metrics = found === undefined ? {} : scoresOf(options.metrics, found.output, y).values;
  return {
    loss,
    norm,
    ...(ok === undefined ? {} : { finite: cast(ok, "f32") }),
    metrics,
    ...(flow && { flow: options.flow?.note(flow, found?.parts ?? 1) }),
  };
}

function differentiate(model: Module, loss: () => Tensor, isWatched: boolean) {
  const variables = model.parameters();
  if (isWatched) return gradientFlow(variables, loss);
  const [value, gradients] = valueAndGrad(variables, loss);
  return { loss: value, gradients, flow: undefined };
}

export class EvaluationSteps {
  readonly #steps: CompiledByKind;
  readonly #forward: Compiled<Tensor>;
  #count = 0;

  constructor(model: Module, options: StepOptions) {
    const compute = (y: Tensor, forward: () => Forward): Outputs => {
      model.eval();
      const { output, changes } = forward();
      for (const { held, next } of changes) held.assign(next);
      const loss = scoreOf(options.loss(output, y));
      const { values: metrics, counts } = scoresOf(options.metrics, output, y);
      return {
        loss: loss.value,
        metrics,
        counts: { ...(loss.count && { loss: loss.count }), ...counts },
      };
    };
    // Without gradients there is nothing to truncate: windows of any length carry the state.
    const stream = nextRandomStream();
    this.#steps = new CompiledByKind(model, compute, {
      randomCount: () => this.#count++,
      randomStream: () => stream,
    });
    this.#forward = compile((x) => {
      model.eval();
      return model(x);
    });
  }

  run(batch: TrainingBatch): Promise<StepResult> {
    return this.#steps.run(batch);
  }

  forward(x: Tensor): Promise<Tensor> {
    return this.#forward(x);
  }
}
