import { ArgumentError } from "../errors.ts";
import {
  add,
  asTensor,
  cast,
  div,
  type Gradients,
  minimum,
  packedOffsets,
  packVariables,
  sqrt,
  sumOfSquares,
  type Tensor,
  tensor,
  type UpdateInputs,
  type Variable,
  variable,
} from "../functions.ts";

/** What every optimizer can be told. */
export interface OptimizerOptions {
  /** The learning rate, a number on the device: see `Optimizer.setLearningRate`. */
  readonly learningRate: number;
  /** Gradients are scaled down together so that their global norm is at most this. Pascanu et al. 2013. */
  readonly clipNorm?: number;
}

export interface UpdateOptions {
  /** bool []: where false, the parameters and the optimizer's state stay as they are. */
  readonly when?: Tensor;
  /** The gradients' global norm, if it is known already. */
  readonly norm?: Tensor;
}

/** Changes parameters in the direction of their gradients. Inside a compiled step the update is part of its plan. */
export interface Optimizer {
  /** @throws ArgumentError where the gradients belong to other parameters than at the first call */
  update(gradients: Gradients, options?: UpdateOptions): void;
  /** Takes effect with the next step; nothing is compiled again. */
  setLearningRate(learningRate: number): void;
  /** The optimizer's own variables, for checkpoints. */
  state(): ReadonlyMap<string, Variable>;
}

/** √Σ g² over all gradients. */
export function globalNorm(gradients: Gradients): Tensor {
  return sqrt(sumOfSquares([...gradients.values()]));
}

/** What optimizers share: parameters side by side, the learning rate and the number of the step as data, clipping. */
export class OptimizerCore {
  readonly learningRate: Variable;
  /** Updates made so far. */
  readonly step: Variable;
  readonly #clipNorm: number | undefined;
  readonly #flat = new Map<string, Variable>();
  /** A constant in memory: a literal would be written anew in every step. */
  readonly #one = tensor(1);
  #parameters: readonly Variable[] | undefined;

  constructor(name: string, { learningRate, clipNorm }: OptimizerOptions) {
    if (!(learningRate >= 0)) {
      throw new ArgumentError(
        `${name}: the learning rate must be 0 or more; got ${learningRate}. 1e-3 is a usual start for Adam.`,
      );
    }
    if (clipNorm !== undefined && !(clipNorm > 0)) {
      throw new ArgumentError(
        `${name}: clipNorm must be more than 0; got ${clipNorm}. Leave it out to clip nothing.`,
      );
    }
    this.learningRate = variable(learningRate, [], `${name}.learningRate`);
    this.step = variable(0, [], `${name}.step`);
    this.#clipNorm = clipNorm;
  }

  setLearningRate(learningRate: number): void {
    this.learningRate.load(Float32Array.of(learningRate));
  }

  /** A flat piece of state with room for all parameters, made at the first call. */
  flat(name: string): Variable {
    const known = this.#flat.get(name);
    if (known !== undefined) return known;
    const { length } = packedOffsets((this.#parameters ?? []).map(({ shape }) => shape));
    const made = variable(new Float32Array(length), [length], name);
    this.#flat.set(name, made);
    return made;
  }

  state(): ReadonlyMap<string, Variable> {
    return new Map([["learningRate", this.learningRate], ["step", this.step], ...this.#flat]);
  }

  /** Counts the step and prepares what the update ops take. */
  begin(gradients: Gradients, { when, norm }: UpdateOptions): UpdateInputs {
    const parameters = this.#settle([...gradients.keys()]);
    const apply = when === undefined ? this.#one : cast(when, "f32");
    this.step.assign(add(this.step, apply));
    return {
      parameters,
      gradients: parameters.map((parameter) => gradients.get(parameter) ?? parameter),
      learningRate: this.learningRate,
      scale: this.#scale(gradients, norm),
      apply,
    };
  }

  #scale(gradients: Gradients, norm: Tensor | undefined): Tensor {
    if (this.#clipNorm === undefined) return this.#one;
    // The small term keeps 0/0 away where all gradients are 0.
    return minimum(div(asTensor(this.#clipNorm), add(norm ?? globalNorm(gradients), 1e-6)), 1);
  }

  #settle(given: readonly Variable[]): readonly Variable[] {
    if (this.#parameters === undefined) {
      this.#parameters = given;
      packVariables(given);
      return given;
    }
    const isSame =
      given.length === this.#parameters.length &&
      given.every((one) => this.#parameters?.includes(one));
    if (!isSame) {
      throw new ArgumentError(
        `optimizer: update() must be given the same parameters at every call; got ${given.length} instead of the first ${this.#parameters.length}, or others. Make one optimizer for each group of parameters.`,
      );
    }
    return this.#parameters;
  }
}
