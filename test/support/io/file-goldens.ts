/** What test/goldens/make_file_goldens.py wrote with Python and PyTorch. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { FileTensor } from "../../../src/io/index.ts";

export interface GoldenTensor {
  readonly type: string;
  readonly shape: readonly number[];
  /** NaN and infinities as text. */
  readonly values: readonly (number | boolean | string)[];
}
export type GoldenTensors = Readonly<Record<string, GoldenTensor>>;

interface Values {
  readonly "every.safetensors": Safetensors;
  readonly "model.safetensors": Safetensors;
  readonly "written.safetensors": Safetensors;
  readonly [pt: `${string}.pt`]: GoldenTensors;
}
interface Safetensors {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: GoldenTensors;
}

export const goldenPath = (name: string) =>
  fileURLToPath(new URL(`../../goldens/files/${name}`, import.meta.url));
export const goldenBytes = (name: string) => Uint8Array.from(readFileSync(goldenPath(name)));
export const goldenValues: Values = JSON.parse(readFileSync(goldenPath("values.json"), "utf8"));

const DTYPES: Readonly<Record<string, string>> = { BOOL: "bool", U32: "u32", U64: "u32" };

/** A title for each tensor that is not the golden one, bit for bit. */
export function differing(
  read: Readonly<Record<string, FileTensor>>,
  golden: GoldenTensors,
): string[] {
  const names = [...new Set([...Object.keys(read), ...Object.keys(golden)])];
  return names.filter((name) => !isSame(read[name], golden[name]));
}

function isSame(read: FileTensor | undefined, golden: GoldenTensor | undefined): boolean {
  if (read === undefined || golden === undefined) return false;
  const dtype = golden.type.includes("F") ? "f32" : (DTYPES[golden.type] ?? "i32");
  const values = golden.values.map(numberOf);
  return (
    read.dtype === dtype &&
    read.shape.join() === golden.shape.join() &&
    read.data.length === values.length &&
    values.every((x, i) => Object.is(dtype === "f32" ? Math.fround(x) : x, read.data[i]))
  );
}

function numberOf(value: number | boolean | string): number {
  if (typeof value === "string")
    return Number(value.replace("inf", "Infinity").replace("nan", "NaN"));
  return Number(value);
}
