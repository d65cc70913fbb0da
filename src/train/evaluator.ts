/** What a Trainer asks of its model without training it: scores, other metrics, outputs. */
import type { Values } from "../data/index.ts";
import { type Compiled, compile, Tensor, tensor } from "../functions.ts";
import { type Cell, cellsOfStep } from "../internals.ts";
import type { AnyModule, Tensors } from "../nn/index.ts";
import type { PassOptions } from "./batch-source.ts";
import { CompiledByKind, type Compute } from "./compiled.ts";
import { evaluationRun } from "./evaluation.ts";
import { applied } from "./forward.ts";
import { checkValues, type Limits, limitsOf } from "./limits.ts";
import { againstTargets } from "./objective.ts";
import type { EvaluateOptions, Scores } from "./options.ts";
import type { Patience } from "./patience.ts";
import { type AnyMetric, scoreOf, scoresOf, wholeMetrics } from "./score.ts";
import type { StepOptions } from "./steps.ts";
import { type Columns, nested, type ReadyData, type Wanted } from "./training-data.ts";

export interface EvaluatorSetup {
  readonly model: AnyModule;
  /** What the training's scores are. */
  readonly measured: StepOptions;
  /** Steps of a text that are read at once. */
  readonly window: number | undefined;
  readonly wanted: Wanted;
  /** The training's: what an evaluation draws is the same for a training that goes on elsewhere. */
  readonly randomStream: () => number;
}

/** A training's own draws are counted by its steps, from 0. */
const FIRST_DRAW = 2 ** 31;

/** Without gradients there is nothing to truncate: windows of any length carry the state. */
export class Evaluator extends CompiledByKind {
  readonly #setup: EvaluatorSetup;
  readonly #forward: Compiled<Tensors>;
  /** Which batch of its pass is measured: the same one of every pass has the same random numbers. */
  #at = 0;
  /** What `#forward` is traced for. */
  #input: Columns<Values | Tensor> = {};
  /** What ids are looked up in, whatever their shape. */
  #limits: Limits = {};

  constructor(setup: EvaluatorSetup) {
    const { model, measured, randomStream } = setup;
    const randomCount = () => FIRST_DRAW + this.#at;
    super(model, measuring(model, measured), { randomCount, randomStream });
    this.#setup = setup;
    this.#forward = compile((...args) => {
      model.eval();
      const named = Object.keys(this.#input).map((name, i) => [name, args[i]]);
      const columns: Columns<Tensor> = Object.fromEntries(named);
      const output = applied(model, nested(columns).x ?? {});
      this.#limits = limitsOf(columns, output instanceof Tensor ? [output] : Object.values(output));
      this.#checkInput();
      return output;
    });
  }

  #checkInput(): void {
    for (const [name, values] of Object.entries(this.#input))
      if (!(values instanceof Tensor)) checkValues("predict", name, values, this.#limits[name]);
  }

  /** Loss and metrics of the training over all of `data`. */
  async score(
    caller: string,
    data: ReadyData,
    options: EvaluateOptions,
    patience: Patience,
  ): Promise<Scores<string>> {
    const { means, values } = await this.#pass(caller, data, options, patience);
    // A Trainer's own metrics come to numbers.
    return { ...means, ...(values as Record<string, number>) };
  }

  /** What `metrics` come to over all of `data`, each as it makes it; `survive` does again what a lost device ends. */
  async measure(
    data: ReadyData,
    metrics: Readonly<Record<string, AnyMetric>>,
    options: EvaluateOptions,
    patience: Patience,
    survive: <T>(task: () => Promise<T>) => Promise<T>,
  ): Promise<Record<string, unknown>> {
    const own = new Evaluator({ ...this.#setup, measured: { ...this.#setup.measured, metrics } });
    try {
      return (await survive(() => own.#pass("measure", data, options, patience))).values;
    } finally {
      own.dispose();
    }
  }

  #pass(
    caller: string,
    data: ReadyData,
    { batchSize, signal }: EvaluateOptions,
    patience: Patience,
  ) {
    const { wanted, window, measured } = this.#setup;
    const pass: PassOptions = { caller, batchSize, window, epoch: 1, dropLast: false };
    const metrics = wholeMetrics(measured.metrics);
    return evaluationRun({ data, pass, patience, signal, wanted, metrics }, (batch, at) =>
      this.inTurn(() => {
        this.#at = at;
        return this.take(batch, caller);
      }),
    );
  }

  /** The model's output for inputs by their columns. */
  forward(input: Columns<Tensor | Values>): Promise<Tensors> {
    return this.inTurn(async () => {
      this.#input = input;
      try {
        this.#checkInput();
        const args = Object.values(input).map((one) =>
          one instanceof Tensor ? one : tensor(one.data, one.shape, one.dtype),
        );
        return await this.#forward(...args);
      } finally {
        this.#input = {};
      }
    });
  }

  /** What moves with a training that moves. */
  override cells(): Cell[] {
    const carried = this.variables().map(({ cell }) => cell);
    return [...carried, ...super.cells(), ...cellsOfStep(this.#forward)];
  }

  override dispose(): void {
    super.dispose();
    void this.inTurn(() => this.#forward.dispose());
  }
}

function measuring(model: AnyModule, options: StepOptions): Compute {
  const { objective = againstTargets } = options;
  return (batch, forward, caller) => {
    model.eval();
    const { measure, carried } = objective(model, batch, forward);
    const loss = scoreOf(caller, "the loss", measure(options.loss));
    const { values: metrics, counts, parts } = scoresOf(caller, loss, options.metrics, measure);
    for (const { held, next } of carried().changes) held.assign(next);
    return { loss: loss.value, metrics, parts, counts };
  };
}
