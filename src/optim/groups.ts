/** Which parameters an optimizer treats alike, and what it holds for them. */
import { checkOptions, type Rule, shown } from "../arguments.ts";
import { ArgumentError } from "../errors.ts";
import { type Shape, type Variable, variable } from "../functions.ts";
import { GROUP_RULES, type OptimizerOptions } from "./optimizer.ts";
import type { Schedule } from "./schedules.ts";

/** What is held for the parameters of a group. */
export interface Holding {
  readonly names: readonly string[];
  /** Whether a name is held for parameters of a shape; for all where it is missing. */
  readonly holds?: (name: string, shape: Shape) => boolean;
}

/** Parameters with the same settings. */
export interface Group<Settings> extends Holding {
  /** In front of the names of its state: "head.", or nothing of those that no group names. */
  readonly prefix: string;
  readonly settings: Settings;
  /** Of its own, or that of those that no group names; what the schedule said last, where there is one. */
  readonly learningRate: Variable;
  readonly schedule: Schedule | undefined;
  readonly hasOwnRate: boolean;
  /** Those that may be in it; undefined of those that no group names. */
  readonly members: ReadonlySet<Variable> | undefined;
  /** Those that are, once there has been an update. */
  parameters: readonly Variable[];
}

/**
 * The named groups, and last the rest. `settingsOf` is asked with the options of each group over those of all.
 * @throws ArgumentError for options that are none, groups of nothing and parameters of two groups
 */
export function groupsOf<Settings>(
  kind: string,
  options: OptimizerOptions,
  rules: Readonly<Record<string, Rule>>,
  settingsOf: (options: Readonly<Record<string, unknown>>) => Settings,
  holdingOf: (settings: Settings) => Holding,
): Group<Settings>[] {
  const told = (settings: Settings) => ({ settings, ...holdingOf(settings) });
  const base = rateOf(`${kind}.learningRate`, options.learningRate);
  const seen = new Set<Variable>();
  const named = Object.entries(options.groups ?? {}).map(([name, group]): Group<Settings> => {
    const caller = `${kind}, group ${name}`;
    if (!Object.hasOwn(group, "parameters")) {
      throw new ArgumentError(
        `${caller}: a group must have parameters; got ${shown(group)}. Write { parameters: layer.parameters() } and its settings beside them; groups lie in no groups.`,
      );
    }
    const own: Readonly<Record<string, Rule>> = { ...GROUP_RULES, ...rules };
    checkOptions<Partial<Record<string, unknown>>>(caller, { ...group }, own);
    if (group.parameters.length === 0) {
      throw new ArgumentError(
        `${caller}: parameters must be one or more; got none. Look at what chose them, or leave the group out.`,
      );
    }
    for (const parameter of group.parameters) checkNew(caller, seen, parameter);
    const { learningRate: rate } = group;
    const given = Object.entries(group).filter(([, value]) => value !== undefined);
    return {
      prefix: `${name}.`,
      ...told(settingsOf({ ...options, ...Object.fromEntries(given) })),
      hasOwnRate: rate !== undefined,
      ...(rate === undefined ? base : rateOf(`${kind}.${name}.learningRate`, rate)),
      members: new Set(group.parameters),
      parameters: [],
    };
  });
  const rest = { prefix: "", hasOwnRate: true, ...base, members: undefined, parameters: [] };
  return [...named, { ...rest, ...told(settingsOf({ ...options })) }];
}

/** A rate that a schedule gives is 0 until it has. */
function rateOf(name: string, rate: number | Schedule) {
  const isNumber = typeof rate === "number";
  return {
    learningRate: variable(isNumber ? rate : 0, [], name),
    schedule: isNumber ? undefined : rate,
  };
}

/**
 * That the groups name no parameters but `known`: others would never be updated.
 * @throws ArgumentError that names the group, and what there is instead
 */
export function checkMembers(
  caller: string,
  groups: readonly Group<unknown>[],
  known: ReadonlySet<Variable>,
  paths: readonly string[],
): void {
  for (const { prefix, members } of groups) {
    const others = [...(members ?? [])].filter((one) => !known.has(one));
    if (others.length === 0) continue;
    const names = others.map(({ name }) => name).join(", ");
    throw new ArgumentError(
      `${caller}: parameters of the group ${prefix.slice(0, -1)} must be among those that are trained; got ${others.length} that are not, ${names.slice(0, 200)}, where there are ${paths.join(", ").slice(0, 400) || "none"}. Give those of a layer of this very model.`,
    );
  }
}

function checkNew(caller: string, seen: Set<Variable>, parameter: Variable): void {
  if (!seen.has(parameter)) {
    seen.add(parameter);
    return;
  }
  throw new ArgumentError(
    `${caller}: a parameter must be in one group, once; got ${parameter.name} again. Take it out of one of them.`,
  );
}

/** `parameters` by group, those of one side by side, in the order of the groups. */
export function arranged(
  groups: readonly Group<unknown>[],
  parameters: readonly Variable[],
): Variable[][] {
  const named = groups.flatMap(({ members }) => (members === undefined ? [] : [members]));
  return groups.map(({ members }) =>
    parameters.filter((one) =>
      members === undefined ? !named.some((other) => other.has(one)) : members.has(one),
    ),
  );
}
