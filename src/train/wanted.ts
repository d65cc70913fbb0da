/** What a Trainer asks of its data. */
import type { DType } from "../functions.ts";
import type { AnyModule } from "../nn/index.ts";
import type { Wanted } from "./training-data.ts";

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
export function named(batch: Readonly<Record<string, DType>>): Wanted {
  return { names: Object.keys(batch), hasParts: false, dtypeOf: (column) => batch[column] };
}
