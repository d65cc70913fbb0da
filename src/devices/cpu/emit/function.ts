import { Bytes } from "./bytes.ts";
import { argumentsOf, type Value } from "./value.ts";

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

  /** local += other local */
  advance(local: number, by: number): void {
    this.get(local);
    this.get(by);
    this.code.byte(ADD);
    this.set(local);
  }

  /** The body, again and again, until `leave` says 1 in front of it. */
  loop(leave: () => void, body: () => void): void {
    this.code.bytes(0x02, 0x40, 0x03, 0x40);
    leave();
    this.code.bytes(0x0d, 1);
    body();
    this.code.bytes(0x0c, 0, 0x0b, 0x0b);
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

  /** Computes `value` into a local. */
  assign(local: number, value: Value): void {
    new Block(this, [value]).push(value);
    this.set(local);
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

export const ADD = 0x6a;
export const SUB = 0x6b;
export const MUL = 0x6c;
export const SHL = 0x74;
export const SHR_U = 0x76;
export const EQZ = 0x45;
export const LT_U = 0x49;
export const GT_U = 0x4b;
export const GE_U = 0x4f;

/** Computes values in one stretch of straight-line code: what several of them read is computed once, into a local. */
export class Block {
  readonly #writer: FunctionWriter;
  /** How often a value is still to be read. */
  readonly #uses = new Map<Value, number>();
  readonly #bound = new Map<Value, number>();

  /** `roots` are all that is pushed, each as often as it stands there. */
  constructor(writer: FunctionWriter, roots: readonly Value[]) {
    this.#writer = writer;
    for (const root of roots) this.#count(root);
  }

  /** Leaves the value on the stack. */
  push(value: Value): void {
    const bound = this.#bound.get(value);
    if (bound !== undefined) {
      this.#writer.get(bound);
      this.#read(value, bound);
      return;
    }
    this.#compute(value);
    const uses = this.#uses.get(value) ?? 1;
    if (uses === 1 || isLeaf(value)) return;
    const home = this.#writer.v128();
    this.#bound.set(value, home);
    this.#uses.set(value, uses - 1);
    this.#writer.tee(home);
  }

  /** Computes the value now, and keeps it for whoever pushes it. */
  bind(value: Value): void {
    if (isLeaf(value) || this.#bound.has(value)) return;
    this.#compute(value);
    const home = this.#writer.v128();
    this.#bound.set(value, home);
    this.#writer.set(home);
  }

  /** Computes copies of one graph, node by node in turn, so that none waits for another's result. */
  interleave(copies: readonly (readonly Value[])[]): void {
    const orders = copies.map(orderOf);
    orders[0]?.forEach((_, i) => {
      for (const order of orders) {
        const value = order[i];
        if (value !== undefined) this.bind(value);
      }
    });
  }

  #count(value: Value): void {
    const uses = this.#uses.get(value) ?? 0;
    this.#uses.set(value, uses + 1);
    if (uses === 0) for (const argument of argumentsOf(value)) this.#count(argument);
  }

  #read(value: Value, home: number): void {
    const left = (this.#uses.get(value) ?? 1) - 1;
    this.#uses.set(value, left);
    if (left > 0) return;
    this.#bound.delete(value);
    this.#writer.free(home);
  }

  #compute(value: Value): void {
    const { code } = this.#writer;
    for (const argument of argumentsOf(value)) this.push(argument);
    switch (value.kind) {
      case "local":
        this.#writer.get(value.index);
        return;
      case "constant":
        this.#writer.simd(0x0c);
        for (let i = 0; i < 4; i++) code.word(value.bits[i] ?? value.bits[0] ?? 0);
        return;
      case "load":
        this.#writer.get(value.pointer);
        this.#writer.simd(value.isSplat ? 0x09 : 0x00);
        code.byte(2);
        code.unsigned(value.offset);
        return;
      case "splat":
        this.#writer.get(value.index);
        this.#writer.simd(0x11);
        return;
      case "op":
        this.#writer.simd(value.op);
        return;
      case "shift":
        this.#writer.constant(value.count);
        this.#writer.simd(value.op);
        return;
      case "shuffle":
        this.#writer.simd(0x0d);
        for (const lane of value.lanes)
          for (let byte = 0; byte < 4; byte++) code.byte(4 * lane + byte);
        return;
      case "call":
        code.byte(0x10);
        code.unsigned(value.callee);
        return;
      default:
        value satisfies never;
    }
  }
}

/** Values that are had for one instruction, and need no place of their own. */
function isLeaf({ kind }: Value): boolean {
  return kind === "local" || kind === "constant";
}

/** All that `roots` are computed from, arguments first. */
function orderOf(roots: readonly Value[]): Value[] {
  const seen = new Set<Value>();
  const order: Value[] = [];
  const visit = (value: Value) => {
    if (seen.has(value) || isLeaf(value)) return;
    seen.add(value);
    for (const argument of argumentsOf(value)) visit(argument);
    order.push(value);
  };
  roots.forEach(visit);
  return order;
}
