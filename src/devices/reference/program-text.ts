/** Programs as text, which is what a call's constants are: with NaN, infinities and −0, which JSON does not know. */
import { attrsKey } from "../../graph/fingerprint.ts";

export const textOf = attrsKey;

/** What `textOf` made a text of. */
export function parseText(text: string): unknown {
  return JSON.parse(text, (_, value: unknown) =>
    typeof value === "string" && value.startsWith("number ") ? Number(value.slice(7)) : value,
  );
}
