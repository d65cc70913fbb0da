/** What calls have thrown, beside what docstrings say that they throw. */
import { ANYWHERE } from "./errors.ts";
import type { PublicApi } from "./read.ts";

/** By path, as `test/support/fuzz/surface.ts` has them: `nn.linear`, `Trainer` for its constructor, `Module.freeze`, `Module()`. */
type Thrown = ReadonlyMap<string, { readonly errors: ReadonlySet<string> }>;

/** Errors that no docstring tells of: `path: error`. */
export function undocumentedErrors({ names }: PublicApi, thrown: Thrown): string[] {
  const told = new Map(names.map(({ path, throws }) => [path, throws]));
  // Types and their members stand at the type's own name, whatever module exports it.
  for (const { path, throws } of names) {
    const parts = path.split(/[./]/);
    for (const short of [parts.slice(-2).join("."), parts.at(-1) ?? ""])
      if (!told.has(short)) told.set(short, throws);
  }
  const says = (path: string) =>
    told.get(`${path}.new`) ?? told.get(path) ?? told.get(path.replace("()", ""));
  // `x + 1` calls it: no name that users write.
  const isNamed = ([path]: readonly [string, unknown]) => !path.endsWith("[Symbol.toPrimitive]");
  return [...thrown]
    .filter(isNamed)
    .flatMap(([path, { errors }]) =>
      [...errors]
        .filter((error) => !ANYWHERE.includes(error) && !says(path)?.includes(error))
        .map((error) => `${path}: ${error}, where it says: ${says(path) ?? "nothing"}`),
    );
}
