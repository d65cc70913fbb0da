import { stopGradient, type Tensor, type Variable } from "../functions.ts";
import { keepState } from "../nn/carry.ts";
import type { AnyModule, Tensors } from "../nn/index.ts";

/** What a training step does to a variable besides the update. */
interface Change {
  readonly held: Variable;
  readonly next: Tensor;
  /** Where the step is left out because it is not finite, and the next one goes on. */
  readonly otherwise: Tensor;
}

/** A forward pass: the output that targets are compared with, and what is carried on. */
export interface Forward {
  readonly output: Tensors;
  readonly changes: readonly Change[];
  /** In how many pieces, one after the other, the model walked the sequence; 1 where nothing is said. */
  readonly parts?: number;
}

/** What a model of any kind makes of `x`, which it checks. */
export function applied(model: AnyModule, x: Tensors): Tensors {
  return model(x as never);
}

/**
 * The forward pass of a window x [T, B, …] from the state that is held, which its own last one replaces. `keep` is 0
 * where a sequence begins and 1 where it goes on: f32[] for all rows, or f32[B]. Without `state`, x stands for itself.
 */
export function windowForward(
  model: AnyModule,
  x: Tensors,
  keep: Tensor,
  state: readonly Variable[],
): Forward {
  if (state.length === 0) return { output: applied(model, x), changes: [] };
  const begun = keepState(model, state, keep);
  const { y, state: last } = model.step(x as never, begun);
  const changes = state.map((held, i) => ({
    held,
    next: stopGradient(last[i] ?? held),
    otherwise: begun[i] ?? held,
  }));
  return { output: y, changes };
}
