/** Inputs as `predict` takes them, and outputs as it gives them. */

import { shown } from "../arguments.ts";
import type { Values } from "../data/index.ts";
import { ArgumentError } from "../errors.ts";
import { type DType, Tensor } from "../functions.ts";
import type { AnyModule, Each, Tensors } from "../nn/index.ts";
import { sameNames } from "../nn/tensors.ts";
import { mappedLater } from "../records.ts";
import { checkTime } from "./time.ts";
import { type Columns, elementsOf } from "./training-data.ts";

/** What a model says of a batch: elements, row-major. */
export interface Prediction {
  /** The elements, row-major. */
  readonly data: Float32Array;
  /** As many elements as there are. */
  readonly shape: readonly number[];
}

/** By column, as a step takes them. @throws ArgumentError, ShapeError, DTypeError for what the model does not take */
export async function predictInputs(
  model: AnyModule,
  x: unknown,
  shape: unknown,
): Promise<Columns<Tensor | Values>> {
  const { inputDType } = model;
  if (typeof inputDType === "string") {
    const one = shape === undefined ? x : { data: x, shape };
    return { x: await inputOf(model, one, inputDType) };
  }
  const names = Object.keys(inputDType);
  const given = new Map<string, unknown>(
    typeof x === "object" && x !== null && !(x instanceof Tensor) ? Object.entries(x) : [],
  );
  if (!sameNames([...given.keys()], names) || shape !== undefined) {
    throw new ArgumentError(
      `predict: the inputs must be given by name, { ${names.join(", ")} }; got ${shown(x)}. They are the names of the model's inputDType.`,
    );
  }
  const columns = Object.fromEntries(names.map((name) => [`x.${name}`, name]));
  return mappedLater(columns, (name) => inputOf(model, given.get(name), inputDType[name] ?? "f32"));
}

async function inputOf(model: AnyModule, given: unknown, dtype: DType): Promise<Tensor | Values> {
  if (given instanceof Tensor) return given;
  const values = await elementsOf("predict", given, dtype);
  checkTime("predict", model, values, values.time);
  return values;
}

/** What a model gave, on the host; by name where there are several. */
export async function predictionOf<Y extends Tensors>(
  output: Tensors,
): Promise<Each<Y, Prediction>> {
  const read = async (one: Tensor): Promise<Prediction> => ({
    data: Float32Array.from(await one.data()),
    shape: one.shape,
  });
  const all = output instanceof Tensor ? read(output) : mappedLater(output, read);
  // One for each tensor of the model's output, which is Y.
  return (await all) as Each<Y, Prediction>;
}
