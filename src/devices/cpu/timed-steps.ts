/** A program as it is walked for its times: every call by itself. */
import { LOOP, type Segment } from "./messages.ts";

export type FallbackSegment = Segment & { readonly kind: "fallback" };

/** `place`: which call of the plan it is, in the order of `callsOf`. */
export type TimedStep =
  /** Bytes from the start of the program's words. */
  | { readonly kind: "call"; readonly start: number; readonly end: number; readonly place: number }
  | { readonly kind: "fallback"; readonly segment: FallbackSegment; readonly place: number }
  | {
      readonly kind: "loop";
      readonly count: number;
      readonly reverse: boolean;
      readonly body: readonly TimedStep[];
    };

/** The steps of `segments`, whose commands are `words`, and how many calls they are. */
export function timedSteps(
  segments: readonly Segment[],
  words: Uint32Array,
): { readonly steps: readonly TimedStep[]; readonly calls: number } {
  let calls = 0;
  const ofCommands = (start: number, end: number): TimedStep[] => {
    const steps: TimedStep[] = [];
    for (let at = start; at < end; ) {
      const [head = 0, bytes = 0, count = 0, reverse = 0] = words.subarray(at / 4, at / 4 + 4);
      const next = at + 8 + bytes;
      if ((head & 0xffff) === LOOP)
        steps.push({
          kind: "loop",
          count,
          reverse: reverse !== 0,
          body: ofCommands(at + 16, next),
        });
      else steps.push({ kind: "call", start: at, end: next, place: calls++ });
      at = next;
    }
    return steps;
  };
  const ofSegments = (list: readonly Segment[]): TimedStep[] =>
    list.flatMap((segment): TimedStep[] => {
      if (segment.kind === "commands") return ofCommands(segment.start, segment.end);
      if (segment.kind === "fallback") return [{ kind: "fallback", segment, place: calls++ }];
      const { count, reverse } = segment;
      return [{ kind: "loop", count, reverse, body: ofSegments(segment.segments) }];
    });
  return { steps: ofSegments(segments), calls };
}
