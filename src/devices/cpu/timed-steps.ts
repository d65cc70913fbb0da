/** A program as it is walked for its times: every call by itself. */
import { LOOP } from "./messages.ts";

/** `place`: which call of the plan it is, in the order of `callsOf`. */
export type TimedStep =
  /** Bytes from the start of the program's words. */
  | { readonly kind: "call"; readonly start: number; readonly end: number; readonly place: number }
  | {
      readonly kind: "loop";
      readonly count: number;
      readonly reverse: boolean;
      readonly body: readonly TimedStep[];
    };

/** The steps of a program's `words`, and how many calls they are. */
export function timedSteps(words: Uint32Array): {
  readonly steps: readonly TimedStep[];
  readonly calls: number;
} {
  let calls = 0;
  const between = (start: number, end: number): TimedStep[] => {
    const steps: TimedStep[] = [];
    for (let at = start; at < end; ) {
      const [head = 0, bytes = 0, count = 0, reverse = 0] = words.subarray(at / 4, at / 4 + 4);
      const next = at + 8 + bytes;
      if ((head & 0xffff) === LOOP)
        steps.push({ kind: "loop", count, reverse: reverse !== 0, body: between(at + 16, next) });
      else steps.push({ kind: "call", start: at, end: next, place: calls++ });
      at = next;
    }
    return steps;
  };
  return { steps: between(0, words.byteLength), calls };
}
