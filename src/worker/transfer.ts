/** What is handed over to the other side rather than copied. */
import { ArgumentError } from "../errors.ts";

const handedOver = new WeakMap<object, readonly Transferable[]>();

/**
 * `value`, whose `parts` are handed over when it is sent, and are gone here: buffers, an ImageBitmap, an OffscreenCanvas.
 * For options and arguments of a page, and for results and reports of a training; all else is copied.
 *
 * ```ts
 * const pixels = new Uint8ClampedArray(4 * 28 * 28);
 * const sent = transfer(pixels, [pixels.buffer]);
 * ```
 * @throws ArgumentError for a value that is no object
 */
export function transfer<T>(value: T, parts: readonly Transferable[]): T {
  if (typeof value !== "object" || value === null) {
    throw new ArgumentError(
      `transfer: the value must be an object that has the parts; got ${typeof value}. Send it as it is.`,
    );
  }
  handedOver.set(value, parts);
  return value;
}

/** All that `transfer` has named among `values`. */
export function transferred(values: readonly unknown[]): Transferable[] {
  const parts = values.flatMap((value) =>
    typeof value === "object" && value !== null ? (handedOver.get(value) ?? []) : [],
  );
  return [...new Set(parts)];
}
