import { InternalError } from "./errors.ts";

/** @throws InternalError where there is none */
export function present<T>(value: T | undefined): T {
  if (value === undefined) throw new InternalError("something is missing that was to be there.");
  return value;
}
