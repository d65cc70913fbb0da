import { isRecord, shown } from "../arguments.ts";
import { ArgumentError } from "../errors.ts";

/**
 * How far a gradient reaches back through a long sequence, in steps. Williams & Peng 1990: BPTT(h; h').
 *
 * A number k cuts the sequence into windows of k steps: every window is an update of its own, whose gradient ends where
 * the window begins. With `{ every, back }` the data comes in blocks of `every` steps, and the update for a block
 * reaches back `back` ≥ `every` steps, through blocks that have had their own update already; the loss counts the
 * block's own targets only, so that each counts once. Every gradient then reaches back at least `back − every + 1`
 * steps, where that of a window's first step reaches back one.
 */
export type Window = number | { readonly every: number; readonly back: number };

export interface Truncation {
  /** Steps between two updates. */
  readonly every: number;
  /** Steps that the gradient of an update reaches back. */
  readonly back: number;
}

/** @throws ArgumentError for what is not whole, less than 1, or back < every */
export function truncationOf(window: Window): Truncation {
  const given: Partial<Record<keyof Truncation, unknown>> = isRecord(window)
    ? window
    : { every: window, back: window };
  const { every, back } = given;
  if (!isCount(every) || !isCount(back)) {
    const told = Object.entries(given).map(([name, n]) => `${name} ${shown(n)}`);
    const got = isRecord(window) ? told.join(", ") || "neither" : shown(window);
    throw new ArgumentError(
      `Trainer: window must be a whole number of 1 or more, or two of them, { every, back }; got ${got}. It counts steps of a sequence; leave it out where sequences are short.`,
    );
  }
  if (back < every) {
    throw new ArgumentError(
      `Trainer: an update must reach back through at least the steps that it comes after; got every ${every}, back ${back}. Make back at least ${every}.`,
    );
  }
  return { every, back };
}

function isCount(n: unknown): n is number {
  return Number.isSafeInteger(n) && Number(n) > 0;
}
