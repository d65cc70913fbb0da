import { flag, isRecord, shown } from "../arguments.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import type { HostArray } from "../tensor/dtype.ts";
import { hostValues, type TypedArray } from "../tensor/host.ts";
import { checkedShape, type Shape, sameShape, sizeOf } from "../tensor/shape.ts";

/** One tensor of a saved state, as it may come back from a file: row-major, in any array of numbers. */
export interface SavedEntry {
  /** As many elements as there are. */
  readonly shape: Shape;
  /** The elements, row-major. */
  readonly data: TypedArray | readonly number[];
}

/** What loading can be told. */
export interface LoadOptions {
  /** Takes NaN and infinities, which nothing recovers from once they are trained with; they are refused otherwise. */
  readonly allowNonFinite?: boolean;
}

export const LOAD_RULES = { allowNonFinite: flag };

/**
 * The numbers of an entry of a saved state, as f32: converted where they are in other arrays, but for bits of float16.
 * `own` is the shape that it must have, any where it is undefined.
 * @throws ArgumentError for an entry that is none and numbers that are not finite, ShapeError for another shape
 */
export function savedElements(
  caller: string,
  name: string,
  entry: unknown,
  own?: Shape,
  { allowNonFinite = false }: LoadOptions = {},
): HostArray {
  const rule = `${caller}: every entry must be { shape, data } with finite numbers`;
  if (!isRecord(entry) || entry.data instanceof Uint16Array || isRecord(entry.data)) {
    throw new ArgumentError(
      `${rule}; got ${shown(isRecord(entry) ? entry.data : entry)} for ${name}. Nothing was loaded. JSON keeps no typed arrays: save Array.from(data). Float16 bits are read by data.float16.`,
    );
  }
  const shape = checkedShape(caller, entry.shape, `the shape of ${name}`);
  const length = lengthOf(entry.data) ?? sizeOf(shape);
  if (length !== sizeOf(shape) || (own !== undefined && !sameShape(shape, own))) {
    throw new ShapeError(
      `${caller}: ${name} must be [${(own ?? shape).join(", ")}]; got [${shape.join(", ")}] with ${length} numbers. Nothing was loaded. Build the model with the sizes that it had when the state was saved.`,
    );
  }
  const { data } = hostValues(`${caller}, ${name}`, entry.data, { shape, dtype: "f32" });
  const wrong = allowNonFinite ? -1 : data.findIndex((x) => !Number.isFinite(x));
  if (wrong < 0) return data;
  throw new ArgumentError(
    `${rule}; got ${data[wrong]} as element ${wrong} of ${name}. Nothing was loaded. Take a state from before it went wrong, or pass { allowNonFinite: true }.`,
  );
}

/** Of a flat list of numbers; nested ones are counted where they are converted. */
function lengthOf(data: unknown): number | undefined {
  const isFlat = ArrayBuffer.isView(data) || (Array.isArray(data) && !Array.isArray(data[0]));
  return isFlat && "length" in data ? Number(data.length) : undefined;
}
