import type { FunctionWriter } from "./function.ts";
import { argumentsOf, type Value } from "./value.ts";

/** Computes values in one stretch of straight-line code: what several of them read is computed once, into a local. */
export class Block {
  readonly #writer: FunctionWriter;
  /** How often a value is still to be read. */
  readonly #uses = new Map<Value, number>();
  readonly #bound = new Map<Value, number>();
  /** What `bind` has computed, read by now or not. */
  readonly #computed = new Set<Value>();

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
    if (isLeaf(value) || this.#bound.has(value) || this.#computed.has(value)) return;
    this.#computed.add(value);
    this.#compute(value);
    const home = this.#writer.v128();
    this.#bound.set(value, home);
    this.#writer.set(home);
  }

  /** Computes what does not wait for each other node by node in turn: each value of a list behind those before it there. */
  interleave(copies: readonly (readonly Value[])[]): void {
    const orders = copies.map(orderOf);
    const longest = Math.max(0, ...orders.map(({ length }) => length));
    for (let i = 0; i < longest; i++) {
      for (const order of orders) {
        const value = order[i];
        if (value !== undefined) this.bind(value);
      }
    }
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
      case "word":
        this.#writer.constant(value.address);
        this.#writer.simd(0x09);
        code.bytes(2, 0);
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

/** Computes `value` into a local. */
export function assign(writer: FunctionWriter, local: number, value: Value): void {
  new Block(writer, [value]).push(value);
  writer.set(local);
}

/** Computes `value` into a local of its own. */
export function hold(writer: FunctionWriter, value: Value): number {
  const home = writer.v128();
  assign(writer, home, value);
  return home;
}
