import {
  anything,
  check,
  checkOptions,
  notNegative,
  positive,
  record,
  required,
  rule,
  whole,
} from "../arguments.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import {
  add,
  asTensor,
  cast,
  div,
  type Gradients,
  type HostArray,
  type LoadOptions,
  minimum,
  packedOffsets,
  packVariables,
  type SavedEntry,
  sqrt,
  sumOfSquares,
  Tensor,
  tensor,
  type UpdateInputs,
  Variable,
  variable,
} from "../functions.ts";
import { checkTensor, LOAD_RULES, savedElements } from "../internals.ts";

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

/** What a variable of an optimizer's state held. */
export type SavedVariable = SavedEntry;

/** Changes parameters in the direction of their gradients. Inside a compiled step the update is part of its plan. */
export interface Optimizer {
  /** @throws ArgumentError where the gradients belong to other parameters than at the first call */
  update(gradients: Gradients, options?: UpdateOptions): void;
  /** Takes effect with the next step; nothing is compiled again. */
  setLearningRate(learningRate: number): void;
  /** The optimizer's own variables, for checkpoints. */
  state(): ReadonlyMap<string, Variable>;
  /**
   * Goes on from what the variables of `state()` held, with the same parameters. Nothing changes where it does not fit.
   * Numbers that are not finite are loaded only with `{ allowNonFinite: true }`.
   * @throws ArgumentError for names that are not those of `state()` and entries that are none, ShapeError for shapes;
   *   what belongs to parameters is checked at the first update where there has been none
   */
  loadState(saved: Readonly<Record<string, SavedVariable>>, options?: LoadOptions): void;
}

/** Rules for what every optimizer can be told. */
export const OPTIMIZER_RULES = { learningRate: required(notNegative), clipNorm: positive };

const gradientMap = rule(
  "a Map from variables to tensors",
  (value) =>
    value instanceof Map &&
    [...value].every(([of, g]) => of instanceof Variable && g instanceof Tensor),
);

/** √Σ g² over all gradients. */
export function globalNorm(gradients: Gradients): Tensor {
  check("globalNorm", "gradients", gradients, gradientMap);
  return sqrt(sumOfSquares([...gradients.values()]));
}

/** What optimizers share: parameters side by side, the learning rate and the number of the step as data, clipping. */
export class OptimizerCore {
  readonly learningRate: Variable;
  /** Updates made so far. */
  readonly step: Variable;
  readonly #clipNorm: number | undefined;
  readonly #name: string;
  readonly #flatNames: readonly string[];
  readonly #flat = new Map<string, Variable>();
  /** A constant in memory: a literal would be written anew in every step. */
  readonly #one = tensor(1);
  #parameters: readonly Variable[] | undefined;

  /** `flatNames`: what `flat` will be asked for. */
  constructor(
    name: string,
    { learningRate, clipNorm }: OptimizerOptions,
    flatNames: readonly string[],
  ) {
    this.learningRate = variable(learningRate, [], `${name}.learningRate`);
    this.step = variable(0, [], `${name}.step`);
    this.#clipNorm = clipNorm;
    this.#name = name;
    this.#flatNames = flatNames;
  }

  setLearningRate(learningRate: number): void {
    check(this.#name, "learningRate", learningRate, notNegative);
    this.learningRate.load(Float32Array.of(learningRate));
  }

  /** A flat piece of state with room for all parameters, made at the first call. */
  flat(name: string): Variable {
    const known = this.#flat.get(name);
    if (known !== undefined) return known;
    const length = lengthOf(this.#parameters ?? []);
    const made = variable(new Float32Array(length), [length], name);
    this.#flat.set(name, made);
    return made;
  }

  state(): ReadonlyMap<string, Variable> {
    return new Map([["learningRate", this.learningRate], ["step", this.step], ...this.#flat]);
  }

  loadState(saved: Readonly<Record<string, SavedEntry>>, options?: LoadOptions): void {
    checkOptions(this.#name, options, LOAD_RULES);
    check(this.#name, "the state", saved, record, "Give what state() named.");
    const names = Object.keys(saved);
    this.#checkNames(names, names.length === 2);
    const elements = new Map(
      Object.entries(saved).map(([name, entry]) => {
        const data = savedElements(this.#name, name, entry, undefined, options);
        this.#checkSize(name, data.length);
        return [name, data];
      }),
    );
    if (elements.get("step")?.[0] !== 0) this.#checkNames(names, false);
    check(this.#name, "learningRate", elements.get("learningRate")?.[0], notNegative);
    check(this.#name, "step", elements.get("step")?.[0], whole);
    for (const name of this.#flatNames) this.#loadFlat(name, elements.get(name));
    for (const name of ["learningRate", "step"] as const) {
      const data = elements.get(name);
      if (data !== undefined) this[name].load(data);
    }
  }

  /** Saved before the first update there is nothing but zeros behind the name. */
  #loadFlat(name: string, data: HostArray | undefined): void {
    const held = this.#flat.get(name);
    if (this.#parameters !== undefined) {
      held?.load(data ?? new Float32Array(held.size));
      return;
    }
    held?.dispose();
    if (data === undefined) this.#flat.delete(name);
    else this.#flat.set(name, variable(data.slice(), [data.length], name));
  }

  /** `isFresh`: saved before the first update. */
  #checkNames(given: readonly string[], isFresh: boolean): void {
    const needed = ["learningRate", "step"];
    const expected = isFresh ? needed : [...needed, ...this.#flatNames];
    if (given.length === expected.length && expected.every((name) => given.includes(name))) return;
    throw new ArgumentError(
      `${this.#name}: loadState must be given what state() named: ${expected.join(", ")}; got ${given.join(", ").slice(0, 400) || "nothing"}. Nothing was loaded. Make the optimizer that the state was saved from.`,
    );
  }

  /** What is loaded before there are parameters whose state it could be may have any size until then. */
  #checkSize(name: string, given: number, parameters = this.#parameters): void {
    const own = this.#flatNames.includes(name) ? parameters && lengthOf(parameters) : 1;
    if (own === undefined || own === given) return;
    throw new ShapeError(
      `${this.#name}: a saved state must be that of the same parameters; got ${given} numbers for ${name}, which has ${own}. Build the model as it was when the state was saved.`,
    );
  }

  /** Counts the step and prepares what the update ops take. */
  begin(gradients: Gradients, options: UpdateOptions): UpdateInputs {
    const remedy = "Give what valueAndGrad returned.";
    check(this.#name, "gradients", gradients, gradientMap, remedy);
    checkOptions(this.#name, options, { when: anything, norm: anything });
    const { when, norm } = options;
    if (norm !== undefined) checkTensor(this.#name, norm, "norm");
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
      for (const [name, { size }] of this.#flat) this.#checkSize(name, size, given);
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

/** Of a flat piece of state. */
function lengthOf(parameters: readonly Variable[]): number {
  return packedOffsets(parameters.map(({ shape }) => shape)).length;
}
