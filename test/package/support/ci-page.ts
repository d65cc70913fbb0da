/** The blocks of docs/ci.md that begin with a comment: by what it says, which begins with the file's name. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { repository } from "./tools.ts";

const text = readFileSync(join(repository, "docs/ci.md"), "utf8");

const blocks = new Map(
  [...text.matchAll(/^```(?:yaml|ts|js)\n(?:#|\/\/) (.+)\n([\s\S]*?)^```/gm)].map(
    ([, head = "", block = ""]) => [head, block],
  ),
);

/** The block that `head` begins. */
export function ciBlock(head: string): string {
  const block = blocks.get(head);
  if (block === undefined) throw new Error(`docs/ci.md has no block of ${head}.`);
  return block;
}
