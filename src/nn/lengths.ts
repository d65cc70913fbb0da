import { checkOptions, flag } from "../arguments.ts";
import { ShapeError } from "../errors.ts";
import { cast, describe, greaterEqual, sum, type Tensor } from "../functions.ts";
import { checkDType, checkTensor } from "../internals.ts";

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
  checkTensor("lengthsOf", ids, "ids");
  checkDType("lengthsOf", "ids", ids, ["i32"]);
  if (ids.shape.length !== 2) {
    throw new ShapeError(
      `lengthsOf: ids must have two dimensions; got ${describe(ids.type)}. They are [T, B], or [B, T] with { batchFirst: true }.`,
    );
  }
  return sum(cast(greaterEqual(ids, 0), "i32"), { axis: batchFirst ? 1 : 0 });
}
