import { callable, check } from "../arguments.ts";
import { ArgumentError } from "../errors.ts";
import type { Optimizer } from "./optimizer.ts";

/**
 * Calls `use` while the parameters are their moving averages, of an optimizer that was made with `average`; afterwards
 * they are what they were:
 *
 * ```ts
 * const scores = await optim.withAverages(optimizer, () => trainer.evaluate(validation, { batchSize: 8 }));
 * ```
 * @returns what `use` comes to
 * @throws ArgumentError where no averages are held, because it was made without or has not been updated yet
 */
export async function withAverages<T>(
  optimizer: Optimizer,
  use: () => T | Promise<T>,
): Promise<Awaited<T>> {
  check("withAverages", "use", use, callable);
  if (optimizer?.swapAverages === undefined) {
    throw new ArgumentError(
      "withAverages: the optimizer must hold averages; got one without. Make it with { average: 0.999 }.",
    );
  }
  optimizer.swapAverages();
  try {
    return await use();
  } finally {
    optimizer.swapAverages();
  }
}
