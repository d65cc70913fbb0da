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

/** What lies around a program: where its bytes are in the file, who refuses it, what it may import. */
interface Surroundings {
  readonly byteOffset: number;
  readonly refuse: Refuse;
  readonly globals: Globals;
}

/**
 * Runs the program at `start` of `bytes`, which lie at `byteOffset` of the file.
 * @throws FormatError
 */
export function unpickle(bytes: Uint8Array, start: number, around: Surroundings): Unpickled {
  return new Machine(bytes, start, around).run();
}

class Machine {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #globals: Globals;
  readonly #stack: unknown[] = [];
  readonly #memo = new Map<number, unknown>();
  #at: number;
  /** Where the present opcode stands. */
  #opcodeAt = 0;
  #objects = 0;
  readonly wrong: Wrong;

  constructor(bytes: Uint8Array, start: number, { byteOffset, refuse, globals }: Surroundings) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = start;
    this.#globals = globals;
    this.wrong = (rule, got, remedy = REMEDY) =>
      refuse(rule, got, byteOffset + this.#opcodeAt, remedy);
  }

  run(): Unpickled {
    while (true) {
      this.#opcodeAt = this.#at;
      const opcode = this.uint(1);
      if (opcode === STOP) return { value: this.pop(), end: this.#at };
      const step = OPCODES.get(opcode);
      if (step === undefined)
        this.wrong("opcodes must be those of a file of tensors", `0x${opcode.toString(16)}`);
      else step(this);
    }
  }

  uint(size: 1 | 2 | 4 | 8): number {
    const at = this.#take(size);
    if (size === 1) return this.#view.getUint8(at);
    if (size === 2) return this.#view.getUint16(at, true);
    if (size === 4) return this.#view.getUint32(at, true);
    return Number(this.#view.getBigUint64(at, true));
  }

  int(): number {
    return this.#view.getInt32(this.#take(4), true);
  }

  float(): number {
    return this.#view.getFloat64(this.#take(8));
  }

  bytes(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#bytes.slice(at, at + length);
  }

  text(length: number): string {
    const at = this.#take(length);
    const decoder = new (hosted("TextDecoder"))("utf-8", { fatal: true, ignoreBOM: true });
    try {
      return decoder.decode(this.#bytes.subarray(at, at + length));
    } catch {
      return this.wrong("texts must be UTF-8", "other bytes");
    }
  }

  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    if (end < 0) return this.wrong("a name must end with its line", "no end");
    const text = this.text(end - this.#at);
    this.#take(1);
    return text;
  }

  push(value: unknown): void {
    this.#stack.push(value);
    if (typeof value === "object" && value !== null) this.#count(++this.#objects);
  }

  pop(): unknown {
    const top = this.#stack.pop();
    if (top !== undefined && top !== MARK) return top;
    return this.wrong("there must be a value on the stack", top === MARK ? "a mark" : "none");
  }

  top(): unknown {
    const top = this.pop();
    this.#stack.push(top);
    return top;
  }

  mark(): void {
    this.#stack.push(MARK);
  }

  popToMark(): unknown[] {
    const at = this.#stack.lastIndexOf(MARK);
    if (at < 0) return this.wrong("there must be a mark on the stack", "none");
    return this.#stack.splice(at).slice(1);
  }

  remember(index = this.#memo.size): void {
    this.#memo.set(index, this.top());
    this.#count(this.#memo.size);
  }

  recall(index: number): void {
    if (!this.#memo.has(index)) this.wrong("what is recalled must be in the memo", `${index}`);
    this.#stack.push(this.#memo.get(index));
  }

  setItems(items: readonly unknown[]): void {
    const dict = this.top();
    if (dict instanceof Map && items.length % 2 === 0)
      for (let i = 0; i < items.length; i += 2) dict.set(items[i], items[i + 1]);
    else this.wrong("items must be set in pairs, in a dict", "something else");
  }

  append(items: readonly unknown[]): void {
    const list = this.top();
    if (Array.isArray(list)) for (const item of items) list.push(item);
    else this.wrong("items must be appended to a list", "something else");
  }

  tuple(count: number): void {
    const items = Array.from({ length: count }, () => this.pop());
    this.push(new Tuple(items.reverse()));
  }

  global(module: unknown, name: unknown): unknown {
    if (typeof module !== "string" || typeof name !== "string")
      return this.wrong("what is imported must be named by texts", "something else");
    const rule = "a file of tensors may name nothing but what makes tensors; nothing is evaluated";
    const found = this.#globals.global(module, name, this.wrong);
    return found ?? this.wrong(rule, `${module}.${name}`.slice(0, 120));
  }

  call(args: unknown, callee: unknown): unknown {
    if (args instanceof Tuple) return this.#globals.call(callee, args.items, this.wrong);
    return this.wrong("arguments must be a tuple", "something else");
  }

  outside(id: unknown): unknown {
    return this.#globals.outside(id, this.wrong);
  }

  #count(objects: number): void {
    if (objects > MOST_OBJECTS)
      this.wrong(`a pickle must make at most ${MOST_OBJECTS} objects`, "more");
  }

  /** Bytes of the program from here on. */
  #take(length: number): number {
    const at = this.#at;
    if (length > this.#bytes.length - at)
      this.wrong(`the pickle must go on for ${length} bytes`, `${this.#bytes.length - at}`);
    this.#at = at + length;
    return at;
  }
}

const REMEDY = "Save the state dict: torch.save(model.state_dict(), path).";
const STOP = 0x2e;

/** Whole numbers of any length, little-endian, two's complement. */
function longOf(bytes: Uint8Array): number | bigint {
  let value = 0n;
  for (const byte of bytes.toReversed()) value = (value << 8n) | BigInt(byte);
  const signed = BigInt.asIntN(8 * bytes.length, value);
  const number = Number(signed);
  return Number.isSafeInteger(number) ? number : signed;
}

/** What each opcode does, by its letter. Arguments are evaluated in order: what is popped first is the first of them. */
const OPCODES: ReadonlyMap<number, (m: Machine) => void> = new Map(
  Object.entries<(m: Machine) => void>({
    "\x80": (m) => {
      const protocol = m.uint(1);
      if (protocol < 2 || protocol > 5) m.wrong("the protocol must be from 2 to 5", `${protocol}`);
    },
    // A frame says how much may be read at once.
    "\x95": (m) => m.uint(8),
    "(": (m) => m.mark(),
    N: (m) => m.push(null),
    "\x88": (m) => m.push(true),
    "\x89": (m) => m.push(false),
    J: (m) => m.push(m.int()),
    K: (m) => m.push(m.uint(1)),
    M: (m) => m.push(m.uint(2)),
    "\x8a": (m) => m.push(longOf(m.bytes(m.uint(1)))),
    G: (m) => m.push(m.float()),
    X: (m) => m.push(m.text(m.uint(4))),
    "\x8c": (m) => m.push(m.text(m.uint(1))),
    "\x8d": (m) => m.push(m.text(m.uint(8))),
    // Python 2's texts.
    T: (m) => m.push(m.text(m.uint(4))),
    U: (m) => m.push(m.text(m.uint(1))),
    B: (m) => m.push(m.bytes(m.uint(4))),
    C: (m) => m.push(m.bytes(m.uint(1))),
    "\x8e": (m) => m.push(m.bytes(m.uint(8))),
    "]": (m) => m.push([]),
    a: (m) => m.append([m.pop()]),
    e: (m) => m.append(m.popToMark()),
    ")": (m) => m.tuple(0),
    "\x85": (m) => m.tuple(1),
    "\x86": (m) => m.tuple(2),
    "\x87": (m) => m.tuple(3),
    t: (m) => m.push(new Tuple(m.popToMark())),
    "}": (m) => m.push(new Map()),
    s: (m) => m.setItems([m.pop(), m.pop()].reverse()),
    u: (m) => m.setItems(m.popToMark()),
    q: (m) => m.remember(m.uint(1)),
    r: (m) => m.remember(m.uint(4)),
    "\x94": (m) => m.remember(),
    h: (m) => m.recall(m.uint(1)),
    j: (m) => m.recall(m.uint(4)),
    c: (m) => m.push(m.global(m.line(), m.line())),
    "\x93": (m) => {
      const name = m.pop();
      m.push(m.global(m.pop(), name));
    },
    R: (m) => m.push(m.call(m.pop(), m.pop())),
    // Attributes of a dict, such as the versions that torch notes: nothing of them is needed.
    b: (m) => {
      m.pop();
      if (!(m.top() instanceof Map)) m.wrong("only dicts may have attributes", "something else");
    },
    Q: (m) => m.push(m.outside(m.pop())),
  }).map(([letter, opcode]) => [letter.charCodeAt(0), opcode]),
);
