/** The compiled steps behind a Trainer that do not train: scores of batches, and outputs. */
import type { Values } from "../data/index.ts";
import { type Compiled, compile, Tensor, tensor, type Variable } from "../functions.ts";
import { type Cell, cellsOfStep, type LookUp, lookUps } from "../internals.ts";
import type { AnyModule, Tensors } from "../nn/index.ts";
import { CompiledByKind, type Compute, type StepResult } from "./compiled.ts";
import { applied } from "./forward.ts";
import { checkValues, limitOf } from "./limits.ts";
import { againstTargets } from "./objective.ts";
import { scoreOf, scoresOf } from "./score.ts";
import type { StepOptions } from "./steps.ts";
import { type Columns, nested, type StepBatch } from "./training-data.ts";

/** A training's own draws are counted by its steps, from 0. */
const FIRST_DRAW = 2 ** 31;

export class EvaluationSteps {
  readonly #steps: CompiledByKind;
  readonly #forward: Compiled<Tensors>;
  /** Which batch of its pass is measured. */
  #at = 0;
  /** What `#forward` is traced for. */
  #input: Columns<Values | Tensor> = {};
  /** What ids are looked up in, whatever their shape. */
  #limits: Readonly<Record<string, LookUp | undefined>> = {};

  /** `randomStream` is the training's: what an evaluation draws is the same for a training that goes on elsewhere. */
  constructor(model: AnyModule, options: StepOptions, randomStream: () => number) {
    const { objective = againstTargets } = options;
    const compute: Compute = (batch, forward, caller) => {
      model.eval();
      const { measure, carried } = objective(model, batch, forward);
      const loss = scoreOf(caller, "the loss", measure(options.loss));
      const { values: metrics, counts, parts } = scoresOf(caller, loss, options.metrics, measure);
      for (const { held, next } of carried().changes) held.assign(next);
      return { loss: loss.value, metrics, parts, counts };
    };
    // Without gradients there is nothing to truncate: windows of any length carry the state.
    this.#steps = new CompiledByKind(model, compute, {
      randomCount: () => FIRST_DRAW + this.#at,
      randomStream,
    });
    this.#forward = compile((...args) => {
      model.eval();
      const columns = Object.keys(this.#input).map((name, i) => [name, args[i]] as const);
      const output = applied(
        model,
        nested<Tensor>(Object.fromEntries(columns) as Columns<Tensor>).x ?? {},
      );
      const outputs = output instanceof Tensor ? [output] : Object.values(output);
      const limits = columns.map(([name, x]) => {
        const found = x === undefined ? [] : outputs.flatMap((one) => lookUps(one, x));
        return [name, limitOf(found)] as const;
      });
      this.#limits = Object.fromEntries(limits);
      this.#checkInput();
      return output;
    });
  }

  #checkInput(): void {
    for (const [name, values] of Object.entries(this.#input))
      if (!(values instanceof Tensor)) checkValues("predict", name, values, this.#limits[name]);
  }

  variables(): Variable[] {
    return this.#steps.variables();
  }

  cells(): Cell[] {
    return [...this.#steps.cells(), ...cellsOfStep(this.#forward)];
  }

  /** Nothing is carried any more. */
  reset(): void {
    this.#steps.reset(new Map());
  }

  /** The batch `at` of a pass: the same one of every pass has the same random numbers. */
  run(batch: StepBatch, at: number, caller: string): Promise<StepResult> {
    return this.#steps.inTurn(() => {
      this.#at = at;
      return this.#steps.run(batch, caller);
    });
  }

  /** The model's output for inputs by their columns. */
  forward(input: Columns<Tensor | Values>): Promise<Tensors> {
    return this.#steps.inTurn(async () => {
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

  dispose(): void {
    this.#steps.dispose();
    void this.#steps.inTurn(() => this.#forward.dispose());
  }
}
