/** What else belongs to a training: states of others that are saved and loaded with its own. */

import { ArgumentError } from "../errors.ts";
import { hosted } from "../host.ts";
import { mapped } from "../records.ts";
import type { Saved } from "./options.ts";

type All = Readonly<Record<string, Saved>>;

/** By name; plain data is copied, so that it stays what it was. */
export function savedAlso(also: All | undefined): Readonly<Record<string, unknown>> | undefined {
  if (also === undefined) return undefined;
  return mapped(also, (one) => hosted("structuredClone")(one.state()));
}

/**
 * Loads `saved`, and then does `rest`; where anything is refused all are as they were. A state that was saved without
 * any changes none.
 * @throws ArgumentError for other names than there are; what they and `rest` throw
 */
export function loadAlso(
  also: All = {},
  saved: Readonly<Record<string, unknown>> | undefined,
  rest: () => void,
): void {
  const names = Object.keys(saved ?? {});
  const unknown = names.filter((name) => !Object.hasOwn(also, name));
  if (unknown.length > 0) {
    throw new ArgumentError(
      `loadState: the Trainer must have all that was saved with it; got ${unknown.join(", ")} beside ${Object.keys(also).join(", ") || "nothing"}. Give it as \`also\` where the Trainer is made.`,
    );
  }
  const before = names.map((name) => [name, also[name]?.state()] as const);
  try {
    for (const name of names) load(also[name], saved?.[name]);
    rest();
  } catch (error) {
    for (const [name, state] of before) load(also[name], state);
    throw error;
  }
}

/** Of what a state is only the one who takes it knows. */
function load(one: Saved | undefined, state: unknown): void {
  one?.loadState(state as never);
}
