/**
 * Python's pickle, as far as a file of tensors needs it: a machine with a stack and a memo, whose program is in the file. It
 * makes numbers, texts, lists, tuples and dicts. What it would import and call is asked for by name (`Globals`), and
 * nothing else is there to be called. docs.python.org/3/library/pickletools.html has the opcodes; protocols 2 to 5.
 */

import { hosted } from "../../host.ts";
import type { Refuse } from "../format.ts";

/** A Python tuple; a list is an array, a dict a Map. */
export class Tuple {
  readonly items: readonly unknown[];
  constructor(items: readonly unknown[]) {
    this.items = items;
  }
}

/** What a pickle may import: a value that stands for it, undefined for what it may not. */
export interface Globals {
  global(module: string, name: string, wrong: Wrong): unknown;
  /** What a call of a global gives. `wrong` refuses it. */
  call(callee: unknown, args: readonly unknown[], wrong: Wrong): unknown;
  /** What stands outside of the pickle: a storage. */
  outside(id: unknown, wrong: Wrong): unknown;
}
export type Wrong = (rule: string, got: string, remedy?: string) => never;

/** An object takes far more memory than the opcode that makes it. A model of 100,000 tensors has a quarter of this. */
const MOST_OBJECTS = 4_000_000;

const MARK = Symbol("mark");

/** What a pickle made, and where its program ends. */
export interface Unpickled {
  readonly value: unknown;
  readonly end: number;
}

/**
 * Runs the program at `start` of `bytes`, which lie at `byteOffset` of the file.
 * @throws FormatError
 */
export function unpickle(
  bytes: Uint8Array,
  start: number,
  {
    byteOffset,
    refuse,
    globals,
  }: { readonly byteOffset: number; readonly refuse: Refuse; readonly globals: Globals },
): Unpickled {
  return new Machine(bytes, start, byteOffset, refuse, globals).run();
}

class Machine {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #byteOffset: number;
  readonly #refuse: Refuse;
  readonly #globals: Globals;
  readonly #stack: unknown[] = [];
  readonly #memo = new Map<number, unknown>();
  #at: number;
  /** Where the present opcode stands. */
  #opcodeAt = 0;
  #objects = 0;

  constructor(
    bytes: Uint8Array,
    start: number,
    byteOffset: number,
    refuse: Refuse,
    globals: Globals,
  ) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = start;
    this.#byteOffset = byteOffset;
    this.#refuse = refuse;
    this.#globals = globals;
  }

  run(): Unpickled {
    while (true) {
      this.#opcodeAt = this.#at;
      const opcode = this.#uint(1);
      if (opcode === STOP) {
        const value = this.#pop();
        return { value, end: this.#at };
      }
      const step = OPCODES.get(opcode);
      if (step === undefined) {
        this.#wrong("opcodes must be those of a file of tensors", `0x${opcode.toString(16)}`);
      } else step.call(this.#hands);
    }
  }

  /** What opcodes do things with. */
  readonly #hands: Hands = {
    uint: (size) => this.#uint(size),
    int: () => this.#view.getInt32(this.#take(4), true),
    float: () => this.#view.getFloat64(this.#take(8)),
    bytes: (length) => {
      const at = this.#take(length);
      return this.#bytes.slice(at, at + length);
    },
    text: (length) => {
      const at = this.#take(length);
      const decoder = new (hosted("TextDecoder"))("utf-8", { fatal: true, ignoreBOM: true });
      try {
        return decoder.decode(this.#bytes.subarray(at, at + length));
      } catch {
        return this.#wrong("texts must be UTF-8", "other bytes");
      }
    },
    line: () => {
      const end = this.#bytes.indexOf(0x0a, this.#at);
      if (end < 0) return this.#wrong("a name must end with its line", "no end");
      const length = end - this.#at;
      const text = this.#hands.text(length);
      this.#take(1);
      return text;
    },
    push: (value) => {
      this.#stack.push(value);
      if (typeof value === "object" && value !== null) this.#count(++this.#objects);
    },
    pop: () => this.#pop(),
    top: () => {
      const top = this.#pop();
      this.#stack.push(top);
      return top;
    },
    mark: () => {
      this.#stack.push(MARK);
    },
    popToMark: () => {
      const at = this.#stack.lastIndexOf(MARK);
      if (at < 0) return this.#wrong("there must be a mark on the stack", "none");
      const items = this.#stack.splice(at);
      return items.slice(1);
    },
    remember: (index) => {
      this.#memo.set(index ?? this.#memo.size, this.#hands.top());
      this.#count(this.#memo.size);
    },
    recall: (index) => {
      if (!this.#memo.has(index)) this.#wrong("what is recalled must be in the memo", `${index}`);
      this.#stack.push(this.#memo.get(index));
    },
    wrong: (rule, got) => this.#wrong(rule, got),
    global: (module, name) => {
      const found = this.#globals.global(module, name, (rule, got, remedy) =>
        this.#wrong(rule, got, remedy),
      );
      if (found !== undefined) return found;
      return this.#wrong(
        "a file of tensors may name nothing but what makes tensors; nothing is evaluated",
        `${module}.${name}`.slice(0, 120),
      );
    },
    call: (callee, args) => this.#globals.call(callee, args, (rule, got) => this.#wrong(rule, got)),
    outside: (id) => this.#globals.outside(id, (rule, got) => this.#wrong(rule, got)),
  };

  #count(objects: number): void {
    if (objects <= MOST_OBJECTS) return;
    this.#wrong(`a pickle must make at most ${MOST_OBJECTS} objects`, "more");
  }

  #pop(): unknown {
    const top = this.#stack.pop();
    if (top !== undefined && top !== MARK) return top;
    return this.#wrong("there must be a value on the stack", top === MARK ? "a mark" : "none");
  }

  /** Bytes of the program from here on. */
  #take(length: number): number {
    const at = this.#at;
    if (length > this.#bytes.length - at)
      this.#wrong(`the pickle must go on for ${length} bytes`, `${this.#bytes.length - at}`);
    this.#at = at + length;
    return at;
  }

  #uint(size: 1 | 2 | 4 | 8): number {
    const at = this.#take(size);
    if (size === 1) return this.#view.getUint8(at);
    if (size === 2) return this.#view.getUint16(at, true);
    if (size === 4) return this.#view.getUint32(at, true);
    return Number(this.#view.getBigUint64(at, true));
  }

  #wrong(rule: string, got: string, remedy = REMEDY): never {
    return this.#refuse(rule, got, this.#byteOffset + this.#opcodeAt, remedy);
  }
}

const REMEDY = "Save the state dict: torch.save(model.state_dict(), path).";
const STOP = 0x2e;

interface Hands {
  uint(size: 1 | 2 | 4 | 8): number;
  int(): number;
  float(): number;
  bytes(length: number): Uint8Array;
  text(length: number): string;
  line(): string;
  push(value: unknown): void;
  pop(): unknown;
  top(): unknown;
  mark(): void;
  popToMark(): unknown[];
  /** Under the next number where none is given. */
  remember(index?: number): void;
  recall(index: number): void;
  readonly wrong: Wrong;
  global(module: string, name: string): unknown;
  call(callee: unknown, args: readonly unknown[]): unknown;
  outside(id: unknown): unknown;
}

type Opcode = (this: Hands) => void;

/** Whole numbers of any length, little-endian, two's complement. */
function longOf(bytes: Uint8Array): number | bigint {
  let value = 0n;
  for (const byte of bytes.toReversed()) value = (value << 8n) | BigInt(byte);
  const signed = BigInt.asIntN(8 * bytes.length, value);
  const number = Number(signed);
  return Number.isSafeInteger(number) ? number : signed;
}

function setItems(hands: Hands, items: readonly unknown[]): void {
  const dict = hands.top();
  if (dict instanceof Map && items.length % 2 === 0)
    for (let i = 0; i < items.length; i += 2) dict.set(items[i], items[i + 1]);
  else hands.wrong("items must be set in pairs, in a dict", "something else");
}

function append(hands: Hands, items: readonly unknown[]): void {
  const list = hands.top();
  if (Array.isArray(list)) for (const item of items) list.push(item);
  else hands.wrong("items must be appended to a list", "something else");
}

function tuple(count: number): Opcode {
  return function () {
    const items = Array.from({ length: count }, () => this.pop());
    this.push(new Tuple(items.reverse()));
  };
}

function globalOf(hands: Hands, module: unknown, name: unknown): void {
  if (typeof module === "string" && typeof name === "string")
    hands.push(hands.global(module, name));
  else hands.wrong("what is imported must be named by texts", "something else");
}

const OPCODES: ReadonlyMap<number, Opcode> = new Map<number, Opcode>(
  Object.entries<Opcode>({
    "\x80": function () {
      const protocol = this.uint(1);
      if (protocol < 2 || protocol > 5)
        this.wrong("the protocol must be from 2 to 5", `${protocol}`);
    },
    // A frame says how much may be read at once.
    "\x95": function () {
      this.uint(8);
    },
    "(": function () {
      this.mark();
    },
    N: function () {
      this.push(null);
    },
    "\x88": function () {
      this.push(true);
    },
    "\x89": function () {
      this.push(false);
    },
    J: function () {
      this.push(this.int());
    },
    K: function () {
      this.push(this.uint(1));
    },
    M: function () {
      this.push(this.uint(2));
    },
    "\x8a": function () {
      this.push(longOf(this.bytes(this.uint(1))));
    },
    G: function () {
      this.push(this.float());
    },
    X: function () {
      this.push(this.text(this.uint(4)));
    },
    "\x8c": function () {
      this.push(this.text(this.uint(1)));
    },
    "\x8d": function () {
      this.push(this.text(this.uint(8)));
    },
    // Python 2's texts.
    T: function () {
      this.push(this.text(this.uint(4)));
    },
    U: function () {
      this.push(this.text(this.uint(1)));
    },
    B: function () {
      this.push(this.bytes(this.uint(4)));
    },
    C: function () {
      this.push(this.bytes(this.uint(1)));
    },
    "\x8e": function () {
      this.push(this.bytes(this.uint(8)));
    },
    "]": function () {
      this.push([]);
    },
    a: function () {
      const item = this.pop();
      append(this, [item]);
    },
    e: function () {
      append(this, this.popToMark());
    },
    ")": tuple(0),
    "\x85": tuple(1),
    "\x86": tuple(2),
    "\x87": tuple(3),
    t: function () {
      this.push(new Tuple(this.popToMark()));
    },
    "}": function () {
      this.push(new Map());
    },
    s: function () {
      const value = this.pop();
      const key = this.pop();
      setItems(this, [key, value]);
    },
    u: function () {
      setItems(this, this.popToMark());
    },
    q: function () {
      this.remember(this.uint(1));
    },
    r: function () {
      this.remember(this.uint(4));
    },
    "\x94": function () {
      this.remember();
    },
    h: function () {
      this.recall(this.uint(1));
    },
    j: function () {
      this.recall(this.uint(4));
    },
    c: function () {
      const module = this.line();
      globalOf(this, module, this.line());
    },
    "\x93": function () {
      const name = this.pop();
      globalOf(this, this.pop(), name);
    },
    R: function () {
      const args = this.pop();
      const callee = this.pop();
      if (args instanceof Tuple) this.push(this.call(callee, args.items));
      else this.wrong("arguments must be a tuple", "something else");
    },
    // Attributes of a dict, such as the versions that torch notes: nothing of them is needed.
    b: function () {
      this.pop();
      if (!(this.top() instanceof Map))
        this.wrong("only dicts may have attributes", "something else");
    },
    Q: function () {
      this.push(this.outside(this.pop()));
    },
  }).map(([letter, opcode]) => [letter.charCodeAt(0), opcode]),
);
