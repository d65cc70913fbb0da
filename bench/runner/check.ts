/** Whether two engines computed the same. A wrong computation is no rival. */
import type { BenchCase } from "../contract.ts";

/** Losses of three steps, in f32 and in whatever order sums were taken. */
const LOSS_TOLERANCE = 2e-3;
/** Checksums: relative to the size of the elements. */
const CHECKSUM_TOLERANCE = 2e-3;

/** Why `got` is not what ours is, or undefined where it is. */
export function isSame(
  { kind }: BenchCase,
  got: readonly number[],
  ours: readonly number[],
): string | undefined {
  if (got.length !== ours.length) {
    return `gave ${got.length} numbers to compare, ours gave ${ours.length}`;
  }
  const isLosses = kind.endsWith("-train") || kind === "tbptt" || kind === "overhead";
  const tolerance = isLosses ? LOSS_TOLERANCE : CHECKSUM_TOLERANCE;
  for (const [i, own] of ours.entries()) {
    const theirs = got[i] ?? Number.NaN;
    // Of the three numbers of a checksum the second is the root mean square: it scales them all.
    const size = isLosses
      ? Math.abs(own)
      : Math.max(Math.abs(own), ours[3 * Math.floor(i / 3) + 1] ?? 0);
    // Not finite counts as different, also where both are.
    if (!(Math.abs(theirs - own) <= tolerance * size + 1e-30)) {
      const what = isLosses
        ? `the loss of step ${i + 1}`
        : `number ${(i % 3) + 1} of checksum ${Math.floor(i / 3) + 1}`;
      return `computed something else: ${what} is ${theirs.toPrecision(6)}, ours ${own.toPrecision(6)}`;
    }
  }
  return undefined;
}
