/**
 * How a program without reductions is printed for the elements that an invocation has, one or four that lie side by side:
 * where each access is, what is loaded, and `apply`, which is given the components of it one after the other.
 */
import { InternalError } from "../../../../errors.ts";
import type { GroupProgram, Register } from "../../../../scheduler/group-program.ts";
import { sameShape, stridesOf } from "../../../../tensor/shape.ts";
import {
  type Access,
  isSingle,
  loaded,
  strideTerms,
  sumOf,
  takeApart,
  type Width,
} from "./access.ts";
import { printInstruction } from "./instructions.ts";
import type { Words } from "./words.ts";

/** Where accesses are for element, or vector, i: those that lie as the space does need no index along each dimension. */
export class Walk {
  readonly #shape: readonly number[];
  readonly #width: Width;
  readonly #words: Words;
  readonly #innermost: string | undefined;
  /** Statements that the places need, once each. */
  readonly lines: string[] = [];

  /** `innermost`: the index along the last dimension, in units of `width`, where somebody knows it. */
  constructor(shape: readonly number[], width: Width, words: Words, innermost?: string) {
    this.#shape = shape;
    this.#width = width;
    this.#words = words;
    this.#innermost = innermost;
  }

  /** In vectors where whole vectors are moved, else in elements. */
  place(access: Access): string {
    const width = this.#width;
    const { binding, strides, offset } = access;
    const unit = binding === undefined || isSingle(access) ? 1 : width;
    const base = offset === 0 ? [] : [this.#words.word(offset / unit)];
    if (unit === width && sameShape(strides, stridesOf(this.#shape))) return sumOf(["i", ...base]);
    if (strides.every((stride) => stride === 0)) return sumOf(base);
    if (this.lines.length === 0) {
      const sizes = this.#shape.map((n, d) => (d === this.#shape.length - 1 ? n / width : n));
      this.lines.push(...takeApart("i", "at_", sizes, this.#words));
    }
    const last = this.#shape.length - 1;
    const names = this.#shape.map((_, d) => (d === last && this.#innermost) || `at_${d}`);
    const own = strides.map((n, d) => (d === strides.length - 1 ? n * width : n) / unit);
    return sumOf([...base, ...strideTerms(names, own, this.#words)]);
  }
}

/** What `apply` takes, statements that load it, and what it is given for component c. */
export interface Applied {
  readonly parameters: string;
  readonly loads: readonly string[];
  given(c: number): string;
}

/** `places` are those of `reads`, then of `counted`; `vectors` the bindings that hold vectors. */
export function applied(
  reads: readonly Access[],
  counted: readonly Access[],
  places: readonly string[],
  { width, vectors, words }: { width: Width; vectors: ReadonlySet<number>; words: Words },
): Applied {
  const isVector = (access: Access) => width === 4 && !isSingle(access);
  const load = (access: Access, place = "") => loaded(access, place, isVector(access), vectors);
  const increments = counted.map(({ strides }) => {
    const stride = strides.at(-1) ?? 0;
    return stride === 0 || width === 1 ? undefined : words.word(stride);
  });
  return {
    parameters: [...reads.map((_, i) => `v${i}: u32`), ...counted.map((_, i) => `n${i}: u32`)].join(
      ", ",
    ),
    loads: [
      ...reads.map((access, i) => `let v${i} = ${load(access, places[i])};`),
      ...counted.map((_, i) => `let n${i} = ${places[reads.length + i] ?? ""};`),
    ],
    given: (c) =>
      [
        ...reads.map((access, i) => (isVector(access) ? `v${i}[${c}]` : `v${i}`)),
        ...increments.map((increment, i) =>
          increment === undefined || c === 0 ? `n${i}` : `n${i} + ${c}u * ${increment}`,
        ),
      ].join(", "),
  };
}

/** Statements over v0 … and n0 … that leave register r in r0, r1 …. */
export function printRegisters(
  { instructions }: Pick<GroupProgram, "instructions">,
  words: Words,
): string[] {
  const names = {
    register: (r: Register) => `r${r}`,
    input: (input: number) => `v${input}`,
    index: (index: number) => `n${index}`,
  };
  return instructions.map((instruction, r) => {
    if (instruction.kind === "reduce")
      throw new InternalError("An elementwise program must reduce nothing.");
    const dtypeOf = (of: Register) => instructions[of]?.dtype ?? "f32";
    const value = printInstruction(instruction, names, dtypeOf, words);
    return `let r${r}: ${instruction.dtype} = ${value};`;
  });
}
