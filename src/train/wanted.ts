/** What a Trainer asks of its data. */
import { isRecord } from "../arguments.ts";
import type { DType } from "../functions.ts";
import type { AnyModule } from "../nn/index.ts";
import type { Wanted } from "./training-data.ts";

/** What the elements of a column are: said, or those of `{ data, shape, dtype }` and tensors. */
export type ColumnType = DType | { readonly dtype: DType };

/** Inputs as the model takes them, and targets: labels where they are looked up in classes, unless they are shares of them. */
export function pairs({ inputDType }: Pick<AnyModule, "inputDType">, areLabels: boolean): Wanted {
  return {
    names: ["x", "y"],
    hasParts: true,
    dtypeOf(column, given) {
      const [name, part] = column.split(".");
      if (name !== "x") return !areLabels ? undefined : areShares(given) ? "f32" : "i32";
      if (typeof inputDType === "string") return inputDType;
      return part === undefined || !Object.hasOwn(inputDType, part) ? undefined : inputDType[part];
    },
  };
}

/** Whether elements are those of rows, and not all whole: probabilities of classes, for losses.crossEntropy. */
function areShares(given: unknown): boolean {
  const { data, shape } = isRecord(given) ? given : { data: given };
  const isBroken = (x: unknown) => typeof x === "number" && !Number.isInteger(x);
  const isAny = (list: unknown): boolean =>
    Array.isArray(list)
      ? list.some((one) => isBroken(one) || isAny(one))
      : (list instanceof Float32Array || list instanceof Float64Array) && list.some(isBroken);
  const hasRows = Array.isArray(shape) ? shape.length > 1 : Array.isArray(data) && isList(data[0]);
  return hasRows && isAny(data);
}

const isList = (value: unknown) => Array.isArray(value) || ArrayBuffer.isView(value);

/** Columns by name. */
export function named(batch: Readonly<Record<string, ColumnType>>): Wanted {
  const dtypes = new Map(Object.entries(batch).map(([name, type]) => [name, dtypeIn(type)]));
  return { names: [...dtypes.keys()], hasParts: false, dtypeOf: (column) => dtypes.get(column) };
}

/** What the elements of a column are: a dtype, or that of a column. */
export function dtypeIn(type: ColumnType): DType {
  return typeof type === "string" ? type : type.dtype;
}
