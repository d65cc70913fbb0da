import { isDebugBuild } from "../debug.ts";
import type { GraphValue, OpNode } from "../graph/graph.ts";
import { bytesOf } from "../tensor/shape.ts";
import { rideColumnSums } from "./column-sums.ts";
import { expand } from "./expand.ts";
import { fuse } from "./fuse.ts";
import { group } from "./group.ts";
import { lower } from "./lower.ts";
import type { DeviceTraits } from "./lowering.ts";
import type { BindingInfo, Plan } from "./plan.ts";
import { prune } from "./prune.ts";
import type { PlanRequest } from "./request.ts";
import { rewrite } from "./rewrite.ts";
import { shareResults } from "./scan-results.ts";
import { assignSlots, markBarriers } from "./slots.ts";
import { assignStorage } from "./storage.ts";
import { verifyGraph, verifyWork } from "./verify.ts";
import { walkInParts } from "./walk-parts.ts";
import { joinWalks } from "./walks-together.ts";

/**
 * Makes the plan that computes `request` on a device with `traits`: expand, rewrite, prune, fuse, join, group, place, lower,
 * share memory.
 * A pure function; the device itself need not exist. `literal` turns literals into sources, so that graphs which
 * differ in their constants only can share a plan.
 */
export function schedule(
  request: PlanRequest,
  traits: DeviceTraits,
  literal?: (node: OpNode<"literal">) => GraphValue,
): Plan {
  const roots = [...request.outputs, ...request.updates.map(({ value }) => value)];
  const expanded = expand(roots, traits);
  const rewritten = rewrite([...expanded.values()], literal);
  // Behind rewriting, which has made equal scans one: what is read of any of them is kept.
  const parted = walkInParts([...rewritten.values()], traits);
  const shared = shareResults([...parted.values()]);
  const pruned = prune([...shared.values()]);
  const renew = (value: GraphValue) => {
    const made = expanded.get(value) ?? value;
    const rewrote = rewritten.get(made) ?? made;
    const walked = parted.get(rewrote) ?? rewrote;
    const own = shared.get(walked) ?? walked;
    return pruned.get(own) ?? own;
  };
  const renewed: PlanRequest = {
    ...request,
    outputs: request.outputs.map(renew),
    updates: request.updates.map(({ source, value }) => ({ source, value: renew(value) })),
  };
  const kept = [...pruned.values()];
  const fused = fuse(kept, traits, renewed.updates);
  const walked = joinWalks(fused, kept, traits);
  const work = group(rideColumnSums(walked, traits), kept, renewed.updates, traits);
  if (isDebugBuild) {
    verifyGraph("expand", expanded.values());
    verifyGraph("rewrite", rewritten.values());
    verifyGraph("prune", kept);
    verifyWork("fuse", fused, kept);
    verifyWork("joinWalks", walked, kept);
    verifyWork("group", work, kept);
  }
  const storage = assignStorage(work, renewed, traits);
  const drafts = [...storage.buffers];
  const lowered = lower(storage, drafts, traits, (body) => schedule(body, traits));
  const { buffers, slots, memory } = assignSlots(drafts, lowered);
  const outputs = request.outputs.map(
    (value, i): BindingInfo => ({
      kind: "output",
      bytes: bytesOf(value.type),
      name: `output ${i}`,
    }),
  );
  return {
    device: traits.name,
    steps: markBarriers(lowered, buffers),
    buffers,
    slots,
    bindings: [...request.bindings, ...outputs],
    results: request.outputs.map((value, i) => ({
      binding: request.bindings.length + i,
      offset: 0,
      type: value.type,
    })),
    memory,
  };
}
