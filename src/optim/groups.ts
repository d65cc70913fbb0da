/** Which parameters an optimizer treats alike, and what it holds for them. */
import { checkOptions, type Rule } from "../arguments.ts";
import { ArgumentError } from "../errors.ts";
import { type Variable, variable } from "../functions.ts";
import { GROUP_RULES, type OptimizerOptions } from "./optimizer.ts";

/** Parameters with the same settings. */
export interface Group<Settings> {
  /** In front of the names of its state: "head.", or nothing of those that no group names. */
  readonly prefix: string;
  readonly settings: Settings;
  /** Names of what is held for every parameter. */
  readonly names: readonly string[];
  /** Of its own, or that of those that no group names. */
  readonly learningRate: Variable;
  readonly hasOwnRate: boolean;
  /** Those that may be in it; undefined of those that no group names. */
  readonly members: ReadonlySet<Variable> | undefined;
  /** Those that are, once there has been an update. */
  parameters: readonly Variable[];
}

/**
 * The named groups, and last the rest. `settingsOf` is asked with the options of each group over those of all.
 * @throws ArgumentError for options that are none and parameters of two groups
 */
export function groupsOf<Options extends OptimizerOptions, Settings>(
  kind: string,
  options: Options,
  rules: Readonly<Record<string, Rule>>,
  settingsOf: (options: Options) => Settings,
  namesOf: (settings: Settings) => readonly string[],
): Group<Settings>[] {
  const withNames = (settings: Settings) => ({ settings, names: namesOf(settings) });
  const base = variable(options.learningRate, [], `${kind}.learningRate`);
  const seen = new Set<Variable>();
  const named = Object.entries(options.groups ?? {}).map(([name, group]): Group<Settings> => {
    const caller = `${kind}, group ${name}`;
    checkOptions<Partial<Record<string, unknown>>>(
      caller,
      { ...group },
      { ...GROUP_RULES, ...rules },
    );
    for (const parameter of group.parameters) checkNew(caller, seen, parameter);
    const { learningRate: rate } = group;
    const given = Object.fromEntries(Object.entries(group).filter(([, own]) => own !== undefined));
    return {
      prefix: `${name}.`,
      ...withNames(settingsOf({ ...options, ...given })),
      hasOwnRate: rate !== undefined,
      learningRate: rate === undefined ? base : variable(rate, [], `${kind}.${name}.learningRate`),
      members: new Set(group.parameters),
      parameters: [],
    };
  });
  const rest = {
    prefix: "",
    hasOwnRate: true,
    learningRate: base,
    members: undefined,
    parameters: [],
  };
  return [...named, { ...rest, ...withNames(settingsOf(options)) }];
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
