/** Errors as data, which keep class, fields and stack on their way out of a worker. */
import * as errors from "../errors.ts";

export interface PlainError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly isDom: boolean;
  /** What a class of ours has besides: step, byteOffset, fault. */
  readonly fields: Readonly<Record<string, unknown>>;
}

const FIELDS = ["step", "byteOffset", "fault"] as const;

export function plainError(error: unknown): PlainError {
  const isDom = typeof DOMException === "function" && error instanceof DOMException;
  if (!isDom && !(error instanceof Error))
    return { name: "Error", message: String(error), stack: undefined, isDom: false, fields: {} };
  const own = error instanceof errors.GradgpuError ? FIELDS.filter((name) => name in error) : [];
  const fields = Object.fromEntries(own.map((name) => [name, Reflect.get(error, name)]));
  return { name: error.name, message: error.message, stack: error.stack, isDom, fields };
}

const STANDARD = { TypeError, RangeError, SyntaxError, ReferenceError, URIError, EvalError };

/** The error again: of the same class where it is one of ours, of the language, or of the DOM. */
export function errorAgain({ name, message, stack, isDom, fields }: PlainError): Error {
  if (isDom) return new DOMException(message, name);
  const own: unknown = Reflect.get(errors, name);
  const Standard = STANDARD[name as keyof typeof STANDARD] ?? Error;
  const error = new Standard(message);
  // Not by its constructor, which has arguments of its own and may add to the message.
  if (typeof own === "function") Object.setPrototypeOf(error, own.prototype);
  if (error.name !== name) Object.defineProperty(error, "name", { value: name });
  if (stack !== undefined) error.stack = stack;
  return Object.assign(error, fields);
}
