/**
 * Random groups: every dtype, views that broadcast, transpose and slice, several reductions behind each other, several
 * stores, some in place. What is not exact carries a bound of its error, so that nothing has to be guessed: a register is
 * compared, rounded or counted with only where it is exact.
 */
import { packedOffsets, type Segment, segmentsOf } from "../../../src/ops/packed.ts";
import type { BinaryName, UnaryName } from "../../../src/ops/scalars.ts";
import type {
  Combine,
  GroupInstruction,
  GroupProgram,
  Register,
  Store,
  View,
} from "../../../src/scheduler/group-program.ts";
import { levelsOf } from "../../../src/scheduler/group-program.ts";
import type { DType } from "../../../src/tensor/dtype.ts";
import { sizeOf } from "../../../src/tensor/shape.ts";

export interface RandomGroup {
  readonly program: GroupProgram;
  /** Elements behind each input and each store, and what the inputs are. */
  readonly inputs: readonly { readonly dtype: DType; readonly length: number }[];
  readonly outputs: readonly {
    readonly dtype: DType;
    readonly length: number;
    /** The input that it takes the place of. */
    readonly inPlace: number | undefined;
    /** The largest error that f32 may have; 0 for what is exact. */
    readonly error: number;
  }[];
}

/** What is known of a register: |x| ≤ most, |x| ≥ least, and the absolute error. */
interface Known {
  readonly dtype: DType;
  readonly most: number;
  readonly least: number;
  readonly error: number;
}

const EPSILON = 2 ** -23;

/** A small generator of whole numbers below a bound (mulberry32). */
export function generator(seed: number): (bound: number) => number {
  let state = (seed * 0x9e3779b1) | 0;
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % bound;
  };
}

const sizes = [2, 2, 3, 3, 4, 5, 7, 8, 17, 33, 64, 130];
/** f32 → f32 whose slope is at most 1. */
const gentle: readonly UnaryName[] = [
  "neg",
  "abs",
  "tanh",
  "sigmoid",
  "relu",
  "sin",
  "cos",
  "softplus",
];
const questions: readonly BinaryName[] = [
  "less",
  "lessEqual",
  "greater",
  "greaterEqual",
  "equal",
  "notEqual",
];

export function randomGroup(seed: number): RandomGroup {
  const kind = seed % 8 === 5 ? "packed" : seed % 8 === 3 ? "added up" : "any";
  const random = generator(seed);
  // One that stores nothing is no group: of a pack as a row there may be nothing that is the same for all.
  for (;;) {
    const group = new Builder(random, kind).build();
    if (group.outputs.length > 0) return group;
  }
}

/** A few tensors, perhaps a large one, some of which end where the next one starts. */
function randomShapes(random: (bound: number) => number): number[][] {
  const most = [70, 300, 5000][random(3)] ?? 70;
  return Array.from({ length: 1 + random(7) }, () => [
    random(4) === 0 ? 64 * (1 + random(3)) : random(most),
  ]);
}

class Builder {
  readonly #random: (bound: number) => number;
  readonly #shape: number[];
  readonly #kept: number;
  /** Where elements lie, over packed tensors. */
  readonly #segments: readonly Segment[] | undefined;
  /** Whether elements are added up over rows, and everything lies in the order of rows. */
  readonly #addsRows: boolean;
  /** Whether rows lie side by side, as in sums of columns, in what is read and stored. */
  readonly #isAcross: boolean;
  readonly #inputs: { view: View; dtype: DType; length: number; isWhole: boolean }[] = [];
  readonly #indices: View[] = [];
  readonly #instructions: GroupInstruction[] = [];
  readonly #known: Known[] = [];

  /** `added up`: rows enough, and long enough, that sums over them are made on the way. */
  constructor(random: (bound: number) => number, kind: "any" | "packed" | "added up") {
    this.#random = random;
    const isPacked = kind === "packed";
    this.#addsRows = kind === "added up";
    const shapes = isPacked ? [...randomShapes(random), [37]] : [];
    this.#segments = isPacked ? segmentsOf(shapes) : undefined;
    if (isPacked) {
      this.#shape = [packedOffsets(shapes).length];
      this.#kept = random(2);
      this.#isAcross = false;
      return;
    }
    if (this.#addsRows) {
      const rows = random(2) === 0 ? [33 + random(70)] : [2 + random(4), 17 + random(20)];
      this.#shape = [...rows, 16 + random(40)];
      this.#kept = rows.length;
      this.#isAcross = false;
      return;
    }
    const rank = random(12) === 0 ? 0 : 1 + random(4);
    this.#shape = Array.from({ length: rank }, () => this.#one(sizes));
    while (sizeOf(this.#shape) > 1500) this.#shape[random(rank)] = 2;
    // Now and then one long dimension, which is cut.
    if (rank > 0 && random(25) === 0)
      this.#shape[random(rank)] =
        1 + Math.floor((30000 + random(20000)) / (sizeOf(this.#shape) + 1));
    if (rank > 0 && random(40) === 0) this.#shape[random(rank)] = 0;
    this.#shape = this.#shape.map((n) => (n === 1 ? 2 : n));
    this.#kept = random(3) === 0 ? rank : random(rank + 1);
    this.#isAcross = this.#kept > 0 && this.#kept < rank && random(3) === 0;
  }

  build(): RandomGroup {
    const random = this.#random;
    for (let n = 1 + random(4); n > 0; n--) this.#input();
    if (random(4) === 0) this.#index();
    if (random(2) === 0) this.#literal(this.#one(["f32", "f32", "i32", "u32", "bool"]));
    for (let n = random(4) === 0 ? 8 + random(12) : 1 + random(7); n > 0; n--) this.#instruction();
    const reductions = this.#kept === this.#shape.length ? 0 : 1 + random(3);
    const terms = this.#instructions.length;
    for (let i = 0; i < reductions; i++) {
      // Packed tensors are gone over once.
      this.#reduce(this.#segments ? terms : Number.POSITIVE_INFINITY);
      for (let n = random(5); n > 0; n--) this.#instruction();
    }
    return this.#stored();
  }

  #one<T>(of: readonly T[]): T {
    return of[this.#random(of.length)] as T;
  }

  #push(instruction: GroupInstruction, known: Omit<Known, "dtype">): Register {
    this.#known.push({ ...known, dtype: instruction.dtype });
    return this.#instructions.push(instruction) - 1;
  }

  /** A register that `fits`, of the later ones rather. */
  #pick(fits: (known: Known, register: Register) => boolean): Register | undefined {
    const all = this.#known.flatMap((known, register) => (fits(known, register) ? [register] : []));
    if (all.length === 0) return undefined;
    const late = Math.max(0, all.length - 5);
    return this.#random(2) === 0 ? this.#one(all) : all[late + this.#random(all.length - late)];
  }

  /** A way of lying: in some order, with gaps, the same along some dimensions. */
  #view(
    broadcasts: boolean,
    along = this.#shape.length,
  ): { view: View; length: number; isWhole: boolean } {
    const random = this.#random;
    const shape = this.#shape;
    if (this.#segments !== undefined) {
      const isSame = along === 0 || (broadcasts && random(3) === 0);
      const offset = 64 * random(2);
      const length = isSame ? 1 : sizeOf(shape);
      return {
        view: { offset, strides: [isSame ? 0 : 1] },
        length: offset + length,
        isWhole: !isSame,
      };
    }
    const order = shape.map((_, d) => d).slice(0, along);
    if (this.#isAcross) order.push(...order.splice(0, this.#kept));
    else if (!this.#addsRows && random(3) === 0)
      for (let i = order.length - 1; i > 0; i--) {
        const j = random(i + 1);
        [order[i], order[j]] = [order[j] ?? 0, order[i] ?? 0];
      }
    const padded = !this.#addsRows && random(this.#isAcross ? 12 : 3) === 0;
    const strides = shape.map(() => 0);
    const isBroadcast = broadcasts && random(3) === 0;
    let step = 1;
    let offset = 0;
    let last = 0;
    let isWhole = true;
    for (const d of order.reverse()) {
      const n = shape[d] ?? 1;
      if (isBroadcast && random(2) === 0) {
        isWhole = false;
        continue;
      }
      const before = padded ? random(3) : 0;
      const after = padded ? random(3) : 0;
      strides[d] = step;
      offset += before * step;
      last += Math.max(0, n - 1) * step;
      step *= n + before + after;
    }
    const length = Math.max(1, offset + last + 1 + random(3));
    return { view: { offset, strides }, length, isWhole };
  }

  #input(): void {
    const dtype = this.#one<DType>(["f32", "f32", "f32", "f32", "i32", "u32", "bool"]);
    const input = this.#inputs.push({ dtype, ...this.#view(true) }) - 1;
    const most = dtype === "f32" ? 2 : dtype === "bool" ? 1 : 100;
    this.#push({ kind: "input", input, dtype }, { most, least: 0, error: 0 });
  }

  #index(): void {
    const most = this.#segments === undefined ? 5 : 1;
    const strides = this.#shape.map(
      () => this.#random(most === 1 ? 2 : 3) * (1 + this.#random(most)),
    );
    const index = this.#indices.push({ offset: this.#random(4), strides }) - 1;
    this.#push({ kind: "index", index, dtype: "i32" }, { most: 1e7, least: 0, error: 0 });
  }

  #literal(dtype: DType): Register {
    const value =
      dtype === "f32"
        ? this.#one([0, 1, -1, 0.5, 2, -0.25, 1.5])
        : dtype === "bool"
          ? this.#random(2)
          : this.#random(7) - (dtype === "i32" ? 3 : 0);
    const size = Math.abs(value);
    return this.#push({ kind: "literal", value, dtype }, { most: size, least: size, error: 0 });
  }

  #instruction(): void {
    const kind = this.#random(12);
    if (kind < 3) this.#smooth();
    else if (kind < 7) this.#arithmetic();
    else if (kind === 7) this.#question();
    else if (kind === 8) this.#where();
    else if (kind === 9) this.#cast();
    else if (kind === 10) this.#steep();
    else this.#whole();
  }

  #smooth(): void {
    const x = this.#pick(({ dtype }) => dtype === "f32");
    const of = this.#known[x ?? -1];
    if (x === undefined || of === undefined) return;
    const fn = this.#one(gentle);
    // Larger arguments of sin and cos take another way, whose error is that of the argument.
    const bounded = fn === "tanh" || fn === "sin" || fn === "cos" || fn === "sigmoid";
    const most = bounded ? 1 : fn === "softplus" ? of.most + 1 : of.most;
    const least = fn === "neg" || fn === "abs" ? of.least : 0;
    const isExact = fn === "neg" || fn === "abs" || fn === "relu";
    const error = isExact ? of.error : of.error + 4 * EPSILON * Math.max(1, most);
    this.#push({ kind: "unary", fn, x, dtype: "f32" }, { most, least, error });
  }

  #steep(): void {
    const fn = this.#one<UnaryName>(["exp", "sqrt", "reciprocal", "log", "square", "gelu", "erf"]);
    const x = this.#pick(({ dtype, most, least }) => {
      if (dtype !== "f32") return false;
      if (fn === "exp") return most <= 4;
      if (fn === "square") return most < 1e4;
      if (fn === "gelu" || fn === "erf") return true;
      return least > 1e-3;
    });
    const of = this.#known[x ?? -1];
    if (x === undefined || of === undefined) return;
    if (fn === "sqrt" || fn === "log") {
      const size = this.#push({ kind: "unary", fn: "abs", x, dtype: "f32" }, of);
      const most =
        fn === "sqrt"
          ? Math.sqrt(of.most)
          : Math.max(Math.abs(Math.log(of.least)), Math.log(1 + of.most));
      const slope = fn === "sqrt" ? 0.5 / Math.sqrt(of.least) : 1 / of.least;
      const least = fn === "sqrt" ? Math.sqrt(of.least) / 2 : 0;
      this.#push(
        { kind: "unary", fn, x: size, dtype: "f32" },
        { most, least, error: 2 * slope * of.error + 4 * EPSILON * Math.max(1, most) },
      );
      return;
    }
    const most =
      fn === "exp"
        ? Math.exp(of.most)
        : fn === "square"
          ? of.most ** 2
          : fn === "reciprocal"
            ? 1 / of.least
            : Math.max(1, of.most);
    const slope =
      fn === "exp"
        ? most
        : fn === "square"
          ? 2 * of.most
          : fn === "reciprocal"
            ? 2 / of.least ** 2
            : 1.3;
    const least = fn === "exp" ? Math.exp(-of.most) / 2 : fn === "reciprocal" ? 0.5 / of.most : 0;
    this.#push(
      { kind: "unary", fn, x, dtype: "f32" },
      { most, least, error: 1.5 * slope * of.error + 4 * EPSILON * Math.max(1, most) },
    );
  }

  #arithmetic(): void {
    const dtype = this.#one<DType>(["f32", "f32", "f32", "i32", "u32"]);
    const a = this.#pick((known) => known.dtype === dtype);
    const b = this.#pick((known) => known.dtype === dtype);
    const [x, y] = [this.#known[a ?? -1], this.#known[b ?? -1]];
    if (a === undefined || b === undefined || x === undefined || y === undefined) return;
    const fn = this.#one<BinaryName>(["add", "sub", "mul", "max", "min", "div"]);
    if (dtype !== "f32") {
      this.#push({ kind: "binary", fn, a, b, dtype }, { most: 2 ** 32, least: 0, error: 0 });
      return;
    }
    if (fn === "max" || fn === "min") {
      const most = Math.max(x.most, y.most);
      const least = Math.min(x.least, y.least);
      const error = Math.max(x.error, y.error);
      this.#push({ kind: "binary", fn, a, b, dtype }, { most, least, error });
      return;
    }
    if (
      fn === "mul"
        ? x.most * y.most > 1e6
        : fn === "div" && !(y.least > 1e-3 && y.error < y.least / 4)
    )
      return;
    const most = fn === "mul" ? x.most * y.most : fn === "div" ? x.most / y.least : x.most + y.most;
    const error =
      fn === "mul"
        ? x.error * y.most + y.error * x.most + x.error * y.error
        : fn === "div"
          ? 1.5 * (x.error / y.least + (x.most * y.error) / y.least ** 2)
          : x.error + y.error;
    this.#push(
      { kind: "binary", fn, a, b, dtype },
      { most, least: fn === "mul" ? x.least * y.least : 0, error: error + 2 * EPSILON * most },
    );
  }

  /** Whole numbers, and what makes them. */
  #whole(): void {
    const fn = this.#one<UnaryName>([
      "neg",
      "abs",
      "sign",
      "square",
      "floor",
      "ceil",
      "not",
      "isFinite",
    ]);
    const takes: Readonly<Partial<Record<UnaryName, readonly DType[]>>> = {
      neg: ["i32"],
      abs: ["i32"],
      sign: ["f32", "i32"],
      square: ["i32", "u32"],
      floor: ["f32"],
      ceil: ["f32"],
      not: ["bool"],
      isFinite: ["f32"],
    };
    const x = this.#pick(({ dtype, error }) => error === 0 && takes[fn]?.includes(dtype) === true);
    const of = this.#known[x ?? -1];
    if (x === undefined || of === undefined) return;
    const dtype = fn === "isFinite" ? "bool" : of.dtype;
    this.#push({ kind: "unary", fn, x, dtype }, { most: of.most + 1, least: 0, error: 0 });
  }

  #question(): Register | undefined {
    const dtype = this.#one<DType>(["f32", "f32", "i32", "u32", "bool"]);
    const fits = (known: Known) => known.dtype === dtype && known.error === 0;
    const a = this.#pick(fits);
    const b = this.#pick(fits);
    if (a === undefined || b === undefined) return undefined;
    const fn =
      dtype === "bool"
        ? this.#one<BinaryName>(["and", "or", "equal", "notEqual"])
        : this.#one(questions);
    return this.#push({ kind: "binary", fn, a, b, dtype: "bool" }, { most: 1, least: 0, error: 0 });
  }

  #where(): void {
    const condition = this.#pick(({ dtype }) => dtype === "bool") ?? this.#question();
    const a = this.#pick(() => true);
    const x = this.#known[a ?? -1];
    const b = this.#pick(({ dtype }) => dtype === x?.dtype);
    const y = this.#known[b ?? -1];
    if (
      condition === undefined ||
      a === undefined ||
      b === undefined ||
      x === undefined ||
      y === undefined
    )
      return;
    this.#push(
      { kind: "where", condition, a, b, dtype: x.dtype },
      {
        most: Math.max(x.most, y.most),
        least: Math.min(x.least, y.least),
        error: Math.max(x.error, y.error),
      },
    );
  }

  #cast(): void {
    const dtype = this.#one<DType>(["f32", "i32", "u32", "bool"]);
    // A whole number beyond 2²⁴ is rounded on its way to f32.
    const x = this.#pick(
      ({ error, dtype: from }) => error === 0 || (dtype === "f32" && from === "f32"),
    );
    const of = this.#known[x ?? -1];
    if (x === undefined || of === undefined) return;
    const rounds = dtype === "f32" && of.most >= 2 ** 24;
    const error = of.error + (rounds ? EPSILON * of.most : 0);
    this.#push(
      { kind: "cast", x, dtype },
      {
        most: dtype === "bool" ? 1 : Math.max(of.most, dtype === "u32" ? 2 ** 32 : 0),
        least: 0,
        error,
      },
    );
  }

  /** Of one of the first `terms` registers. */
  #reduce(terms: number): void {
    const count = sizeOf(this.#shape.slice(this.#kept));
    const x = this.#pick(
      ({ dtype, most }, register) =>
        register < terms && dtype !== "bool" && (dtype !== "f32" || most * count < 1e8),
    );
    const of = this.#known[x ?? -1];
    if (x === undefined || of === undefined) return;
    // Nothing has a largest element of whole numbers that any device agrees on.
    const combine: Combine = count === 0 ? "sum" : this.#one(["sum", "sum", "max", "min"]);
    const { dtype } = of;
    const most =
      combine === "sum" ? Math.max(of.most * count, dtype === "f32" ? 0 : 2 ** 32) : of.most;
    const least =
      combine === "sum"
        ? count > 0 && of.least > 0 && this.#isPositive(x)
          ? of.least * count
          : 0
        : of.least;
    const error =
      dtype !== "f32" ? 0 : combine === "sum" ? of.error * count + 4 * EPSILON * most : of.error;
    this.#push({ kind: "reduce", combine, x, dtype }, { most, least, error });
  }

  /** A sum over rows. */
  #total() {
    const rows = sizeOf(this.#shape.slice(0, this.#kept));
    const register = this.#pick(({ dtype, most }) => dtype === "f32" && most * rows < 1e8);
    const known = this.#known[register ?? -1];
    if (register === undefined || known === undefined) return undefined;
    const [length = 1] = this.#shape.slice(-1);
    const strides = this.#shape.map((_, d) => (d < this.#kept ? 0 : 1));
    const store: Store = { register, offset: 0, strides, isTotal: true };
    const error = 4 * rows * (known.error + EPSILON * known.most);
    return { store, output: { dtype: "f32" as const, length, inPlace: undefined, error } };
  }

  /** Whether nothing cancels. */
  #isPositive(x: Register): boolean {
    const instruction = this.#instructions[x];
    return instruction?.kind === "unary" && (instruction.fn === "exp" || instruction.fn === "abs");
  }

  #stored(): RandomGroup {
    const random = this.#random;
    const kept = this.#kept;
    const stores: Store[] = [];
    const outputs: RandomGroup["outputs"][number][] = [];
    const taken = new Set<number>();
    const draft = {
      shape: this.#shape,
      kept,
      inputs: this.#inputs.map(({ view }) => view),
      indices: this.#indices,
      instructions: this.#instructions,
    };
    const levels = levelsOf({ ...draft, stores: [] });
    // What is stored of packed tensors is an element for each place, or what all of them are reduced to.
    const isTotal = this.#segments !== undefined && kept === 0;
    for (let n = 1 + random(3); n > 0; n--) {
      const register = this.#pick((_, r) => !isTotal || levels[r]?.perRow === true);
      if (register === undefined) continue;
      const known = this.#known[register] as Known;
      const isPerRow =
        isTotal ||
        (kept < this.#shape.length && levels[register]?.perRow === true && random(4) > 0);
      const input = this.#inputs.findIndex(
        (one, i) => one.isWhole && one.dtype === known.dtype && !taken.has(i),
      );
      const error = known.error === 0 ? 0 : 4 * known.error + EPSILON * known.most;
      const own = this.#inputs[input];
      const { dtype } = known;
      if (own !== undefined && !isPerRow && random(4) === 0) {
        taken.add(input);
        stores.push({ ...own.view, register });
        outputs.push({ dtype, length: own.length, inPlace: input, error });
        continue;
      }
      const { view, length } = this.#view(false, isPerRow ? kept : undefined);
      stores.push({ ...view, register });
      outputs.push({ dtype, length, inPlace: undefined, error });
    }
    if (this.#addsRows) {
      for (let n = 1 + random(3); n > 0; n--) {
        const total = this.#total();
        if (total === undefined) continue;
        const at = random(stores.length + 1);
        stores.splice(at, 0, total.store);
        outputs.splice(at, 0, total.output);
      }
    }
    return {
      program: { ...draft, stores, ...(this.#segments && { segments: this.#segments }) },
      inputs: this.#inputs.map(({ dtype, length }) => ({ dtype, length })),
      outputs,
    };
  }
}
