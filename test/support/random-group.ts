/** Random group programs with what they read: what any device's generator is compared with the reference on. */
import {
  type Combine,
  type GroupInstruction,
  type GroupProgram,
  levelsOf,
  type Register,
  type Store,
  type View,
} from "../../src/scheduler/group-program.ts";
import type { DType } from "../../src/tensor/dtype.ts";
import { type Shape, sizeOf } from "../../src/tensor/shape.ts";
import { Dice } from "./fuzz/dice.ts";

export interface RandomGroup {
  readonly program: GroupProgram;
  /** What each input reads from. */
  readonly ins: readonly { readonly dtype: DType; readonly data: Float64Array }[];
  /** Elements of each output's region, or the input whose region it is, to be updated in place. */
  readonly outs: readonly (
    | { readonly dtype: DType; readonly length: number }
    | { readonly inPlace: number }
  )[];
}

export interface GroupWish {
  readonly kept: Shape;
  readonly columns: Shape;
  /** Most reductions that wait for one another; 0 for elementwise programs. */
  readonly stages: number;
  /** Inputs and outputs together. */
  readonly operands: number;
}

/** A register, with what keeps results comparable: nothing grows, and only what is exact is compared or made whole. */
interface Known {
  readonly dtype: DType;
  /** No element is larger in size. */
  readonly bound: number;
  /** Every device computes the same bits. */
  readonly isExact: boolean;
}

const MOST = 64;

class Maker {
  readonly dice: Dice;
  readonly shape: Shape;
  readonly kept: number;
  readonly instructions: GroupInstruction[] = [];
  readonly known: Known[] = [];
  readonly inputs: View[] = [];
  readonly indices: View[] = [];
  readonly ins: { dtype: DType; data: Float64Array }[] = [];

  constructor(dice: Dice, kept: Shape, columns: Shape) {
    this.dice = dice;
    this.shape = [...kept, ...columns];
    this.kept = kept.length;
  }

  push(instruction: GroupInstruction, known: Omit<Known, "dtype">): Register {
    this.known.push({ dtype: instruction.dtype, ...known });
    return this.instructions.push(instruction) - 1;
  }

  /** Strides that lay the dimensions out in some order, some of them apart, some repeated where that is allowed. */
  view(mayRepeat: boolean, isRow = false): View {
    const { dice, shape, kept } = this;
    const order = shape.map((_, d) => d).reverse();
    // As tensors are laid out, or with what is kept innermost; the rest at random.
    const isPlain = dice.chance(0.6);
    if (isPlain && dice.chance(0.4))
      order.sort((a, b) => Number(a >= kept) - Number(b >= kept) || b - a).reverse();
    if (!isPlain && dice.chance(0.4)) order.sort(() => dice.next() - 0.5);
    const strides = shape.map(() => 0);
    let stride = 1;
    for (const d of order) {
      if ((isRow && d >= kept) || (mayRepeat && dice.chance(0.2))) continue;
      if (!isPlain && dice.chance(0.3)) stride *= dice.pick([2, 3, 4]);
      strides[d] = stride;
      stride *= shape[d] ?? 1;
      if (!isPlain && dice.chance(0.2)) stride += dice.pick([1, 4]);
    }
    return { offset: isPlain || dice.chance(0.5) ? 0 : dice.pick([1, 3, 4, 64]), strides };
  }

  input(view: View, dtype: DType): Register {
    const { dice } = this;
    const length = Math.max(1, extentOf(view, this.shape)) + dice.pick([0, 0, 1, 4]);
    const data = Float64Array.from({ length }, () => value(dice, dtype));
    const input = this.inputs.push(view) - 1;
    this.ins.push({ dtype, data });
    return this.push({ kind: "input", input, dtype }, { bound: 4, isExact: true });
  }

  /** A register of `dtype`, made if there is none. */
  any(dtype: DType, isExact = false): Register {
    const fitting = this.known.flatMap((one, r) =>
      one.dtype === dtype && (one.isExact || !isExact) ? [r] : [],
    );
    // The latest first: what is made is used.
    if (fitting.length > 0 && this.dice.chance(0.8))
      return this.dice.chance(0.5) ? (fitting.at(-1) ?? 0) : this.dice.pick(fitting);
    return this.literal(dtype);
  }

  literal(dtype: DType): Register {
    const literal = value(this.dice, dtype);
    return this.push({ kind: "literal", value: literal, dtype }, { bound: 4, isExact: true });
  }

  at(r: Register): Known {
    const known = this.known[r];
    if (known === undefined) throw new Error(`no register ${r}`);
    return known;
  }

  /** Within bounds again, by a function whose slope is at most 1. */
  bounded(r: Register): Register {
    const { dtype, bound, isExact } = this.at(r);
    if (bound <= MOST) return r;
    if (dtype === "f32" && !isExact)
      return this.push({ kind: "unary", fn: "tanh", x: r, dtype }, { bound: 1, isExact: false });
    const limit = this.push({ kind: "literal", value: 9, dtype }, { bound: 9, isExact: true });
    const low = this.push({ kind: "binary", fn: "min", a: r, b: limit, dtype }, { bound, isExact });
    if (dtype === "u32") {
      this.known[low] = { dtype, bound: 9, isExact };
      return low;
    }
    const least = this.push({ kind: "literal", value: -9, dtype }, { bound: 9, isExact: true });
    return this.push({ kind: "binary", fn: "max", a: low, b: least, dtype }, { bound: 9, isExact });
  }

  step(): void {
    const { dice } = this;
    const dtype = dice.pick(["f32", "f32", "f32", "i32", "u32"] as const);
    const roll = dice.below(10);
    if (roll < 3) this.#unary(dtype);
    else if (roll < 7) this.#binary(dtype);
    else if (roll < 8) {
      const a = this.any("f32", true);
      const b = this.any("f32", true);
      const fn = dice.pick(["less", "lessEqual", "greater", "equal", "notEqual"] as const);
      this.push({ kind: "binary", fn, a, b, dtype: "bool" }, { bound: 1, isExact: true });
    } else if (roll < 9) {
      const [condition, a, b] = [this.any("bool"), this.any(dtype), this.any(dtype)];
      const isExact = this.at(a).isExact && this.at(b).isExact;
      const bound = Math.max(this.at(a).bound, this.at(b).bound);
      this.push({ kind: "where", condition, a, b, dtype }, { bound, isExact });
    } else {
      const from = dice.pick(["f32", "i32", "bool"] as const);
      const x = this.any(from, true);
      // A negative number is no u32.
      const to = dice.pick(from === "bool" ? (["f32", "u32"] as const) : (["f32", "i32"] as const));
      this.push({ kind: "cast", x, dtype: to }, { bound: this.at(x).bound, isExact: true });
    }
  }

  #unary(dtype: "f32" | "i32" | "u32"): void {
    const x = this.any(dtype);
    const { bound, isExact } = this.at(x);
    if (dtype !== "f32") {
      if (dtype === "i32")
        this.push(
          { kind: "unary", fn: this.dice.pick(["neg", "abs"]), x, dtype },
          { bound, isExact },
        );
      return;
    }
    const fn = this.dice.pick([
      "neg",
      "abs",
      "relu",
      "tanh",
      "sigmoid",
      "exp",
      "square",
      "sin",
    ] as const);
    const same = fn === "neg" || fn === "abs" || fn === "relu";
    const y =
      fn === "exp" || fn === "square" || fn === "sin"
        ? this.push({ kind: "unary", fn: "tanh", x, dtype }, { bound: 1, isExact: false })
        : x;
    this.push(
      { kind: "unary", fn, x: y, dtype },
      { bound: same ? bound : 3, isExact: same && isExact },
    );
  }

  #binary(dtype: "f32" | "i32" | "u32"): void {
    const [a, b] = [this.bounded(this.any(dtype)), this.bounded(this.any(dtype))];
    const fn = this.dice.pick(
      dtype === "u32"
        ? (["add", "max", "min"] as const)
        : (["add", "sub", "mul", "max", "min"] as const),
    );
    const [m, n] = [this.at(a), this.at(b)];
    const bound = fn === "mul" ? m.bound * n.bound : m.bound + n.bound;
    const isWhole = dtype !== "f32";
    const isExact = m.isExact && n.isExact && (isWhole || fn === "max" || fn === "min");
    this.bounded(this.push({ kind: "binary", fn, a, b, dtype }, { bound, isExact }));
  }

  reduce(x: Register): Register {
    const { dtype, isExact } = this.at(x);
    const combine: Combine = this.dice.pick(["sum", "sum", "max", "min"]);
    if (combine !== "sum")
      return this.push({ kind: "reduce", combine, x, dtype }, { bound: this.at(x).bound, isExact });
    const small = this.bounded(x);
    const columns = sizeOf(this.shape.slice(this.kept));
    const total = this.push(
      { kind: "reduce", combine, x: small, dtype },
      { bound: this.at(small).bound * columns, isExact: isExact && dtype !== "f32" },
    );
    if (dtype !== "f32") return this.bounded(total);
    const literal = Math.fround(1 / columns);
    const b = this.push({ kind: "literal", value: literal, dtype }, { bound: 1, isExact: true });
    return this.push(
      { kind: "binary", fn: "mul", a: total, b, dtype },
      { bound: this.at(small).bound, isExact: false },
    );
  }
}

export function randomGroup(
  seed: number,
  { kept, columns, stages, operands }: GroupWish,
): RandomGroup {
  const dice = new Dice(seed);
  const isMap = stages === 0;
  const maker = new Maker(dice, isMap ? [...kept, ...columns] : kept, isMap ? [] : columns);
  const room = operands - 1;
  const inputs = 1 + dice.below(Math.min(room, 4));
  for (let i = 0; i < inputs; i++) {
    const dtype = i === 0 ? "f32" : dice.pick(["f32", "f32", "i32", "u32", "bool"] as const);
    maker.input(maker.view(i > 0, i > 0 && dice.chance(0.25)), dtype);
  }
  if (dice.chance(0.4)) {
    const index = maker.indices.push(maker.view(true)) - 1;
    const dtype = dice.pick(["f32", "i32", "u32"] as const);
    const bound = 1e6;
    maker.bounded(maker.push({ kind: "index", index, dtype }, { bound, isExact: true }));
  }
  const depth = isMap ? 0 : 1 + dice.below(stages);
  for (let stage = 0; stage <= depth; stage++) {
    for (let n = dice.below(6); n > 0; n--) maker.step();
    if (stage === depth) break;
    const numbers = maker.known.flatMap(({ dtype }, r) => (dtype === "bool" ? [] : [r]));
    for (let n = 1 + dice.below(2); n > 0; n--)
      maker.reduce(dice.chance(0.6) ? maker.any("f32") : dice.pick(numbers));
  }
  return stored(maker, Math.min(3, operands - inputs));
}

/** One output or several: of what was made last, and of others. */
function stored(maker: Maker, most: number): RandomGroup {
  const { dice, shape, kept, instructions, inputs, indices, ins } = maker;
  const levels = levelsOf({ shape, kept, inputs, indices, instructions, stores: [] });
  const stores: Store[] = [];
  const outs: RandomGroup["outs"][number][] = [];
  const count = 1 + dice.below(most);
  for (let o = 0; o < count; o++) {
    const register = o === 0 ? instructions.length - 1 : dice.below(instructions.length);
    const isRow = (levels[register]?.perRow ?? false) && kept < shape.length && dice.chance(0.7);
    const { dtype } = maker.at(register);
    const taken = outs.flatMap((out) => ("inPlace" in out ? [out.inPlace] : []));
    const input = inputs.findIndex(
      (view, i) =>
        !taken.includes(i) &&
        ins[i]?.dtype === dtype &&
        isInjective(view, shape, isRow ? kept : shape.length),
    );
    const view = inputs[input];
    if (view !== undefined && dice.chance(0.5)) {
      stores.push({ ...view, register });
      outs.push({ inPlace: input });
      continue;
    }
    const own = maker.view(false, isRow);
    stores.push({ ...own, register });
    outs.push({ dtype, length: extentOf(own, shape) + dice.pick([0, 0, 1]) });
  }
  return { program: { shape, kept, inputs, indices, instructions, stores }, ins, outs };
}

/** Whether no two elements (of the first `used` dimensions, the others repeated) lie in one place. */
function isInjective({ strides }: View, shape: Shape, used: number): boolean {
  if (strides.some((stride, d) => d < used !== (stride !== 0) && (shape[d] ?? 1) > 1)) return false;
  return true;
}

export function extentOf({ offset, strides }: View, shape: Shape): number {
  return shape.reduce(
    (extent, n, d) => extent + Math.max(0, n - 1) * (strides[d] ?? 0),
    offset + 1,
  );
}

function value(dice: Dice, dtype: DType): number {
  if (dtype === "bool") return dice.below(2);
  if (dtype === "u32") return dice.below(5);
  if (dtype === "i32") return dice.below(9) - 4;
  // Some are equal.
  return dice.chance(0.2) ? dice.below(3) - 1 : Math.fround(dice.next() * 8 - 4);
}
