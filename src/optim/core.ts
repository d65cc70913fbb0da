/** What optimizers share: groups of parameters side by side, learning rates and the number of the step as data, averages. */
import {
  anything,
  check,
  checkOptions,
  notNegative,
  type Rule,
  record,
  shown,
  text,
  whole,
} from "../arguments.ts";
import { ArgumentError } from "../errors.ts";
import {
  add,
  cast,
  equal,
  type Gradients,
  type LoadOptions,
  mul,
  type SavedEntry,
  type Shape,
  sub,
  type Tensor,
  type Variable,
  variable,
  where,
} from "../functions.ts";
import {
  assignPacked,
  checkGradients,
  checkTensor,
  isFrozen,
  LOAD_RULES,
  packed,
  packVariables,
  savedElements,
} from "../internals.ts";
import { Accumulation, GRADIENTS } from "./accumulation.ts";
import { clip } from "./clip.ts";
import type { Site, Updated } from "./expression.ts";
import { arranged, checkMembers, type Group, groupsOf } from "./groups.ts";
import { HeldState, wrongNames, wrongSize } from "./held-state.ts";
import {
  gradientMap,
  OPTIMIZER_RULES,
  type Optimizer,
  type OptimizerOptions,
  type UpdateOptions,
} from "./optimizer.ts";
import { rateAt } from "./schedules.ts";

/** The name under which averages of the parameters are held. */
const AVERAGE = "average";

/** What each kind of optimizer has, coupled to the gradient or decoupled from it. */
interface Decaying {
  readonly weightDecay: number;
}

/** What makes one kind of optimizer. */
export interface Recipe<Settings extends Decaying> {
  /** What it can be told beside what all can: the rule of each setting, and what it is where nothing is said. */
  readonly settings: { readonly [K in keyof Settings]: readonly [rule: Rule, usual: Settings[K]] };
  /** @throws ArgumentError for settings that do not go together */
  check?(settings: Settings): void;
  /** Names of what is held for every parameter. */
  state(settings: Settings): readonly string[];
  /** Whether a name is held for parameters of a shape: for all where nothing is said. What is flat is. */
  holds?(settings: Settings, name: string, shape: Shape): boolean;
  /** Whether that is saved as one flat variable for all parameters of a group (see `packedOffsets`), or as one for each. */
  readonly isFlat: boolean;
  /** Whether weightDecay · p is added to the direction, as AdamW has it, and not to the gradient, which is L2. */
  isDecoupled?(settings: Settings): boolean;
  /** Where the parameters of a group go, all of them one behind the other, and what is held for them. */
  update(site: Site, settings: Settings): Updated;
}

/** @throws ArgumentError for options that break a rule */
export function makeOptimizer<Settings extends Decaying>(
  kind: string,
  options: OptimizerOptions,
  recipe: Recipe<Settings>,
): Optimizer {
  const core = new OptimizerCore(kind, options, recipe);
  return {
    update: (gradients, update = {}) => core.update(gradients, update),
    setLearningRate: (learningRate, group) => core.setLearningRate(learningRate, group),
    state: () => core.state(),
    loadState: (saved, load) => core.loadState(saved, load),
    inOrder: (parameters) => core.inOrder(parameters),
    checkGroups: (caller, named) => core.checkGroups(caller, named),
    ...(options.average && { swapAverages: () => core.swapAverages() }),
  };
}

const guarded = (when: Tensor | undefined, value: Tensor, before: Tensor) =>
  when === undefined ? value : where(when, value, before);

class OptimizerCore<Settings extends Decaying> {
  readonly #kind: string;
  readonly #recipe: Recipe<Settings>;
  readonly #options: OptimizerOptions;
  readonly #groups: Group<Settings>[];
  readonly #held: HeldState;
  /** Updates made so far. */
  readonly #step: Variable;
  readonly #accumulation: Accumulation | undefined;
  #parameters: readonly Variable[] | undefined;

  constructor(kind: string, options: OptimizerOptions, recipe: Recipe<Settings>) {
    const told = Object.entries<readonly [Rule, unknown]>(recipe.settings);
    const rules = Object.fromEntries(told.map(([name, [rule]]) => [name, rule]));
    const all: Readonly<Record<string, Rule>> = { ...OPTIMIZER_RULES, ...rules };
    checkOptions<Partial<Record<string, unknown>>>(kind, options as object, all);
    const settingsOf = (given: Readonly<Record<string, unknown>>) => {
      const entries = told.map(([name, [, usual]]) => [name, given[name] ?? usual] as const);
      const settings = Object.fromEntries(entries) as unknown as Settings; // each by its rule
      recipe.check?.(settings);
      return settings;
    };
    this.#kind = kind;
    this.#recipe = recipe;
    this.#options = options;
    const { accumulate = 1, average } = options;
    const shared = [...(accumulate > 1 ? [GRADIENTS] : []), ...(average ? [AVERAGE] : [])];
    this.#groups = groupsOf(kind, options, rules, settingsOf, (settings) => ({
      names: [...recipe.state(settings), ...shared],
      ...(recipe.holds && {
        holds: (name, shape) =>
          shared.includes(name) || recipe.holds?.(settings, name, shape) !== false,
      }),
    }));
    this.#held = new HeldState(kind, recipe.isFlat);
    this.#step = variable(0, [], `${kind}.step`);
    this.#accumulation =
      accumulate > 1 ? new Accumulation(kind, accumulate, this.#held) : undefined;
  }

  /** Counts the step and has every group updated. */
  update(gradients: Gradients, options: UpdateOptions): void {
    const remedy = "Give what valueAndGrad returned.";
    check(this.#kind, "gradients", gradients, gradientMap, remedy);
    checkOptions(this.#kind, options, { when: anything, norm: anything });
    const { norm } = options;
    if (norm !== undefined) checkTensor(this.#kind, norm, "norm");
    const parameters = this.#settle([...gradients.keys()]);
    const gradientOf = (parameter: Variable) => gradients.get(parameter) ?? parameter;
    checkGradients(this.#kind, parameters, parameters.map(gradientOf));
    const groups = this.#groups.filter((group) => group.parameters.length > 0);
    const given = groups.map((group) => packed(group.parameters.map(gradientOf)));
    const { gradients: whole, when } = this.#accumulation?.add(groups, given, options.when) ?? {
      gradients: given,
      when: options.when,
    };
    const clipped = clip(whole, this.#options, this.#accumulation === undefined ? norm : undefined);
    this.#followSchedules(when);
    this.#step.assign(add(this.#step, when === undefined ? 1 : cast(when, "f32")));
    for (const [i, gradient] of clipped.entries()) {
      const group = groups[i];
      if (group !== undefined) this.#updateGroup(group, gradient, when);
    }
  }

  #updateGroup(group: Group<Settings>, gradient: Tensor, when: Tensor | undefined): void {
    const { parameters, learningRate, settings } = group;
    const parameter = packed(parameters);
    const held = (name: string) => this.#held.read(group, name);
    const shapes = parameters.map(({ shape }) => shape);
    const { weightDecay } = settings;
    const decayed = (x: Tensor) => (weightDecay === 0 ? x : add(x, mul(parameter, weightDecay)));
    const isDecoupled = this.#recipe.isDecoupled?.(settings) ?? false;
    const own = isDecoupled ? gradient : decayed(gradient);
    const site = { gradient: own, learningRate, step: this.#step, held, shapes };
    const { direction, rate = learningRate, state } = this.#recipe.update(site, settings);
    const next = sub(parameter, mul(rate, isDecoupled ? decayed(direction) : direction));
    for (const [name, value] of Object.entries({ ...state, ...this.#averaged(group, next) }))
      this.#held.write(group, name, guarded(when, value, held(name)));
    assignPacked(parameters, guarded(when, next, parameter));
  }

  #averaged(group: Group<Settings>, next: Tensor) {
    const { average } = this.#options;
    if (!average) return {};
    const faded = add(mul(this.#held.read(group, AVERAGE), average), mul(next, 1 - average));
    return { [AVERAGE]: where(equal(this.#step, 1), next, faded) };
  }

  swapAverages(): void {
    if (!this.#options.average || this.#parameters === undefined) {
      throw new ArgumentError(
        `${this.#kind}: averages must have been held, for one update or more; got average ${shown(this.#options.average)}. Make the optimizer with { average: 0.999 }, and train first.`,
      );
    }
    for (const group of this.#groups) {
      if (group.parameters.length === 0) continue;
      const parameter = packed(group.parameters);
      assignPacked(group.parameters, this.#held.read(group, AVERAGE));
      this.#held.write(group, AVERAGE, parameter);
    }
  }

  /** Rates of the update that comes: all of them before the step is counted. */
  #followSchedules(when: Tensor | undefined): void {
    for (const { hasOwnRate, schedule, learningRate } of this.#groups) {
      if (!hasOwnRate || schedule === undefined) continue;
      const rate = rateAt(this.#kind, schedule, this.#step);
      learningRate.assign(guarded(when, rate, learningRate));
    }
  }

  inOrder(parameters: readonly Variable[]): Variable[] {
    return arranged(this.#groups, parameters).flat();
  }

  checkGroups(caller: string, named: ReadonlyMap<string, Variable>): void {
    checkMembers(caller, this.#groups, new Set(named.values()), [...named.keys()]);
  }

  /** The parameters in the order of the groups, which the first update decides. */
  #settle(given: readonly Variable[]): readonly Variable[] {
    if (this.#parameters === undefined) {
      const frozen = this.#groups.flatMap(({ members }) => [...(members ?? [])].filter(isFrozen));
      const names = given.map(({ name }) => name);
      checkMembers(this.#kind, this.#groups, new Set([...given, ...frozen]), names);
      const lists = arranged(this.#groups, given);
      this.#held.settle(this.#groups.map((group, i) => ({ ...group, parameters: lists[i] ?? [] })));
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
    if (name !== undefined) check(this.#kind, "the group", name, text);
    const prefix = name === undefined ? "" : `${name}.`;
    const group = this.#groups.find((one) => one.prefix === prefix && one.hasOwnRate);
    if (group?.schedule !== undefined) {
      throw new ArgumentError(
        `${this.#kind}: a learning rate that is set must not follow a schedule; got one for ${shown(name ?? "all groups")}. Make the optimizer with a number, or have the schedule say what you want.`,
      );
    }
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
    const { collected } = this.#accumulation ?? {};
    const counted: [string, Variable][] = [["step", this.#step]];
    if (collected !== undefined) counted.push(["collected", collected]);
    return new Map([...(first ? [first] : []), ...counted, ...others]);
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
      check(this.#kind, name, data[0], name.endsWith("learningRate") ? notNegative : whole);
    this.#held.load(elements);
    for (const [name, held] of numbers) {
      const data = loaded.get(name)?.data;
      if (data !== undefined) held.load(data);
    }
  }
}
