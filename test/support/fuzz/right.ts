/** Arguments that are what the declarations ask for. */
import { type Arg, fields, leaf, list, make, plain } from "./argument.ts";
import { type Context, instances } from "./instances.ts";
import type { Form, Parameter, Signature } from "./surface.ts";

/** Numbers that make sense, by what the parameter is called. */
const NUMBERS: Readonly<Record<string, readonly number[]>> = {
  p: [0, 0.25, 0.5],
  axis: [0, -1, 1],
  learningRate: [0.1, 0.01],
  seed: [0, 7],
  batchSize: [1, 2],
  epochs: [1, 2],
  window: [2, 3],
  every: [2],
  back: [2, 4],
  steps: [3, 4],
  temperature: [0.5, 1],
  groups: [1, 2],
  threads: [1],
  memoryBudget: [2 ** 24],
};
const ANY_NUMBER = [0, 1, 2, 3, 2, 4, 0.5, -1];
const TEXTS = ["a", "abc", "name"];

export function rightArguments({ parameters, hasRest }: Signature, context: Context): Arg[] {
  const { dice } = context;
  const args: Arg[] = [];
  for (const [i, parameter] of parameters.entries()) {
    if (hasRest && i === parameters.length - 1) {
      const count = dice.pick([1, 1, 2, 3]);
      const of: Form = parameter.form.kind === "list" ? parameter.form.of : parameter.form;
      for (let n = 0; n < count; n++) args.push(rightArgument(of, parameter.name, context));
    } else if (parameter.isOptional && dice.chance(0.4)) break;
    else args.push(rightArgument(parameter.form, parameter.name, context));
  }
  return args;
}

export function rightArgument(form: Form, name: string, context: Context): Arg {
  const { dice } = context;
  switch (form.kind) {
    case "number":
      return plain(dice.pick(NUMBERS[name] ?? ANY_NUMBER));
    case "string":
      return plain(dice.pick(TEXTS));
    case "boolean":
      return plain(dice.chance(0.5));
    case "literal":
      return plain(form.value);
    case "nothing":
      return plain(undefined);
    case "anything":
      return dice.pick([plain(1), plain("a"), instances.Tensor?.(context) ?? plain(0), list([])]);
    case "named":
      return instances[form.name]?.(context) ?? plain(undefined);
    case "list":
      return list(
        Array.from({ length: dice.pick([1, 2, 3]) }, () => rightArgument(form.of, name, context)),
      );
    case "tuple":
      return list(form.of.map((part) => rightArgument(part, name, context)));
    case "either":
      return rightArgument(dice.pick(form.of), name, context);
    case "record":
      return record(form.fields, context);
    case "function":
      return functionGiving(form.signature, context);
  }
}

function record(parameters: readonly Parameter[], context: Context): Arg {
  const chosen = parameters.filter(({ isOptional }) => !isOptional || context.dice.chance(0.4));
  return fields(
    Object.fromEntries(chosen.map(({ name, form }) => [name, rightArgument(form, name, context)])),
  );
}

/** A function that gives one of its arguments back, or what it is declared to return. */
function functionGiving({ parameters, returns }: Signature, context: Context): Arg {
  const { dice } = context;
  if (parameters.length > 0 && dice.chance(0.4)) return leaf("(x) => x", () => (x: unknown) => x);
  const given = rightArgument(returns, "", context);
  return leaf(
    `() => (${given.kind === "leaf" ? given.text : "…"})`,
    () => () => make(given, () => undefined),
  );
}
