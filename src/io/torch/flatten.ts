import { quoted, type Refuse } from "../format.ts";
import { StridedTensor } from "./globals.ts";
import { Tuple } from "./pickle.ts";

/** What a file holds besides tensors: an epoch, a learning rate, a name. */
export type TorchValue = number | bigint | string | boolean | null | Uint8Array;

export interface Flat {
  /** By path: `model.0.weight`. */
  readonly tensors: ReadonlyMap<string, StridedTensor>;
  readonly values: ReadonlyMap<string, TorchValue>;
}

const DEEPEST = 64;

/**
 * The tensors and plain values of nested dicts, lists and tuples by their paths, or of the part at the path `at`. At most
 * `most` of all: what is in one place may be named in many, and so become more than any memory holds.
 * @throws FormatError
 */
export function flatten(root: unknown, at: string | undefined, most: number, refuse: Refuse): Flat {
  const tensors = new Map<string, StridedTensor>();
  const values = new Map<string, TorchValue>();
  let seen = 0;
  const visit = (value: unknown, path: string, depth: number): void => {
    if (++seen > most || depth > DEEPEST) {
      const got = depth > DEEPEST ? `more than ${DEEPEST} one in the other` : "more";
      refuse("a file must have no more parts than its pickle has bytes, and end somewhere", got, 0);
    }
    const parts = partsOf(value);
    if (parts === undefined) {
      if (tensors.has(path) || values.has(path))
        refuse(
          "paths must be different from each other",
          quoted(path),
          0,
          "Read a part of it, by { at }.",
        );
      if (value instanceof StridedTensor) tensors.set(path, value);
      else if (isPlain(value)) values.set(path, value);
      return;
    }
    for (const [key, part] of parts) {
      const name = nameOf(key, refuse);
      visit(part, path === "" ? name : `${path}.${name}`, depth + 1);
    }
  };
  visit(at === undefined ? root : partAt(root, at, refuse), "", 0);
  return { tensors, values };
}

function partsOf(value: unknown): Iterable<readonly [unknown, unknown]> | undefined {
  if (value instanceof Map) return value;
  if (value instanceof Tuple) return value.items.entries();
  return Array.isArray(value) ? value.entries() : undefined;
}

function isPlain(value: unknown): value is TorchValue {
  const isText = typeof value === "string" || value instanceof Uint8Array;
  return isText || value === null || ["number", "bigint", "boolean"].includes(typeof value);
}

function nameOf(key: unknown, refuse: Refuse): string {
  if (isPlain(key) && !(key instanceof Uint8Array) && key !== "__proto__") return String(key);
  return refuse(
    "names must be texts or numbers, and none __proto__",
    typeof key === "string" ? key : "something else",
    0,
  );
}

/** Names may have dots themselves: the longest that fits is taken first. */
function partAt(root: unknown, path: string, refuse: Refuse): unknown {
  let part = root;
  for (let rest = path; rest !== ""; ) {
    const names = new Map([...(partsOf(part) ?? [])].map(([key, own]) => [String(key), own]));
    const fitting = [...names.keys()].filter(
      (name) => name === rest || rest.startsWith(`${name}.`),
    );
    const name = fitting.sort((a, b) => b.length - a.length)[0];
    if (name === undefined) {
      return refuse(
        `there must be something at ${JSON.stringify(path)}`,
        `${[...names.keys()].join(", ").slice(0, 200) || "nothing"}`,
        0,
        "Give a path that is there.",
      );
    }
    part = names.get(name);
    rest = rest.slice(name.length + 1);
  }
  return part;
}
