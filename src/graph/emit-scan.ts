import type { StepOutputs } from "../ops/step-body.ts";
import { closeOver, type Given } from "./close-over.ts";
import { emit, type GraphValue, type OpNode, type SourceNode } from "./graph.ts";
import { hoistProducts } from "./hoist.ts";

/**
 * Adds the loop whose step is `step`, over what it is given; everything else that the step reads is captured. The results
 * begin with those of the step.
 */
export function emitScan(
  carry: readonly Given[],
  xs: readonly Given[],
  step: StepOutputs<GraphValue>,
  { steps, reverse }: { readonly steps: number; readonly reverse: boolean },
): OpNode<"scan">["outs"] {
  const own = hoistProducts(carry, xs, step);
  const { body, captured } = closeOver(carry.map(standFor), own.xs.map(standFor), own.step);
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
