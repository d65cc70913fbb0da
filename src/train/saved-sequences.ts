/** What a Trainer carries, saved: whether it is that of the same model and window, before anything is made for it. */
import { ArgumentError, ShapeError } from "../errors.ts";
import type { LoadOptions, Shape } from "../functions.ts";
import { checkSavedState } from "../nn/carry.ts";
import type { AnyModule } from "../nn/index.ts";
import { type CarriedSequences, type SavedStretch, stretchOf } from "./carried.ts";
import { borderCount } from "./stretch.ts";
import type { Truncation } from "./window.ts";

/** `saved` has the form of what is carried. @throws ArgumentError, ShapeError where it is another model's or window's */
export function checkSequences(
  model: AnyModule,
  truncation: Truncation | undefined,
  saved: readonly CarriedSequences[],
  options?: LoadOptions,
): void {
  const sizes = saved.map(({ batchSize }) => batchSize);
  const twice = sizes.find((size, i) => sizes.indexOf(size) < i);
  if (twice !== undefined) {
    throw new ArgumentError(
      `loadState: there must be one state for each size of batch; got several for batches of ${twice}. Load a state as it was saved.`,
    );
  }
  for (const one of saved) checkOne(model, truncation, one, options);
}

function checkOne(
  model: AnyModule,
  truncation: Truncation | undefined,
  { batchSize, state, stretch }: CarriedSequences,
  options: LoadOptions | undefined,
): void {
  const shapes = model.stateShapes(batchSize);
  checkSavedState("loadState", shapes, state, options);
  const own = stretchOf(truncation, shapes.length);
  if (own?.every !== stretch?.every || own?.back !== stretch?.back) {
    throw new ArgumentError(
      `loadState: the window must be the one that the state was saved with; got a state of ${told(stretch)} for a Trainer of ${told(own)}. Make the Trainer with that window.`,
    );
  }
  if (own !== undefined && stretch !== undefined) checkStretch(own, stretch, batchSize);
}

function told(one: Truncation | undefined): string {
  return one === undefined ? "one number or none" : `{ every: ${one.every}, back: ${one.back} }`;
}

function checkStretch(own: Truncation, saved: SavedStretch, batchSize: number): void {
  const features = saved.history.shape.slice(2);
  const borders = borderCount(own);
  const needed = {
    history: [own.back - own.every, batchSize, ...features],
    borders: borders === 0 ? undefined : [borders, batchSize],
    owed: [batchSize],
  };
  for (const name of ["history", "borders", "owed"] as const) {
    const [expected, given] = [needed[name], saved[name]?.shape];
    if (expected?.join() === given?.join()) continue;
    throw new ShapeError(
      `loadState: ${name} of a state must be ${listed(expected)}; got ${listed(given)}. Load a state as it was saved.`,
    );
  }
}

function listed(shape: Shape | undefined): string {
  return shape === undefined ? "missing" : `[${shape.join(", ")}]`;
}
