/** How fast steps follow each other: networks learn faster than eyes see. */
import type { Pace } from "../protocol.ts";

const FIRST_PER_SECOND = 5;
const FASTER_EACH_STEP = 1.1;
const SLOW_PER_SECOND = 2;

/** Milliseconds from one step to the next; `step` is counted from where easing in began. */
export function stepMs(pace: Pace, step: number): number {
  switch (pace) {
    case "ease": {
      const ms = 1000 / (FIRST_PER_SECOND * FASTER_EACH_STEP ** step);
      return ms < 1 ? 0 : ms;
    }
    case "slow":
      return 1000 / SLOW_PER_SECOND;
    case "full":
      return 0;
    default:
      return pace satisfies never;
  }
}
