import { check, rule, text } from "../arguments.ts";

export const bytes = rule("bytes, a Uint8Array", (value) => value instanceof Uint8Array);

/** What a file is read from, and what errors call it. */
export function checkFile(caller: string, content: unknown, name: unknown): void {
  check(caller, "the file", content, bytes, "Take new Uint8Array(await response.arrayBuffer()).");
  check(caller, "its name", name, text, 'It stands in messages: "train-images.gz".');
}
