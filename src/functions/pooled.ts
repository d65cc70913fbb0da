import { emit } from "../graph/graph.ts";
import type { Pool2d } from "../ops/vocabulary.ts";
import type { Tensor } from "../runtime/tensor.ts";
import { apply, wrap } from "./apply.ts";

/** The op of that name, of which users see one output. */
export function pooled(op: "maxPool2d" | "avgPool2d", x: Tensor, attrs: Pool2d): Tensor {
  return op === "avgPool2d"
    ? apply("avgPool2d", { x }, attrs)
    : wrap(emit("maxPool2d", { x: x.value }, attrs).out);
}
