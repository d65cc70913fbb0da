import { check, list } from "../arguments.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import {
  greater,
  type HostArray,
  type LoadOptions,
  reshape,
  type SavedEntry,
  type Shape,
  sizeOf,
  type Tensor,
  variable,
  where,
} from "../functions.ts";
import { hostArray, savedElements } from "../internals.ts";
import { dropsState } from "./define.ts";
import type { AnyModule, State } from "./module.ts";
import { descendants } from "./tree.ts";

/** @throws ArgumentError for a model, or a part of it, whose forward pass drops what it should carry where sequences go on */
export function checkCarries(caller: string, model: AnyModule): void {
  for (const { path, module } of descendants(model)) {
    if (!dropsState(module)) continue;
    throw new ArgumentError(
      `${caller}: a model whose sequences go on must carry the state of its recurrent layers; got ${module.kind}${path && ` at ${path}`}, whose forward drops it. Give step(x, state) in its place, and call the layers' own step.`,
    );
  }
}

/** The recurrent state of `batchSize` sequences as variables, zeros at first. */
export function stateVariables(model: AnyModule, batchSize: number) {
  return model
    .stateShapes(batchSize)
    .map((shape, i) => variable(hostArray("f32", sizeOf(shape)), shape, `state ${i}`));
}

/**
 * `state` where `keep` is 1, and zeros where it is 0: for all sequences (f32[]) or for each (f32[B]). What was there
 * is not multiplied: a NaN goes as well.
 */
export function keepState(model: AnyModule, state: State, keep: Tensor): Tensor[] {
  const [batchSize] = keep.shape;
  const axes = batchSize === undefined ? [] : batchAxes(model, batchSize);
  return state.map((held, i) => {
    const along = held.shape.map((n, d) => (d === axes[i] ? n : 1));
    const ofRows = batchSize === undefined ? keep : reshape(keep, along);
    return where(greater(ofRows, 0), held, 0);
  });
}

/**
 * For each tensor of the state the dimension that counts the sequences: the one that grows with them.
 * @throws ShapeError where there is none
 */
function batchAxes(model: AnyModule, batchSize: number): number[] {
  const larger = model.stateShapes(batchSize + 1);
  return model.stateShapes(batchSize).map((shape, i) => {
    const axis = shape.findIndex((n, d) => n !== larger[i]?.[d]);
    if (axis >= 0) return axis;
    throw new ShapeError(
      `state: every tensor of a state must have a dimension for the sequences of the batch; got [${shape.join(", ")}] from ${model.kind} for ${batchSize} sequences and for one more. Give stateShapes(batchSize) that depend on batchSize.`,
    );
  });
}

/**
 * The elements of a saved state, converted and checked.
 * @throws ArgumentError for another number of tensors than the model's state has, ShapeError for other shapes
 */
export function checkSavedState(
  caller: string,
  expected: readonly Shape[],
  given: readonly SavedEntry[],
  options?: LoadOptions,
): HostArray[] {
  check(caller, "the state", given, list, "Give what state() returned.");
  if (given.length === expected.length)
    return given.map((entry, i) =>
      savedElements(caller, `tensor ${i} of the state`, entry, expected[i], options).slice(),
    );
  const listed = expected.map((shape) => `[${shape.join(", ")}]`).join(", ") || "none";
  throw new ArgumentError(
    `${caller}: the state must have ${expected.length} tensors, ${listed}; got ${given.length}. Build the model as it was when the state was saved, for as many sequences.`,
  );
}
