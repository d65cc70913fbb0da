import { hosted, utf8 } from "../host.ts";
import { quoted, type Refuse } from "./format.ts";

const WHOLE = /(?:0|[1-9]\d{0,15})(?![\d.eE])/y;
const LITERAL = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const A_COUNT = `a whole number from 0 to ${Number.MAX_SAFE_INTEGER}`;

/** Of values that nobody asked for: as deep as may be. */
const DEEPEST = 64;

/**
 * JSON from outside, read as what it must be: what JSON.parse does not tell is told here, a name that is there twice and
 * the byte at which something else stands; and nothing is made of what nobody asked for.
 */
export class JsonReader {
  readonly #text: string;
  readonly #refuse: Refuse;
  /** Of the text's first byte, in the file. */
  readonly #byteOffset: number;
  #at = 0;

  /** @throws FormatError for bytes that are no UTF-8 */
  constructor(bytes: Uint8Array, byteOffset: number, refuse: Refuse) {
    this.#text = decoded(bytes, byteOffset, refuse);
    this.#refuse = refuse;
    this.#byteOffset = byteOffset;
  }

  /** `read` is told each name, and must read what stands behind it. */
  object(read: (name: string) => void): void {
    this.#expect("{");
    if (this.#take("}")) return;
    const names = new Set<string>();
    do {
      const at = this.#skipSpace();
      const name = this.string();
      if (names.has(name) || name === "__proto__") {
        this.refuse("names must be different from each other and none __proto__", quoted(name), at);
      }
      names.add(name);
      this.#expect(":");
      read(name);
    } while (this.#take(","));
    this.#expect("}");
  }

  /** `read` must read an item. */
  array(read: (index: number) => void): void {
    this.#expect("[");
    if (this.#take("]")) return;
    let index = 0;
    do read(index++);
    while (this.#take(","));
    this.#expect("]");
  }

  string(): string {
    const start = this.#skipSpace();
    if (this.#text[start] !== '"') return this.#wrong("a text");
    let end = start + 1;
    while (end < this.#text.length && this.#text[end] !== '"')
      end += this.#text[end] === "\\" ? 2 : 1;
    this.#at = end + 1;
    try {
      return JSON.parse(this.#text.slice(start, end + 1));
    } catch {
      return this.refuse(
        "a text must be one of JSON",
        quoted(this.#text.slice(start, end + 1)),
        start,
      );
    }
  }

  /** A whole number of 0 or more that a double holds. */
  count(): number {
    const { at } = this;
    const value = Number(this.#match(WHOLE, A_COUNT));
    return Number.isSafeInteger(value)
      ? value
      : this.refuse(`there must be ${A_COUNT}`, `${value}`, at);
  }

  /** Passes by a value of any kind. */
  skip(depth = 0): void {
    const start = this.#skipSpace();
    if (depth > DEEPEST) this.refuse("values must not be so deep", `more than ${DEEPEST}`, start);
    const first = this.#text[start];
    if (first === "{") this.object(() => this.skip(depth + 1));
    else if (first === "[") this.array(() => this.skip(depth + 1));
    else if (first === '"') this.string();
    else this.#match(LITERAL, "a value of JSON");
  }

  #match(pattern: RegExp, expected: string): string {
    pattern.lastIndex = this.#skipSpace();
    const found = pattern.exec(this.#text)?.[0];
    if (found === undefined) return this.#wrong(expected);
    this.#at += found.length;
    return found;
  }

  /** @throws FormatError unless nothing but spaces is left */
  end(): void {
    if (this.#skipSpace() < this.#text.length) this.#wrong("the end");
  }

  /** Where the next token begins, in the text. */
  get at(): number {
    return this.#skipSpace();
  }

  refuse(rule: string, got: string, at: number, remedy?: string): never {
    const before = utf8(this.#text.slice(0, at)).length;
    return this.#refuse(rule, got, this.#byteOffset + before, remedy);
  }

  #wrong(expected: string): never {
    const at = this.#skipSpace();
    const got = at < this.#text.length ? quoted(this.#text.slice(at, at + 20)) : "the end";
    return this.refuse(`there must be ${expected}`, got, at);
  }

  #expect(token: string): void {
    if (!this.#take(token)) this.#wrong(token);
  }

  #take(token: string): boolean {
    const at = this.#skipSpace();
    if (this.#text[at] !== token) return false;
    this.#at = at + 1;
    return true;
  }

  #skipSpace(): number {
    while (" \t\n\r".includes(this.#text[this.#at] ?? "x")) this.#at++;
    return this.#at;
  }
}

/** A decoder says that something is wrong, not where: on refusal it is asked again, less by less. */
function decoded(bytes: Uint8Array, byteOffset: number, refuse: Refuse): string {
  const decoder = new (hosted("TextDecoder"))("utf-8", { fatal: true, ignoreBOM: true });
  try {
    return decoder.decode(bytes);
  } catch {
    const at = byteOffset + firstWrong(bytes);
    return refuse("text must be UTF-8", `${bytes[at - byteOffset]}`, at);
  }
}

function firstWrong(bytes: Uint8Array): number {
  const isText = (end: number) => {
    try {
      // A character that is cut at the end is not wrong yet.
      new (hosted("TextDecoder"))("utf-8", { fatal: true }).decode(bytes.subarray(0, end), {
        stream: true,
      });
      return true;
    } catch {
      return false;
    }
  };
  let [right, wrong] = [0, bytes.length + 1];
  while (wrong - right > 1) {
    const middle = Math.floor((right + wrong) / 2);
    if (isText(middle)) right = middle;
    else wrong = middle;
  }
  return Math.min(wrong, bytes.length) - 1;
}
