import type { OpNode } from "../../graph/graph.ts";
import type { KernelOp } from "../../ops/vocabulary.ts";
import { dividesMovement } from "./lowering/movement.ts";
import { dividesReduce } from "./lowering/reduce.ts";
import { maxBytes, type WebgpuTarget } from "./target.ts";

/** Whether an op's calls can do it in parts where a tensor is larger than what a shader can bind. */
export function divides(target: WebgpuTarget, node: OpNode<KernelOp>): boolean {
  const most = maxBytes(target.limits);
  switch (node.op) {
    case "iota":
    case "uniform":
      return true;
    case "broadcastTo":
    case "transpose":
    case "slice":
    case "pad":
    case "concat":
      return dividesMovement(node, most);
    case "reduce":
      return dividesReduce(target, node.ins.x.type, node.attrs);
    default:
      return false;
  }
}
