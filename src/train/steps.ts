/** The compiled training steps behind a Trainer. */

import { ArgumentError, InternalError } from "../errors.ts";
import {
  add,
  and,
  arange,
  cast,
  finite,
  type Gradients,
  gradientFlow,
  greater,
  greaterEqual,
  mul,
  sqrt,
  square,
  sum,
  sumOfSquares,
  type Tensor,
  type Variable,
  valueAndGrad,
  where,
} from "../functions.ts";
import {
  type Assignment,
  assignmentsIn,
  assignPacked,
  isUnreached,
  nextRandomStream,
  packed,
  packedOffsets,
  packVariables,
} from "../internals.ts";
import type { AnyModule, Tensors } from "../nn/index.ts";
import { globalNorm, type Optimizer } from "../optim/index.ts";
import type { CarriedSequences } from "./carried.ts";
import { CompiledByKind, type Outputs, type StepResult } from "./compiled.ts";
import type { FlowNotes } from "./flow.ts";
import { type Forward, windowForward } from "./forward.ts";
import { againstTargets, type BatchTensors, type Measured, type Objective } from "./objective.ts";
import type { Position } from "./progress.ts";
import { type AnyFunction, type AnyMetrics, type Score, scoreOf, scoresOf } from "./score.ts";
import type { StepBatch } from "./training-data.ts";
import type { Truncation } from "./window.ts";

export interface StepOptions {
  readonly loss: AnyFunction;
  readonly metrics: AnyMetrics;
  /** What loss and metrics are functions of: outputs and targets where nothing is said. */
  readonly objective?: Objective;
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

export class TrainingSteps extends CompiledByKind {
  readonly #running: Variable | undefined;
  readonly #position: Position;
  /** Decides, with the number of the step, what dropout and the like draw. */
  randomStream = nextRandomStream();

  constructor(
    model: AnyModule,
    options: TrainingStepOptions,
    truncation: Truncation | undefined,
    position: Position,
  ) {
    super(model, (batch, forward) => trainingUpdate(model, options, batch, forward), {
      truncation,
      skips: options.isGuarded && options.running === undefined,
      randomCount: () => position.step,
      randomStream: () => this.randomStream,
      flow: options.flow,
    });
    this.#running = options.running;
    this.#position = position;
  }

  /** `note` is called in the step's turn, when it has been started. A batch that is refused is no step. */
  run(batch: StepBatch, note: (result: StepResult) => void): Promise<void> {
    return this.inTurn(async () => note(await this.take(batch)));
  }

  /**
   * Between two steps: what `read` gives, and what is carried. Reads are asked for before it returns, so that the steps
   * behind need not wait for what they come to.
   */
  async save<T>(
    read: (position: Position) => Promise<T>,
  ): Promise<readonly [T, readonly CarriedSequences[]]> {
    const { reading } = await this.inTurn(() => ({
      reading: Promise.all([read({ ...this.#position }), this.saveCarried()] as const),
    }));
    return reading;
  }

  /** What the training has on the device beside model and optimizer. */
  override variables(): Variable[] {
    return [...(this.#running === undefined ? [] : [this.#running]), ...super.variables()];
  }

  /** Lets the next step change something again. */
  resume(): void {
    this.#running?.load(Float32Array.of(1));
  }

  override dispose(): void {
    super.dispose();
    void this.inTurn(() => this.#running?.dispose());
  }
}

/** Forward, backward, clip, update and metrics of a window, or of examples where there is no state: one plan. */
export function trainingStep(
  model: AnyModule,
  options: TrainingStepOptions,
  x: Tensor,
  y: Tensor,
  keep: Tensor,
  state: readonly Variable[],
): Outputs {
  return trainingUpdate(model, options, { x, y }, (input) =>
    windowForward(model, input, keep, state),
  );
}

function trainingUpdate(
  model: AnyModule,
  options: TrainingStepOptions,
  batch: BatchTensors,
  forward: (x: Tensors) => Forward,
): Outputs {
  const { objective = againstTargets } = options;
  model.train();
  const { result, assignments } = assignmentsIn(() => {
    let known: { readonly measured: Measured; readonly score: Score } | undefined;
    const lossOf = () => {
      const measured = objective(model, batch, forward);
      known = { measured, score: scoreOf("fit", "the loss", measured.measure(options.loss)) };
      return known.score.value;
    };
    const differentiated = differentiate(model, lossOf, options);
    if (known === undefined) throw new InternalError("a loss is computed at once.");
    const { measured, score } = known;
    const measures = scoresOf("fit", score, options.metrics, measured.measure);
    return { ...differentiated, ...measures, carried: measured.carried() };
  });
  const { loss, gradients, flow, values: metrics, counts, parts: measuredParts } = result;
  const { changes, parts = 1 } = result.carried;
  const buffers = bufferUpdate(model, options.isGuarded ? assignments : []);
  const norm = options.isGuarded ? guardedNorm(gradients, buffers) : globalNorm(gradients);
  // Both are numbers ≥ 0 or not finite, the norm also where a parameter is not: their sum is finite where both are.
  const ok = options.isGuarded ? finite(add(loss, norm)) : undefined;
  const applies = ok && options.running ? and(ok, greater(options.running, 0)) : ok;
  if (applies !== undefined) options.running?.assign(cast(applies, "f32"));
  options.optimizer.update(gradients, applies === undefined ? { norm } : { norm, when: applies });
  const guarded = (next: Tensor, otherwise: Tensor) =>
    applies === undefined ? next : where(applies, next, otherwise);
  for (const { assign, next, before } of assignments) assign(guarded(next, before));
  if (buffers.variables.length > 0)
    assignPacked(buffers.variables, guarded(packed(buffers.next), packed(buffers.before)));
  for (const { held, next, otherwise } of changes) {
    // Where training ends at such a step, all is as it was before it; else the sequences that it began have begun.
    held.assign(guarded(next, options.running === undefined ? otherwise : held));
  }
  return {
    loss,
    norm,
    ...(ok === undefined ? {} : { finite: cast(ok, "f32") }),
    metrics,
    parts: measuredParts,
    counts,
    ...(flow && { flow: options.flow?.note(flow, parts) }),
  };
}

/** What a step gives the buffers of a model: all that is f32, one behind the other, and what they had before. */
interface BufferUpdate {
  readonly variables: readonly Variable[];
  readonly next: readonly Tensor[];
  readonly before: readonly Tensor[];
}

function bufferUpdate(model: AnyModule, assignments: readonly Assignment[]): BufferUpdate {
  const assigned = new Map(assignments.map((one) => [one.cell, one]));
  const variables = model
    .buffers()
    .filter(({ cell, dtype }) => dtype === "f32" && assigned.has(cell));
  const own = variables.flatMap(({ cell }) => assigned.get(cell) ?? []);
  return {
    variables,
    next: own.map(({ next }) => next),
    before: own.map(({ before }) => before),
  };
}

/**
 * The global norm, and NaN where a parameter or what a buffer is given is not finite: the pass over the gradients looks
 * at all of them, which lie behind each other in the same order. What buffers had before does not matter.
 */
function guardedNorm(gradients: Gradients, buffers: BufferUpdate): Tensor {
  const parameters = [...gradients.keys()];
  if (buffers.variables.length === 0)
    return sqrt(sumOfSquares([...gradients.values()], parameters));
  packVariables([...parameters, ...buffers.variables]);
  const made = packed([...gradients.values(), ...buffers.next]);
  const held = packed([...parameters, ...buffers.before]);
  const isBuffer = greaterEqual(
    arange(made.size),
    packedOffsets(parameters.map(({ shape }) => shape)).length,
  );
  const squares = where(finite(held), square(made), Number.NaN);
  return sqrt(sum(where(isBuffer, mul(made, 0), squares)));
}

function differentiate(
  model: AnyModule,
  loss: () => Tensor,
  { optimizer, flow }: TrainingStepOptions,
) {
  const trained = model.trainableParameters();
  const variables = optimizer.inOrder?.(trained) ?? trained;
  if (variables.length === 0) {
    throw new ArgumentError(
      `fit: the model must have a parameter that is trained; got ${model.kind} with ${model.parameters().length}, all frozen. Call model.unfreeze() for some.`,
    );
  }
  if (flow !== undefined) return gradientFlow(variables, loss);
  const [value, gradients] = valueAndGrad(variables, loss);
  if ([...gradients.values()].every(isUnreached)) {
    throw new ArgumentError(
      `fit: the loss must depend on a parameter that is trained; got one with a gradient for none of ${variables.length}. argmax, comparisons and stopGradient have none: compute with the outputs, and count hits as metrics.`,
    );
  }
  return { loss: value, gradients, flow: undefined };
}
