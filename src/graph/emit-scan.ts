import type { StepOutputs } from "../ops/step-body.ts";
import { closeOver, type Given } from "./close-over.ts";
import { emit, type GraphValue, type OpNode, type SourceNode } from "./graph.ts";
import { hoist } from "./hoist.ts";

/** How a loop goes. */
export interface LoopHow {
  readonly steps: number;
  readonly reverse: boolean;
  /** Why it is no walk of a recurrent cell, where it might have been one. */
  readonly why?: string;
}

/**
 * Adds the loop whose step is `step`, over what it is given; everything else that the step reads is captured. The results
 * begin with those of the step.
 */
export function emitScan(
  carry: readonly Given[],
  xs: readonly Given[],
  step: StepOutputs<GraphValue>,
  { steps, reverse, why }: LoopHow,
): OpNode<"scan">["outs"] {
  const own = hoist(carry, xs, step);
  const { body, captured } = closeOver(carry.map(standFor), own.xs.map(standFor), own.step, why);
  return emit(
    "scan",
    { carry: carry.map(givenValue), xs: own.xs.map(givenValue), captured },
    { body, steps, reverse },
  ) as OpNode<"scan">["outs"];
}

function standFor({ source }: Given): SourceNode {
  return source;
}

function givenValue({ value }: Given): GraphValue {
  return value;
}
