import type { Tensor } from "../runtime/tensor.ts";
import { apply } from "./apply.ts";

/**
 * Rows of `table` [V, D], of f32 or whole numbers, for `ids` i32[...] → [..., D]. An id below 0 is padding and reads zeros, as
 * `data.padSequences` leaves it behind a sequence; one from V on, which is a mistake, reads NaN.
 * @throws ShapeError unless `table` has two dimensions; DTypeError for ids that are not i32 and a table of bool;
 *   ArgumentError for what is no tensor
 */
export function embedding(table: Tensor, ids: Tensor): Tensor {
  return apply("embedding", { table, ids }, {});
}
