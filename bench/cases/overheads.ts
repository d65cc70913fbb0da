/** What a step costs besides its arithmetic. Only ours is measured: nobody else's insides can be reached. */
import type { BenchCase } from "../contract.ts";

const overhead = (name: string, what: string): BenchCase => ({
  name,
  kind: "overhead",
  params: { what },
});

export const overheadCases: readonly BenchCase[] = [
  // First of all: they start a browser or a process of their own, so that nothing is warm.
  overhead("first-step-cnn", "first-step-cnn"),
  overhead("first-step-lstm", "first-step-lstm"),
  overhead("plan-compile-cnn", "plan-cnn"),
  overhead("plan-compile-lstm", "plan-lstm"),
  overhead("dispatch", "dispatch"),
  overhead("bundle-size", "bundle"),
];

/** Cases whose first sample counts as cold: they need a session in which nothing has run. */
export function needsFreshSession({ kind, params }: BenchCase): boolean {
  return kind === "overhead" && String(params.what).startsWith("first-step");
}
