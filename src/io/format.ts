import { FormatError } from "../errors.ts";
import type { Source } from "./place.ts";

/** Throws what is wrong with a file: `<file>: <rule>; got <values> at byte <offset>. <remedy>` */
export type Refuse = (rule: string, got: string, byteOffset: number, remedy?: string) => never;

/** How a file of `source` is refused. */
export function refusing({ description }: Pick<Source, "description">): Refuse {
  return (rule, got, byteOffset, remedy = "Get the file anew, or write it again.") => {
    const message = `${description}: ${rule}; got ${got} at byte ${byteOffset}. ${remedy}`;
    throw new FormatError(message, byteOffset);
  };
}

/** A name that a file has, as messages show it. */
export function quoted(name: string): string {
  return JSON.stringify(name.slice(0, 60));
}
