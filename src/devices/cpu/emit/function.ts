import { Bytes } from "./bytes.ts";

export const I32 = 0x7f;
export const V128 = 0x7b;
const SIMD = 0xfd;

/** One function's locals and code (core specification, 5.4). Emitted ones take integers and give nothing. */
export class FunctionWriter {
  readonly code = new Bytes();
  readonly #parameters: number;
  readonly #locals: number[] = [];
  /** Vector locals that nobody holds. */
  readonly #free: number[] = [];

  constructor(parameters: number) {
    this.#parameters = parameters;
  }

  i32(): number {
    return this.#parameters + this.#locals.push(I32) - 1;
  }

  v128(): number {
    return this.#free.pop() ?? this.#parameters + this.#locals.push(V128) - 1;
  }

  free(vector: number): void {
    this.#free.push(vector);
  }

  get(local: number): void {
    this.code.byte(0x20);
    this.code.unsigned(local);
  }

  set(local: number): void {
    this.code.byte(0x21);
    this.code.unsigned(local);
  }

  tee(local: number): void {
    this.code.byte(0x22);
    this.code.unsigned(local);
  }

  constant(value: number): void {
    this.code.byte(0x41);
    this.code.signed(value);
  }

  simd(op: number): void {
    this.code.byte(SIMD);
    this.code.unsigned(op);
  }

  /** i32.load of the address on the stack. */
  loadWord(offset: number): void {
    this.code.bytes(0x28, 2);
    this.code.unsigned(offset);
  }

  /** local += step */
  bump(local: number, step: number): void {
    this.get(local);
    this.constant(step);
    this.code.byte(ADD);
    this.set(local);
  }

  /** to = from */
  copy(from: number, to: number): void {
    this.get(from);
    this.set(to);
  }

  /** to = from + step, of three locals */
  advance(from: number, step: number, to: number): void {
    this.get(from);
    this.get(step);
    this.code.byte(ADD);
    this.set(to);
  }

  /** to = 4 · from */
  bytesOf(from: number, to: number): void {
    this.get(from);
    this.constant(2);
    this.code.byte(SHL);
    this.set(to);
  }

  /** (end - at) / 4, where both count bytes: how many elements are left. */
  elementsLeft(end: number, at: number): void {
    this.get(end);
    this.get(at);
    this.code.byte(SUB);
    this.constant(2);
    this.code.byte(SHR_U);
  }

  /** The body, again and again, until `leave` says 1 in front of it. */
  loop(leave: () => void, body: () => void): void {
    this.code.bytes(0x02, 0x40, 0x03, 0x40);
    leave();
    this.code.bytes(0x0d, 1);
    body();
    this.code.bytes(0x0c, 0, 0x0b, 0x0b);
  }

  /** Until a local is 0, which the body counts down. */
  untilZero(count: number, body: () => void): void {
    this.loop(() => {
      this.get(count);
      this.code.byte(EQZ);
    }, body);
  }

  /** Until at ≥ end. */
  untilReached(at: number, end: number, body: () => void): void {
    this.loop(() => {
      this.get(at);
      this.get(end);
      this.code.byte(GE_U);
    }, body);
  }

  /** While at + bytes ≤ end. */
  whileFits(at: number, bytes: number, end: number, body: () => void): void {
    this.loop(() => {
      this.get(at);
      this.constant(bytes);
      this.code.byte(ADD);
      this.get(end);
      this.code.byte(GT_U);
    }, body);
  }

  /** Where the condition on the stack holds. */
  if(then: () => void, otherwise?: () => void): void {
    this.code.bytes(0x04, 0x40);
    then();
    if (otherwise !== undefined) {
      this.code.byte(0x05);
      otherwise();
    }
    this.code.byte(0x0b);
  }

  /** Locals and code as an entry of the code section. */
  body(): Bytes {
    const head = new Bytes();
    head.unsigned(this.#locals.length);
    for (const type of this.#locals) head.bytes(1, type);
    const entry = new Bytes();
    entry.unsigned(head.length + this.code.length + 1);
    entry.append(head);
    entry.append(this.code);
    entry.byte(0x0b);
    return entry;
  }
}

export const SELECT = 0x1b;
export const AND = 0x71;
export const ADD = 0x6a;
export const SUB = 0x6b;
export const MUL = 0x6c;
const SHL = 0x74;
const SHR_U = 0x76;
const EQZ = 0x45;
export const EQ = 0x46;
export const LT_U = 0x49;
export const GT_U = 0x4b;
export const GE_U = 0x4f;
