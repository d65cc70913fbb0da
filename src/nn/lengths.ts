import { checkOptions, flag } from "../arguments.ts";
import { cast, greaterEqual, sum, type Tensor } from "../functions.ts";

/**
 * How many steps each sequence of a padded batch of ids has: ids i32[T, B] → i32[B], or from i32[B, T] with
 * `batchFirst`. Ids count from 0, and what is negative is padding, as `data.padSequences` leaves it behind the end. So
 * a model needs no input but the ids: `lstm.run(embedding(ids), { lengths: nn.lengthsOf(ids) })`.
 * @throws ShapeError unless ids have two dimensions; DTypeError unless they are i32; ArgumentError for options that
 *   there are not
 */
export function lengthsOf(ids: Tensor, options: { readonly batchFirst?: boolean } = {}): Tensor {
  checkOptions("lengthsOf", options, { batchFirst: flag });
  const { batchFirst = false } = options;
  return sum(cast(greaterEqual(ids, 0), "i32"), { axis: batchFirst ? 1 : 0 });
}
