/**
 * A sequence walked in parts whose inner values are not kept for the gradient: of T steps in about √T parts there are
 * never more gates in memory than those of one part, and h and c at the borders. Gruslys et al. 2016.
 */
import {
  add,
  checkpoint,
  concat,
  type SequenceOptions,
  slice,
  sub,
  type Tensor,
} from "../functions.ts";
import { asOneSequence } from "../internals.ts";
import type { State } from "./module.ts";

type Walk = (
  x: Tensor,
  state: State | undefined,
  options: SequenceOptions,
) => { readonly y: Tensor; readonly state: State };

export function walkInParts(
  walk: Walk,
  x: Tensor,
  initial: State | undefined,
  options: SequenceOptions,
): ReturnType<Walk> {
  const { reverse = false, lengths } = options;
  const [steps = 0, batch = 0, features = 0] = x.shape;
  const size = Math.ceil(Math.sqrt(steps));
  const firsts = Array.from({ length: Math.ceil(steps / size) }, (_, i) => i * size);
  let state = initial;
  const walkPart = (first: number): Tensor => {
    const count = Math.min(size, steps - first);
    const from = state;
    const part = checkpoint(() => {
      const own = slice(x, [first, 0, 0], [count, batch, features]);
      // Lengths count from the part's first step: below 0 is over, as 0 is.
      return walk(own, from, { ...options, ...(lengths && { lengths: sub(lengths, first) }) });
    });
    state = part.state.map(alone);
    // Of several states the tapes lie in one block, which y would keep.
    return part.state.length > 1 ? alone(part.y) : part.y;
  };
  const ys = asOneSequence(() => (reverse ? firsts.reverse() : firsts).map(walkPart));
  return { y: concat(reverse ? ys.reverse() : ys), state: state ?? [] };
}

/** x in memory of its own: as a slice of a part's tape it would keep all of that. Adding −0 changes no number. */
function alone(x: Tensor): Tensor {
  return add(x, -0);
}
