/** What a Trainer asks of its data. */
import type { DType } from "../functions.ts";
import type { AnyModule } from "../nn/index.ts";
import type { Wanted } from "./training-data.ts";

/** What the elements of a column are: said, or those of `{ data, shape, dtype }` and tensors. */
export type ColumnType = DType | { readonly dtype: DType };

/** Inputs as the model takes them, and targets: labels where they are looked up in classes. */
export function pairs({ inputDType }: Pick<AnyModule, "inputDType">, areLabels: boolean): Wanted {
  return {
    names: ["x", "y"],
    hasParts: true,
    dtypeOf(column) {
      const [name, part] = column.split(".");
      if (name !== "x") return areLabels ? "i32" : undefined;
      if (typeof inputDType === "string") return inputDType;
      return part === undefined || !Object.hasOwn(inputDType, part) ? undefined : inputDType[part];
    },
  };
}

/** Columns by name. */
export function named(batch: Readonly<Record<string, ColumnType>>): Wanted {
  const dtypes = new Map(Object.entries(batch).map(([name, type]) => [name, dtypeIn(type)]));
  return { names: [...dtypes.keys()], hasParts: false, dtypeOf: (column) => dtypes.get(column) };
}

/** What the elements of a column are: a dtype, or that of a column. */
export function dtypeIn(type: ColumnType): DType {
  return typeof type === "string" ? type : type.dtype;
}
