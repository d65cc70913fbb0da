/**
 * Vectors of four lanes as expressions: what an instruction of the WebAssembly SIMD proposal makes of others. They are a
 * graph: an object that is used twice is computed once (`Block`).
 */

export type Value =
  /** What a local holds. */
  | { readonly kind: "local"; readonly index: number }
  /** 32 bits for each lane; one number for all. */
  | { readonly kind: "constant"; readonly bits: readonly number[] }
  /** From the address in a local. A splat is one word in all lanes. */
  | {
      readonly kind: "load";
      readonly pointer: number;
      readonly offset: number;
      readonly isSplat: boolean;
    }
  /** The word at an address that is always the same, in all lanes. */
  | { readonly kind: "word"; readonly address: number }
  | { readonly kind: "op"; readonly op: number; readonly args: readonly Value[] }
  | { readonly kind: "shift"; readonly op: number; readonly x: Value; readonly count: number }
  /** Lanes 0 to 3 are those of the first, 4 to 7 of the second. */
  | { readonly kind: "shuffle"; readonly args: readonly Value[]; readonly lanes: readonly number[] }
  /** An integer of the host's in all lanes, from a local. */
  | { readonly kind: "splat"; readonly index: number }
  /** A function of the kernel module's: the number of its import. */
  | { readonly kind: "call"; readonly callee: number; readonly args: readonly Value[] };

export const local = (index: number): Value => ({ kind: "local", index });
export const load = (pointer: number, offset = 0): Value => ({
  kind: "load",
  pointer,
  offset,
  isSplat: false,
});
export const loadSplat = (pointer: number, offset = 0): Value => ({
  kind: "load",
  pointer,
  offset,
  isSplat: true,
});
export const word = (address: number): Value => ({ kind: "word", address });
export const splat = (index: number): Value => ({ kind: "splat", index });
export const shuffle = (a: Value, b: Value, ...lanes: readonly number[]): Value => ({
  kind: "shuffle",
  args: [a, b],
  lanes,
});
/** Lanes 2, 3, 0, 1. */
export const swapHalves = (x: Value): Value => shuffle(x, x, 2, 3, 0, 1);
/** Lanes 1, 0, 3, 2. */
export const swapNeighbours = (x: Value): Value => shuffle(x, x, 1, 0, 3, 2);
export const call = (callee: number, ...args: readonly Value[]): Value => ({
  kind: "call",
  callee,
  args,
});

const constants = new Map<number, Value>();
/** One integer, or the bits of anything else, in all lanes. */
export function int(bits: number): Value {
  let known = constants.get(bits | 0);
  if (known === undefined) {
    known = { kind: "constant", bits: [bits | 0] };
    constants.set(bits | 0, known);
  }
  return known;
}
const float32 = new Float32Array(1);
const float32Bits = new Int32Array(float32.buffer);
export function float(value: number): Value {
  float32[0] = value;
  return int(float32Bits[0] ?? 0);
}
/** 0, 1, 2, 3. */
export const lanes: Value = { kind: "constant", bits: [0, 1, 2, 3] };

const op1 =
  (op: number) =>
  (x: Value): Value => ({ kind: "op", op, args: [x] });
const op2 =
  (op: number) =>
  (a: Value, b: Value): Value => ({ kind: "op", op, args: [a, b] });
const op3 =
  (op: number) =>
  (a: Value, b: Value, c: Value): Value => ({
    kind: "op",
    op,
    args: [a, b, c],
  });
const shift =
  (op: number) =>
  (x: Value, count: number): Value => ({ kind: "shift", op, x, count });

export const and = op2(0x4e);
/** Bits of the first where those of the second are not set. */
export const andNot = op2(0x4f);
export const or = op2(0x50);
/** Bits of `a` where those of `mask` are set, of `b` elsewhere. */
export const select = op3(0x52);

export const f32x4 = {
  abs: op1(0xe0),
  neg: op1(0xe1),
  sqrt: op1(0xe3),
  ceil: op1(0x67),
  floor: op1(0x68),
  add: op2(0xe4),
  sub: op2(0xe5),
  mul: op2(0xe6),
  div: op2(0xe7),
  min: op2(0xe8),
  max: op2(0xe9),
  pmin: op2(0xea),
  /** The second where the first is smaller, else the first, NaN too. */
  pmax: op2(0xeb),
  eq: op2(0x41),
  ne: op2(0x42),
  lt: op2(0x43),
  gt: op2(0x44),
  le: op2(0x45),
  ge: op2(0x46),
  fromInt: op1(0xfa),
  fromUint: op1(0xfb),
  relaxedMadd: op3(0x105),
  relaxedNmadd: op3(0x106),
  demote: op1(0x5e),
} as const;

export const i32x4 = {
  abs: op1(0xa0),
  neg: op1(0xa1),
  add: op2(0xae),
  sub: op2(0xb1),
  mul: op2(0xb5),
  eq: op2(0x37),
  ne: op2(0x38),
  lt: op2(0x39),
  ltU: op2(0x3a),
  gt: op2(0x3b),
  gtU: op2(0x3c),
  le: op2(0x3d),
  leU: op2(0x3e),
  ge: op2(0x3f),
  geU: op2(0x40),
  min: op2(0xb6),
  minU: op2(0xb7),
  max: op2(0xb8),
  maxU: op2(0xb9),
  shl: shift(0xab),
  shr: shift(0xac),
  shrU: shift(0xad),
  fromFloat: op1(0xf8),
  uintFromFloat: op1(0xf9),
} as const;

export const f64x2 = {
  add: op2(0xf0),
  promoteLow: op1(0x5f),
} as const;

/** What a value is computed from. */
export function argumentsOf(value: Value): readonly Value[] {
  switch (value.kind) {
    case "op":
    case "call":
    case "shuffle":
      return value.args;
    case "shift":
      return [value.x];
    default:
      return none;
  }
}
const none: readonly Value[] = [];

/** Lanes of all ones become 1. */
export const truth = (mask: Value): Value => i32x4.shrU(mask, 31);

const TRUTH = 0xad;
/** All ones where x is not 0. */
export function maskOf(x: Value): Value {
  return x.kind === "shift" && x.op === TRUTH && x.count === 31 ? x.x : i32x4.ne(x, int(0));
}
/** 1 where x is not 0. */
export function asBool(x: Value): Value {
  return x.kind === "shift" && x.op === TRUTH && x.count === 31 ? x : truth(maskOf(x));
}
