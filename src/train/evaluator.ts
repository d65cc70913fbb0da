/** What a Trainer asks of its model without training it: scores, other metrics, outputs. */
import type { Values } from "../data/index.ts";
import type { Tensor, Variable } from "../functions.ts";
import type { Cell } from "../internals.ts";
import type { AnyModule, Tensors } from "../nn/index.ts";
import type { PassOptions } from "./batch-source.ts";
import { evaluationRun } from "./evaluation.ts";
import { EvaluationSteps } from "./evaluation-steps.ts";
import type { EvaluateOptions, Scores } from "./options.ts";
import type { Patience } from "./patience.ts";
import { type AnyMetric, wholeMetrics } from "./score.ts";
import type { StepOptions } from "./steps.ts";
import type { Columns, ReadyData, Wanted } from "./training-data.ts";

export interface EvaluatorSetup {
  readonly model: AnyModule;
  /** What the training's scores are. */
  readonly measured: StepOptions;
  /** Steps of a text that are read at once. */
  readonly window: number | undefined;
  readonly wanted: Wanted;
  /** The training's, which evaluations draw from. */
  readonly randomStream: () => number;
}

export class Evaluator {
  readonly #setup: EvaluatorSetup;
  readonly #steps: EvaluationSteps;
  /** Those of the training that are more than a mean. */
  readonly #metrics: Readonly<Record<string, AnyMetric>>;

  constructor(setup: EvaluatorSetup) {
    this.#setup = setup;
    this.#steps = this.#stepsOf(setup.measured);
    this.#metrics = wholeMetrics(setup.measured.metrics);
  }

  #stepsOf(measured: StepOptions): EvaluationSteps {
    return new EvaluationSteps(this.#setup.model, measured, this.#setup.randomStream);
  }

  /** Loss and metrics of the training over all of `data`. */
  async score(
    caller: string,
    data: ReadyData,
    options: EvaluateOptions,
    patience: Patience,
  ): Promise<Scores<string>> {
    const { means, values } = await this.#pass(
      caller,
      data,
      options,
      patience,
      this.#steps,
      this.#metrics,
    );
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
    const steps = this.#stepsOf({ ...this.#setup.measured, metrics });
    try {
      const { values } = await survive(() =>
        this.#pass("measure", data, options, patience, steps, metrics),
      );
      return values;
    } finally {
      steps.dispose();
    }
  }

  #pass(
    caller: string,
    data: ReadyData,
    { batchSize, signal }: EvaluateOptions,
    patience: Patience,
    steps: EvaluationSteps,
    metrics: Readonly<Record<string, AnyMetric>>,
  ) {
    const { wanted, window } = this.#setup;
    const pass: PassOptions = { caller, batchSize, window, epoch: 1, dropLast: false };
    return evaluationRun({ data, pass, patience, signal, wanted, steps, metrics });
  }

  /** The model's output for inputs by their columns. */
  forward(input: Columns<Tensor | Values>): Promise<Tensors> {
    return this.#steps.forward(input);
  }

  /** What is carried through windows. */
  variables(): Variable[] {
    return this.#steps.variables();
  }

  /** What moves with a training that moves. */
  cells(): Cell[] {
    return [...this.variables().map(({ cell }) => cell), ...this.#steps.cells()];
  }

  /** Nothing is carried any more. */
  reset(): void {
    this.#steps.reset();
  }

  dispose(): void {
    this.#steps.dispose();
  }
}
