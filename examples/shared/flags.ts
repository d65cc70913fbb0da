/** What reading a command line takes. */

export const MAX_SEED = 2 ** 32 - 1;

/** A whole number from 0 to MAX_SEED, or undefined. */
export function seedFrom(given: string | undefined): number | undefined {
  const seed = /^\d+$/.test(given ?? "") ? Number(given) : Number.NaN;
  return seed <= MAX_SEED ? seed : undefined;
}

/** "--seed=7" as flag and value; the value is undefined where there is no equals sign. */
export function splitAtEquals(argument: string): [flag: string, inline: string | undefined] {
  const at = argument.indexOf("=");
  return at < 0 ? [argument, undefined] : [argument.slice(0, at), argument.slice(at + 1)];
}

/** What was given, for an error. */
export function quote(given: string | undefined): string {
  return given === undefined ? "nothing" : `"${given}"`;
}

/** Names the flag that was probably meant, if one is near. */
export function suggestion(flag: string, flags: readonly string[]): string {
  const near = flags.map((known) => ({ known, distance: editDistance(flag, known) }));
  near.sort((a, b) => a.distance - b.distance);
  const [best] = near;
  return best !== undefined && best.distance <= 3 ? ` Did you mean ${best.known}?` : "";
}

/** Insertions, deletions and replacements that turn `a` into `b` (Levenshtein). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replace, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
