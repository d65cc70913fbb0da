/** What nobody means to hand in, and what becomes of right arguments when one thing about them is wrong. */
import { cast, compile, neg, type Tensor, tensor } from "../../../src/index.ts";
import { type Arg, changePart, countParts, leaf, list, plain } from "./argument.ts";
import { type Context, someTensor, type TypedName, typed, typedArrays } from "./instances.ts";
import { Mine } from "./mine.ts";

const thrower = () => {
  throw new Mine();
};

const numbers = [
  Number.NaN,
  Infinity,
  -Infinity,
  -1,
  -0,
  0,
  1,
  2,
  0.5,
  1.5,
  -7,
  255,
  1e9,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  1e300,
];
const texts = [
  "",
  "x",
  "f64",
  "__proto__",
  "constructor",
  "toString",
  "\u0000",
  "0",
  "relu",
  "f32",
  "cpu",
  "NaN; }",
  "💥",
];

const cyclic = () => {
  const held: unknown[] = [1];
  held.push(held);
  return held;
};
const circle = () => {
  const held: Record<string, unknown> = {};
  held.self = held;
  return held;
};
const hostile = { get: thrower, has: thrower, ownKeys: thrower, getPrototypeOf: thrower };

const things: readonly Arg[] = [
  plain(undefined),
  plain(null),
  plain(true),
  plain(false),
  ...numbers.map((n) => plain(n)),
  ...texts.map((text) => plain(text)),
  leaf('Symbol("x")', () => Symbol("x")),
  leaf("Symbol.iterator", () => Symbol.iterator),
  leaf("1n", () => 1n),
  leaf("() => undefined", () => () => undefined),
  leaf("(x) => x", () => (x: unknown) => x),
  leaf("() => 3", () => () => 3),
  leaf("() => tensor(1)", () => () => tensor(1)),
  leaf("() => ({})", () => () => ({})),
  leaf("async () => 1", () => async () => 1),
  leaf("() => { throw mine; }", () => thrower),
  leaf("Promise.resolve(1)", () => Promise.resolve(1)),
  leaf("{ then: 1 }", () => JSON.parse('{"then": 1}')),
  leaf("[]", () => []),
  leaf("[[]]", () => [[]]),
  leaf("[[1, 2], [3]]", () => [[1, 2], [3]]),
  leaf("new Array(2)", () => new Array(2)),
  leaf("[undefined]", () => [undefined]),
  leaf("[Symbol()]", () => [Symbol("y")]),
  leaf("[null, 1]", () => [null, 1]),
  leaf('["1", "2"]', () => ["1", "2"]),
  leaf("[1n]", () => [1n]),
  leaf("[1, [...itself]]", cyclic),
  leaf("new Array(1000)", () => new Array(1000)),
  leaf("{}", () => ({})),
  leaf("{ length: 3 }", () => ({ length: 3 })),
  leaf("{ length: -1 }", () => ({ length: -1 })),
  leaf("{ length: 1e9 }", () => ({ length: 1e9 })),
  leaf("{ ...itself }", circle),
  leaf("Object.create(null)", () => Object.create(null)),
  leaf('JSON.parse(\'{"__proto__": { "x": 1 }}\')', () => JSON.parse('{"__proto__": { "x": 1 }}')),
  leaf("Object.freeze([1, 2, 3])", () => Object.freeze([1, 2, 3])),
  leaf("new Proxy({}, throwing)", () => new Proxy({}, hostile)),
  leaf("new Proxy([], throwing)", () => new Proxy([], { get: thrower })),
  leaf("new Proxy(() => 1, {})", () => new Proxy(() => 1, {})),
  leaf("{ get data() { throw mine; }, shape: [1] }", () => ({
    get data() {
      return thrower();
    },
    shape: [1],
  })),
  leaf("{ toString() { throw mine; } }", () => ({
    toString: thrower,
    [Symbol.toPrimitive]: thrower,
  })),
  leaf('{ data: [1], shape: [1], dtype: "f32" }', () => ({ data: [1], shape: [1], dtype: "f32" })),
  leaf('{ data: new Float32Array(1), shape: [1e9], dtype: "f32" }', () => ({
    data: new Float32Array(1),
    shape: [1e9],
    dtype: "f32",
  })),
  leaf("new Date(NaN)", () => new Date(Number.NaN)),
  leaf("/x/", () => /x/),
  leaf("new Map([[1, 2]])", () => new Map([[1, 2]])),
  leaf("new Set([1])", () => new Set([1])),
  leaf("new WeakMap()", () => new WeakMap()),
  leaf("new ArrayBuffer(8)", () => new ArrayBuffer(8)),
  leaf("new SharedArrayBuffer(8)", () => new SharedArrayBuffer(8)),
  leaf("new DataView(new ArrayBuffer(8))", () => new DataView(new ArrayBuffer(8))),
  leaf("new Error()", () => new Error("no error")),
  leaf("globalThis", () => globalThis),
  leaf("(function* () { yield 1; })()", () =>
    (function* () {
      yield 1;
    })(),
  ),
  leaf("(async function* () { yield {}; })()", () =>
    (async function* () {
      yield {};
    })(),
  ),
  leaf("{ [Symbol.iterator]: 1 }", () => ({ [Symbol.iterator]: 1 })),
  leaf("{ [Symbol.asyncIterator]() { return {}; } }", () => ({
    [Symbol.asyncIterator]: () => ({}),
  })),
  ...(Object.keys(typedArrays) as TypedName[]).flatMap((name) => [typed(name, 0), typed(name, 3)]),
  leaf("detached Float32Array", () => {
    const array = new Float32Array(3);
    structuredClone(array.buffer, { transfer: [array.buffer] });
    return array;
  }),
];

const disposed = (made: () => Tensor) => {
  const held = made();
  held.dispose();
  return held;
};

const wrongTensors: readonly ((context: Context) => Arg)[] = [
  () => leaf("disposed(tensor([1, 2, 3]))", () => disposed(() => tensor([1, 2, 3]))),
  () => leaf("disposed(neg(tensor([1, 2, 3])))", () => disposed(() => neg(tensor([1, 2, 3])))),
  ({ world }) => leaf("/* f32[2, 3] of another device */ y", () => world.elsewhere),
  () => leaf("/* an argument that was kept from a trace, f32[3] */ z", keptArgument),
  () => leaf("cast(tensor([1, 2]), 'bool')", () => cast(tensor([1, 2]), "bool")),
  (context) => someTensor(context, "i32"),
  (context) => someTensor(context, "u32"),
  (context) => someTensor(context, "bool"),
  (context) => someTensor(context, "f32"),
];

/** What a compiled step is traced with, kept after the trace. */
function keptArgument(): unknown {
  let kept: unknown;
  const step = compile((x) => {
    kept = x;
    throw new Mine();
  });
  step(tensor([1, 2, 3])).catch(() => undefined);
  return kept ?? tensor([1, 2, 3]);
}

export function wrongThing(context: Context): Arg {
  const { dice } = context;
  if (dice.chance(0.2)) return dice.pick(wrongTensors)(context);
  return dice.pick(things);
}

const NAMES = [
  "lr",
  "axes",
  "dim",
  "keepdim",
  "seeds",
  "backend",
  "__proto__",
  "constructor",
  "toString",
  "batch_size",
  "",
];

/** The arguments with one thing about them changed. */
export function spoiled(args: readonly Arg[], context: Context): readonly Arg[] {
  const { dice } = context;
  const whole = list(args);
  if (args.length === 0 || dice.chance(0.08)) return items(spoiledList(args, context));
  const at = 1 + dice.below(countParts(whole) - 1);
  return items(changePart(whole, at, (part) => spoiledPart(part, context)));
}

function items(arg: Arg): readonly Arg[] {
  return arg.kind === "list" ? arg.items : [arg];
}

function spoiledPart(part: Arg, context: Context): Arg {
  const { dice } = context;
  if (part.kind === "list" && dice.chance(0.5)) return spoiledList(part.items, context);
  if (part.kind === "fields" && dice.chance(0.6)) return spoiledFields(part.fields, context);
  return wrongThing(context);
}

function spoiledList(parts: readonly Arg[], context: Context): Arg {
  const { dice } = context;
  const at = dice.below(Math.max(1, parts.length));
  switch (dice.below(4)) {
    case 0:
      return list(parts.toSpliced(at, 1));
    case 1:
      return list(parts.toSpliced(at, 0, wrongThing(context)));
    case 2:
      return list([...parts, ...parts.slice(0, 1)]);
    default:
      return list(parts.toReversed());
  }
}

type Named = readonly (readonly [string, Arg])[];

function spoiledFields(named: Named, context: Context): Arg {
  const { dice } = context;
  const at = dice.below(Math.max(1, named.length));
  switch (dice.below(3)) {
    case 0:
      return { kind: "fields", fields: named.toSpliced(at, 1) };
    case 1:
      return { kind: "fields", fields: [...named, [dice.pick(NAMES), wrongThing(context)]] };
    default:
      return {
        kind: "fields",
        fields: named.map(([name, value], i) => (i === at ? [`${name}s`, value] : [name, value])),
      };
  }
}
