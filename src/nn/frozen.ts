/** Parameters are frozen by the patterns of their paths. */
import { check, nearestOf, shown, text } from "../arguments.ts";
import { ArgumentError } from "../errors.ts";
import type { Variable } from "../functions.ts";
import { markFrozen } from "../internals.ts";

let changes = 0;

/** Grows when anything is frozen or unfrozen: a step that was traced before then trains what held when it was. */
export function freezeChanges(): number {
  return changes;
}

/**
 * Freezes or unfreezes the parameters whose paths match `pattern`, in which * stands for any text; all where it is missing.
 * @throws ArgumentError for a pattern that matches none
 */
export function setFrozen(
  caller: "freeze" | "unfreeze",
  named: ReadonlyMap<string, Variable>,
  pattern: string | undefined,
): void {
  check(
    caller,
    "the pattern",
    pattern === undefined ? "*" : pattern,
    text,
    'Write model.freeze("0.*").',
  );
  const matcher = pattern === undefined ? /^/ : matcherOf(pattern);
  const found = [...named].filter(([path]) => matcher.test(path));
  if (pattern !== undefined && found.length === 0) {
    const paths = [...named.keys()];
    const nearest = nearestOf(pattern, [...paths, ...foldersOf(paths)]);
    const remedy =
      nearest === undefined ? '"0.*" stands for all below "0".' : `Did you mean ${shown(nearest)}?`;
    throw new ArgumentError(
      `${caller}: the pattern must match the path of a parameter; got ${shown(pattern)} for ${paths.join(", ").slice(0, 400) || "none"}. ${remedy}`,
    );
  }
  changes++;
  for (const [, parameter] of found) markFrozen(parameter, caller === "freeze");
}

/** "0.*" and "0.body.*" of "0.body.weight". */
function foldersOf(paths: readonly string[]): string[] {
  const all = paths.flatMap((path) => {
    const parts = path.split(".");
    return parts.slice(1).map((_, i) => `${parts.slice(0, i + 1).join(".")}.*`);
  });
  return [...new Set(all)];
}

function matcherOf(pattern: string): RegExp {
  const parts = pattern.split("*").map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`);
}
