/** What goes wrong with files, in the words of an error. */
import { callable, check, isRecord, rule, shown, whole } from "../../arguments.ts";
import { ArgumentError, FileError, type FileFault, GradgpuError } from "../../errors.ts";
import type { ByteRange, Place, ReadOptions, WriteOptions } from "../place.ts";

export type Described = Pick<Place, "description">;
/** What is done with a file, in a message. */
export type Verb = "read" | "written" | "removed";

const REMEDIES: Readonly<Record<FileFault, string>> = {
  missing: "Check its name, or write it first.",
  full: "Make room and write again; what was there before is there still.",
  forbidden: "Ask for permission, or take another place.",
  cut: "Read it again, or get the file anew.",
  aborted: "The signal that was given was aborted.",
  failed: "Try again, or take another place.",
};

/** `<place>: <rule>; got <what>. <remedy>` */
export function fileError(
  { description }: Described,
  fault: FileFault,
  rule: string,
  got: string,
  options: { readonly cause?: unknown; readonly remedy?: string } = {},
): FileError {
  const { cause, remedy = REMEDIES[fault] } = options;
  const message = `${description}: ${rule}; got ${got}. ${remedy}`;
  return new FileError(message, fault, cause === undefined ? undefined : { cause });
}

export function missing(place: Described): FileError {
  return fileError(place, "missing", "there must be such a file", "none");
}

/** Names of errors of browsers, and codes of Node's. */
const FAULTS: Readonly<Record<string, FileFault>> = {
  AbortError: "aborted",
  ENOENT: "missing",
  NotFoundError: "missing",
  ENOSPC: "full",
  EDQUOT: "full",
  EFBIG: "full",
  QuotaExceededError: "full",
  EACCES: "forbidden",
  EPERM: "forbidden",
  EROFS: "forbidden",
  NotAllowedError: "forbidden",
  SecurityError: "forbidden",
  NoModificationAllowedError: "forbidden",
};

/** What a browser or Node threw, as a FileError; errors of gradgpu are handed on as they are. */
export function asFileError(place: Described, verb: Verb, cause: unknown) {
  if (cause instanceof GradgpuError) return cause;
  const { name, code, message } = Object(cause) as {
    name?: unknown;
    code?: unknown;
    message?: unknown;
  };
  const fault = FAULTS[String(code)] ?? FAULTS[String(name)] ?? "failed";
  if (fault === "missing" && verb === "read") return missing(place);
  // Of one that is to be written it is the folder that is not there, and cannot be made.
  const own = fault === "missing" ? "failed" : fault;
  const got = `${typeof code === "string" ? code : String(name)}: ${String(message)}`;
  return fileError(place, own, `it must be possible for it to be ${verb}`, got.slice(0, 200), {
    cause,
  });
}

/** @throws ArgumentError for what are no options, FileError where their signal was aborted */
export function checkRead(place: Described, options: ReadOptions): void {
  checkOwn(place, options);
  const { onProgress } = options;
  if (onProgress !== undefined)
    check(place.description, "onProgress", onProgress, callable, "It is (bytes, total) => void.");
  checkSignal(place, options);
}

/** @throws ArgumentError for what no pieces come from and what are no options, FileError where their signal was aborted */
export function checkWrite(place: Described, pieces: unknown, options: WriteOptions): void {
  checkPieces(place, pieces);
  checkOwn(place, options);
  checkSignal(place, options);
}

/** Others of what is done are passed by: they are handed on. */
function checkOwn({ description }: Described, options: unknown): void {
  check(description, "options", options, someOptions, "Write { signal: controller.signal }.");
  const { signal } = options as { signal?: unknown };
  if (signal !== undefined)
    check(description, "signal", signal, aSignal, "Take controller.signal of an AbortController.");
}
const someOptions = rule("a record of signal, onProgress", isRecord);
const aSignal = rule("an AbortSignal", (value) => typeof Object(value).aborted === "boolean");

/** @throws FileError where the signal was aborted */
export function checkSignal(place: Described, { signal }: Pick<ReadOptions, "signal"> = {}): void {
  if (signal?.aborted !== true) return;
  throw fileError(place, "aborted", "nobody must abort it", "an aborted signal", {
    cause: signal.reason,
  });
}

/** @throws ArgumentError for what is no range, FileError where the file is shorter */
export function checkRange(place: Described, range: ByteRange, size: number | undefined): void {
  const { start, end } = Object(range) as ByteRange;
  if (!whole.holds(start) || !whole.holds(end) || start > end) {
    throw new ArgumentError(
      `${place.description}: a range must be { start, end }, whole numbers from 0 and start the smaller; got ${isRecord(range) ? `${shown(start)} to ${shown(end)}` : shown(range)}. Leave it out to read everything.`,
    );
  }
  if (size === undefined || end <= size) return;
  throw tooShort(place, end, size);
}

/** `range`, or all of a file of `size` bytes. @throws as checkRange */
export function rangeIn(place: Described, range: ByteRange | undefined, size: number): ByteRange {
  const own = range ?? { start: 0, end: size };
  checkRange(place, own, size);
  return own;
}

/** A file that ends before byte `wanted`. */
export function tooShort(place: Described, wanted: number, got: number): FileError {
  return fileError(place, "cut", `it must have ${wanted} bytes`, `${got}`);
}

/** @throws ArgumentError unless pieces can come from it; what they are is looked at one by one */
export function checkPieces({ description }: Described, pieces: unknown): void {
  check(description, "the pieces", pieces, severalBytes, "Write [bytes], or a generator of them.");
}
const severalBytes = rule("a list or an iterable of Uint8Arrays", (value) => {
  const { [Symbol.iterator]: own, [Symbol.asyncIterator]: later } = Object(value);
  return typeof own === "function" || typeof later === "function";
});

/** @throws ArgumentError unless a piece that is to be written is bytes */
export function checkPiece({ description }: Described, piece: unknown): void {
  check(
    description,
    "every piece",
    piece,
    bytes,
    "View an ArrayBuffer, new Uint8Array(buffer), and give an array that is all as [array].",
  );
}
const bytes = rule("a Uint8Array", (value) => value instanceof Uint8Array);

/** @throws ArgumentError unless `name` can be that of a file in any folder */
export function checkName({ description }: Described, name: string): void {
  check(description, "the name", name, aName, "Folders within folders are places of their own.");
}
const aName = rule(
  "a text of up to 200 characters that neither begins with a dot nor has a slash",
  (value) => typeof value === "string" && /^[^./\\\0][^/\\\0]{0,199}$/u.test(value),
);
