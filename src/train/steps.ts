/** The compiled steps behind a Trainer: one for examples, one for windows that carry recurrent state. */
import {
  add,
  and,
  asTensor,
  type Compiled,
  cast,
  compile,
  finite,
  greater,
  mul,
  type Shape,
  sizeOf,
  stopGradient,
  type Tensor,
  tensor,
  type Variable,
  valueAndGrad,
  variable,
  where,
} from "../functions.ts";
import type { Module } from "../nn/index.ts";
import { globalNorm, type Optimizer } from "../optim/index.ts";
import type { TrainingBatch } from "./batch-source.ts";

export type LossFunction = (output: Tensor, targets: Tensor) => Tensor;
export type Metrics = Readonly<Record<string, LossFunction>>;

interface Outputs {
  readonly loss: Tensor;
  readonly norm?: Tensor;
  readonly finite?: Tensor;
  readonly metrics: Readonly<Record<string, Tensor>>;
}

export interface StepNumbers {
  readonly loss: number;
  readonly norm: number;
  readonly isFinite: boolean;
  readonly metrics: Readonly<Record<string, number>>;
}

/** A step that is under way. */
export interface StepResult {
  read(): Promise<StepNumbers>;
}

function resultOf(outputs: Outputs): StepResult {
  return {
    async read() {
      const names = Object.keys(outputs.metrics);
      const [loss, norm, flag, ...rest] = await Promise.all([
        outputs.loss.item(),
        outputs.norm?.item() ?? Number.NaN,
        outputs.finite?.item() ?? 1,
        ...names.map((name) => outputs.metrics[name]?.item() ?? Number.NaN),
      ]);
      const metrics = Object.fromEntries(names.map((name, i) => [name, rest[i] ?? Number.NaN]));
      return { loss, norm, isFinite: flag === 1, metrics };
    },
  };
}

/** Variables for the recurrent state of a model, one set for each batch size. */
class CarriedState {
  readonly #model: Module;
  readonly #byBatch = new Map<number, readonly Variable[]>();

  constructor(model: Module) {
    this.#model = model;
  }

  /** Windows are [T, B, …]. */
  forWindow(shape: Shape): readonly Variable[] {
    const batchSize = shape[1] ?? 1;
    const known = this.#byBatch.get(batchSize);
    if (known !== undefined) return known;
    const made = this.#model
      .stateShapes(batchSize)
      .map((own, i) => variable(new Float32Array(sizeOf(own)), own, `state ${i}`));
    this.#byBatch.set(batchSize, made);
    return made;
  }
}

interface StepOptions {
  readonly loss: LossFunction;
  readonly metrics: Metrics;
}

function scalars(metrics: Metrics, output: Tensor, targets: Tensor): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(metrics).map(([name, metric]) => [name, metric(output, targets)]),
  );
}

/** Forward, and the state to go on with. `keep` is 0 where a new sequence begins, else 1. */
function forward(model: Module, x: Tensor, state: readonly Variable[], keep: Tensor) {
  return model.step(
    x,
    state.map((held) => mul(held, keep)),
  );
}

function inputsOf({ x, y, start }: TrainingBatch): [x: Tensor, y: Tensor, keep: number] {
  return [
    tensor(x.data, x.shape, x.dtype),
    tensor(y.data, y.shape, y.dtype),
    start === false ? 1 : 0,
  ];
}

type Compute = (x: Tensor, y: Tensor, keep: Tensor, state: readonly Variable[]) => Outputs;

/** Compiles a computation twice over: without state, and for windows of each batch size. */
class CompiledByKind {
  readonly #plain: Compiled<Outputs>;
  readonly #windows = new Map<readonly Variable[], Compiled<Outputs>>();
  readonly #state: CarriedState;
  readonly #compute: Compute;

  constructor(model: Module, compute: Compute) {
    this.#state = new CarriedState(model);
    this.#compute = compute;
    this.#plain = compile((x, y) => compute(x, y, asTensor(0), []));
  }

  async run(batch: TrainingBatch): Promise<StepResult> {
    const [x, y, keep] = inputsOf(batch);
    if (batch.start === undefined) return resultOf(await this.#plain(x, y));
    return resultOf(await this.#forWindow(batch)(x, y, keep));
  }

  #forWindow(batch: TrainingBatch): Compiled<Outputs> {
    const state = this.#state.forWindow(batch.x.shape);
    const known = this.#windows.get(state);
    if (known !== undefined) return known;
    const made = compile((x, y, keep) => this.#compute(x, y, keep, state));
    this.#windows.set(state, made);
    return made;
  }
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
}

export class TrainingSteps {
  readonly #steps: CompiledByKind;
  readonly #running: Variable | undefined;

  constructor(model: Module, options: TrainingStepOptions) {
    this.#running = options.running;
    this.#steps = new CompiledByKind(model, (x, y, keep, state) =>
      trainingStep(model, options, x, y, keep, state),
    );
  }

  run(batch: TrainingBatch): Promise<StepResult> {
    return this.#steps.run(batch);
  }

  /** Lets the next step change something again. */
  resume(): void {
    this.#running?.load(Float32Array.of(1));
  }
}

/** Forward, backward, clip, update and metrics: what becomes one plan. */
export function trainingStep(
  model: Module,
  options: TrainingStepOptions,
  x: Tensor,
  y: Tensor,
  keep: Tensor,
  state: readonly Variable[],
): Outputs {
  model.train();
  let found: { output: Tensor; next: readonly Tensor[] } | undefined;
  const [loss, gradients] = valueAndGrad(model.parameters(), () => {
    const step = state.length === 0 ? { y: model(x), state: [] } : forward(model, x, state, keep);
    found = { output: step.y, next: step.state };
    return options.loss(step.y, y);
  });
  const norm = globalNorm(gradients);
  // Both are numbers ≥ 0 or not finite: their sum is finite exactly where both are.
  const ok = options.isGuarded ? finite(add(loss, norm)) : undefined;
  const applies = ok && options.running ? and(ok, greater(options.running, 0)) : ok;
  if (applies !== undefined) options.running?.assign(cast(applies, "f32"));
  options.optimizer.update(gradients, applies === undefined ? { norm } : { norm, when: applies });
  state.forEach((held, i) => {
    const next = found?.next[i];
    if (next !== undefined) held.assign(kept(applies, stopGradient(next), held));
  });
  const metrics = found === undefined ? {} : scalars(options.metrics, found.output, y);
  return {
    loss,
    norm,
    ...(ok === undefined ? {} : { finite: cast(ok, "f32") }),
    metrics,
  };
}

/** A state that is not finite must not poison the windows to come. */
function kept(applies: Tensor | undefined, next: Tensor, held: Variable): Tensor {
  return applies === undefined ? next : where(applies, next, held);
}

export class EvaluationSteps {
  readonly #steps: CompiledByKind;
  readonly #forward: Compiled<Tensor>;

  constructor(model: Module, options: StepOptions) {
    this.#steps = new CompiledByKind(model, (x, y, keep, state) => {
      model.eval();
      const step = state.length === 0 ? { y: model(x), state: [] } : forward(model, x, state, keep);
      state.forEach((held, i) => {
        const next = step.state[i];
        if (next !== undefined) held.assign(next);
      });
      return { loss: options.loss(step.y, y), metrics: scalars(options.metrics, step.y, y) };
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
