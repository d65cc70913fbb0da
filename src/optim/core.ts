/** What optimizers share: groups of parameters side by side, learning rates and the number of the step as data, clipping. */
import {
  anything,
  check,
  checkOptions,
  notNegative,
  type Rule,
  record,
  shown,
  whole,
} from "../arguments.ts";
import { ArgumentError } from "../errors.ts";
import {
  add,
  asTensor,
  cast,
  div,
  type Gradients,
  type LoadOptions,
  minimum,
  mul,
  type SavedEntry,
  sqrt,
  sumOfSquares,
  type Tensor,
  type Variable,
  variable,
  where,
} from "../functions.ts";
import {
  assignPacked,
  checkGradients,
  checkTensor,
  LOAD_RULES,
  packed,
  packVariables,
  savedElements,
} from "../internals.ts";
import type { Site, Updated } from "./expression.ts";
import { arranged, type Group, groupsOf } from "./groups.ts";
import { HeldState, wrongNames, wrongSize } from "./held-state.ts";
import {
  gradientMap,
  OPTIMIZER_RULES,
  type Optimizer,
  type OptimizerOptions,
  type UpdateOptions,
} from "./optimizer.ts";

/** What makes one kind of optimizer. */
export interface Recipe<Options extends OptimizerOptions, Settings> {
  /** Of what it can be told beside what all can. */
  readonly rules: Readonly<Record<string, Rule>>;
  /** What the options of a group say, defaults filled in. @throws ArgumentError for those that do not go together */
  settingsOf(options: Options): Settings;
  /** Names of what is held for every parameter. */
  state(settings: Settings): readonly string[];
  /** Whether that is saved as one flat variable for all parameters of a group (see `packedOffsets`), or as one for each. */
  readonly isFlat: boolean;
  /** What the parameters of a group become, all of them one behind the other, and what is held for them. */
  update(site: Site, settings: Settings): Updated;
}

/** @throws ArgumentError for options that break a rule */
export function makeOptimizer<Options extends OptimizerOptions, Settings>(
  kind: string,
  options: Options,
  recipe: Recipe<Options, Settings>,
): Optimizer {
  checkOptions<Partial<Record<string, unknown>>>(kind, options as object, {
    ...OPTIMIZER_RULES,
    ...recipe.rules,
  });
  const core = new OptimizerCore(kind, options, recipe);
  return {
    update: (gradients, update = {}) => core.update(gradients, update),
    setLearningRate: (learningRate, group) => core.setLearningRate(learningRate, group),
    state: () => core.state(),
    loadState: (saved, load) => core.loadState(saved, load),
    inOrder: (parameters) => core.inOrder(parameters),
  };
}

class OptimizerCore<Options extends OptimizerOptions, Settings> {
  readonly #kind: string;
  readonly #recipe: Recipe<Options, Settings>;
  readonly #clipNorm: number | undefined;
  readonly #groups: Group<Settings>[];
  readonly #held: HeldState;
  /** Updates made so far. */
  readonly #step: Variable;
  #parameters: readonly Variable[] | undefined;

  constructor(kind: string, options: Options, recipe: Recipe<Options, Settings>) {
    this.#kind = kind;
    this.#recipe = recipe;
    this.#clipNorm = options.clipNorm;
    this.#groups = groupsOf(kind, options, recipe.rules, recipe.settingsOf, recipe.state);
    this.#held = new HeldState(kind, recipe.isFlat);
    this.#step = variable(0, [], `${kind}.step`);
  }

  /** Counts the step and has every group updated. */
  update(gradients: Gradients, options: UpdateOptions): void {
    const remedy = "Give what valueAndGrad returned.";
    check(this.#kind, "gradients", gradients, gradientMap, remedy);
    checkOptions(this.#kind, options, { when: anything, norm: anything });
    const { when, norm } = options;
    if (norm !== undefined) checkTensor(this.#kind, norm, "norm");
    const parameters = this.#settle([...gradients.keys()]);
    const gradientOf = (parameter: Variable) => gradients.get(parameter) ?? parameter;
    checkGradients(this.#kind, parameters, parameters.map(gradientOf));
    this.#step.assign(add(this.#step, when === undefined ? 1 : cast(when, "f32")));
    const clip = this.#clip(parameters.map(gradientOf), norm);
    for (const group of this.#groups)
      if (group.parameters.length > 0)
        this.#updateGroup(group, group.parameters.map(gradientOf), clip, when);
  }

  #updateGroup(
    group: Group<Settings>,
    gradients: readonly Tensor[],
    clip: Tensor | undefined,
    when: Tensor | undefined,
  ): void {
    const { parameters, learningRate, settings } = group;
    const [parameter, gradient] = [packed(parameters), packed(gradients)];
    const held = (name: string) => this.#held.read(group, name);
    const clipped = clip === undefined ? gradient : mul(gradient, clip);
    const site = { parameter, gradient: clipped, learningRate, step: this.#step, held };
    const next = this.#recipe.update(site, settings);
    const guarded = (value: Tensor, before: Tensor) =>
      when === undefined ? value : where(when, value, before);
    for (const [name, value] of Object.entries(next.state))
      this.#held.write(group, name, guarded(value, held(name)));
    assignPacked(parameters, guarded(next.parameter, parameter));
  }

  #clip(gradients: readonly Tensor[], norm: Tensor | undefined): Tensor | undefined {
    if (this.#clipNorm === undefined) return undefined;
    const known = norm ?? sqrt(sumOfSquares(gradients));
    // The small term keeps 0/0 away where all gradients are 0.
    return minimum(div(asTensor(this.#clipNorm), add(known, 1e-6)), 1);
  }

  inOrder(parameters: readonly Variable[]): Variable[] {
    return arranged(this.#groups, parameters).flat();
  }

  /** The parameters in the order of the groups, which the first update decides. */
  #settle(given: readonly Variable[]): readonly Variable[] {
    if (this.#parameters === undefined) {
      const lists = arranged(this.#groups, given);
      const settled = this.#groups.map(({ prefix, names }, i) => ({
        prefix,
        names,
        parameters: lists[i] ?? [],
      }));
      this.#held.settle(settled);
      for (const [i, group] of this.#groups.entries()) group.parameters = lists[i] ?? [];
      this.#parameters = lists.flat();
      packVariables(this.#parameters);
    }
    const own = this.#parameters;
    if (given.length === own.length && given.every((one) => own.includes(one))) return own;
    throw new ArgumentError(
      `${this.#kind}: update() must be given the same parameters at every call; got ${given.length} instead of the first ${own.length}, or others. Make a new optimizer after freeze() and unfreeze(), and give layers settings of their own by its groups.`,
    );
  }

  setLearningRate(learningRate: number, name?: string): void {
    check(this.#kind, "learningRate", learningRate, notNegative);
    const prefix = name === undefined ? "" : `${name}.`;
    const group = this.#groups.find((one) => one.prefix === prefix && one.hasOwnRate);
    if (group === undefined) {
      const known = this.#rates().map(([of]) => of.replace(/\.?learningRate$/, "") || "none");
      throw new ArgumentError(
        `${this.#kind}: the group must be one with a learning rate of its own; got ${shown(name)}, of ${known.join(", ")}. Others follow the one that is set without a group.`,
      );
    }
    group.learningRate.load(Float32Array.of(learningRate));
  }

  /** By the names under which they are saved, that of all others first. */
  #rates(): [string, Variable][] {
    return this.#groups
      .filter(({ hasOwnRate }) => hasOwnRate)
      .map(({ prefix, learningRate }): [string, Variable] => [
        `${prefix}learningRate`,
        learningRate,
      ])
      .reverse();
  }

  #numbers(): Map<string, Variable> {
    const [first, ...others] = this.#rates();
    return new Map([...(first ? [first] : []), ["step", this.#step], ...others]);
  }

  state(): ReadonlyMap<string, Variable> {
    return new Map([...this.#numbers(), ...this.#held.variables()]);
  }

  loadState(saved: Readonly<Record<string, SavedEntry>>, options?: LoadOptions): void {
    checkOptions(this.#kind, options, LOAD_RULES);
    check(this.#kind, "the state", saved, record, "Give what state() named.");
    const numbers = this.#numbers();
    const entries = Object.entries(saved).map(([name, entry]) => {
      const data = savedElements(this.#kind, name, entry, undefined, options);
      if (numbers.has(name) && data.length !== 1) throw wrongSize(this.#kind, name, data.length, 1);
      return [name, { shape: entry.shape, data }] as const;
    });
    const elements = new Map(entries.filter(([name]) => !numbers.has(name)));
    const loaded = new Map(entries.filter(([name]) => numbers.has(name)));
    if (loaded.size < numbers.size)
      throw wrongNames(this.#kind, Object.keys(saved), [...numbers.keys()]);
    const isFresh = loaded.get("step")?.data[0] === 0;
    this.#held.check(elements, this.#groups, [...numbers.keys()], isFresh);
    for (const [name, { data }] of loaded)
      check(this.#kind, name, data[0], name === "step" ? whole : notNegative);
    this.#held.load(elements);
    for (const [name, held] of numbers) {
      const data = loaded.get(name)?.data;
      if (data !== undefined) held.load(data);
    }
  }
}
