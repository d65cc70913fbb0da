import { flopsOf } from "../graph/flops.ts";
import { nextNodeId, reachable } from "../graph/graph.ts";
import type { Tensor } from "../runtime/tensor.ts";

/** Floating point operations of one product, and when its place in the graph was made. */
interface ProductFlops {
  readonly id: number;
  readonly flops: number;
}

/** The products that `outputs` depend on, in the order in which they were made. */
export function productsOf(outputs: readonly Tensor[]): readonly ProductFlops[] {
  return reachable(outputs.map(({ value }) => value))
    .map((node) => ({ id: node.id, flops: flopsOf(node) }))
    .filter(({ flops }) => flops > 0);
}

/** What is made from here on has this id or a higher one. */
export { nextNodeId };
