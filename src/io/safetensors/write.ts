import { checkOptions, isRecord, rule } from "../../arguments.ts";
import { concatenate } from "../../decompress.ts";
import { sizeOf } from "../../functions.ts";
import { sizeOfStored } from "../numbers.ts";
import type { Place, WriteOptions } from "../place.ts";
import { checkPlace } from "../source.ts";
import { type CheckedTensor, checkTensorsToWrite, type TensorToWrite } from "../tensors.ts";
import { headerOf } from "./header.ts";
import { READ_RULES } from "./read.ts";

/** What goes into a file beside the tensors. */
export interface WriteTensorsOptions extends WriteOptions {
  /** Text by name, as everything that reads safetensors gives it. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/**
 * Writes tensors by name as one safetensors file: what `stateDict()` gives, or any typed arrays with shapes. One tensor is
 * in memory at a time where they are lazy. The old file stays until the new one is there as a whole.
 * @throws FileError where it cannot be written, ArgumentError and ShapeError for tensors that are none
 */
export async function writeSafetensors(
  to: Place,
  tensors: Readonly<Record<string, TensorToWrite>>,
  options: WriteTensorsOptions = {},
): Promise<void> {
  checkPlace("writeSafetensors", to);
  const pieces = safetensorsPieces("writeSafetensors", tensors, options);
  await to.write(pieces, { signal: options.signal });
}

/**
 * The same file as bytes.
 * @throws ArgumentError and ShapeError for tensors that are none; FormatError for a header that is too long
 */
export async function safetensorsBytes(
  tensors: Readonly<Record<string, TensorToWrite>>,
  options: Pick<WriteTensorsOptions, "metadata"> = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  for await (const piece of safetensorsPieces("safetensorsBytes", tensors, options))
    parts.push(piece);
  return concatenate(parts);
}

const someTexts = rule(
  "a record of texts",
  (value) =>
    isRecord(value) &&
    Object.entries(value).every(
      ([name, text]) => name !== "__proto__" && isText(name) && isText(text),
    ),
);
/** A half of a surrogate pair is no UTF-8. */
const isText = (value: unknown) => typeof value === "string" && !/\p{Surrogate}/u.test(value);

/** A file piece by piece. What is wrong is thrown at once, before the first is made. */
export function safetensorsPieces(
  caller: string,
  tensors: Readonly<Record<string, TensorToWrite>>,
  options: WriteTensorsOptions,
): AsyncGenerator<Uint8Array, void> {
  checkOptions<WriteTensorsOptions>(caller, options, {
    signal: READ_RULES.signal,
    metadata: someTexts,
  });
  const checked = checkTensorsToWrite(caller, tensors);
  // Wide elements first, so that all begin where views of them may.
  checked.sort((a, b) => sizeOfStored(b.type) - sizeOfStored(a.type));
  return pieces(checked, options.metadata ?? {});
}

async function* pieces(
  tensors: readonly CheckedTensor[],
  metadata: Readonly<Record<string, string>>,
): AsyncGenerator<Uint8Array, void> {
  const entries = tensors.map(({ name, type, shape }) => ({
    name,
    type,
    shape,
    sizeBytes: sizeOf(shape) * sizeOfStored(type),
  }));
  yield headerOf(entries, metadata);
  for (const tensor of tensors) yield await tensor.bytes();
}
