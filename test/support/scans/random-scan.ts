/**
 * Random loops as users write them with `scan`: steps of recurrent cells in the forms that weights, slices and results may
 * have, steps that are no cell's, carries of several ranks and dtypes, loops in loops. Two seeds, as of random functions:
 * `structure` decides the loop, `data` the elements.
 */
import {
  add,
  arange,
  cast,
  checkpoint,
  concat,
  div,
  greater,
  matmul,
  max,
  maximum,
  mean,
  mul,
  reshape,
  type ScanOptions,
  type Step,
  sigmoid,
  slice,
  softplus,
  square,
  stopGradient,
  sub,
  sum,
  type Tensor,
  tanh,
  tensor,
  transpose,
  where,
} from "../../../src/functions.ts";
import { Dice } from "../fuzz/dice.ts";

export type ByName = Readonly<Record<string, Tensor>>;
export type Cell = (carry: ByName, xs: ByName) => Step<ByName, ByName>;
/** `scan`, or what it means. */
export type Loop = (
  cell: Cell,
  carry: ByName,
  xs: ByName,
  options: ScanOptions,
) => { readonly carry: ByName; readonly ys: ByName };

export interface RandomScan {
  /** f32; a loss has gradients with regard to `wanted` of them. */
  readonly inputs: readonly Tensor[];
  readonly wanted: readonly Tensor[];
  readonly loss: Tensor;
  /** What it is, for a message. */
  readonly form: string;
}

/** What a step is made with; the same at every call of the step. */
interface Draw {
  readonly dice: Dice;
  readonly size: Size;
  input(...shape: number[]): Tensor;
  note(what: string): void;
}
interface Size {
  readonly steps: number;
  readonly batch: number;
  readonly units: number;
}

/** A step with what it begins with and reads. */
interface Drawn {
  readonly carry: ByName;
  readonly xs: ByName;
  readonly step: Cell;
}

/** `given`: the inputs, where they are not made of numbers here. */
export function randomScan(
  structure: number,
  data: number,
  loop: Loop,
  given?: readonly Tensor[],
): RandomScan {
  const dice = new Dice(structure, 77);
  const numbers = new Dice(structure, data, 78);
  const inputs: Tensor[] = [];
  const notes: string[] = [];
  const size: Size = {
    steps: dice.pick([0, 1, 1, 2, 3, 5]),
    batch: dice.pick([1, 2, 3, 4, 5, 9]),
    units: dice.pick([1, 2, 3, 4, 6, 7]),
  };
  const draw: Draw = {
    dice,
    size,
    input(...shape) {
      const length = shape.reduce((a, b) => a * b, 1);
      const elements = Float32Array.from({ length }, () => numbers.next() * 1.6 - 0.8);
      const made = given?.[inputs.length] ?? tensor(elements, shape);
      inputs.push(made);
      return made;
    },
    note: (what) => void notes.push(what),
  };
  const make = dice.chance(0.65) ? cellStep : anyStep;
  const { carry, xs, step } = make(draw, loop);
  const reverse = dice.chance(0.4);
  const hasXs = Object.keys(xs).length > 0;
  const length = hasXs && dice.chance(0.8) ? {} : { length: size.steps };
  const options = { reverse, ...length };
  const run = () => loop(step, carry, xs, options);
  const isRecomputed = dice.chance(0.15);
  const done = isRecomputed ? checkpoint(run) : run();
  const results = [...Object.values(done.carry), ...Object.values(done.ys)];
  // Not everything is always read.
  const read = results.filter(() => dice.chance(0.85));
  const loss = lossOf(read.length > 0 ? read : results);
  const wanted = inputs.filter(() => dice.chance(0.85));
  const { steps, batch, units } = size;
  return {
    inputs,
    wanted: wanted.length > 0 ? wanted : inputs,
    loss,
    form: `T ${steps} B ${batch} U ${units}${reverse ? " reverse" : ""}${isRecomputed ? " checkpoint" : ""}: ${notes.join(", ")}`,
  };
}

/** A number that hangs on everything, each element in another way. */
function lossOf(tensors: readonly Tensor[]): Tensor {
  const terms = tensors.map((x, k) => {
    const own = x.dtype === "f32" ? x : cast(x, "f32");
    const weights = Float32Array.from({ length: own.size }, (_, i) => Math.cos(i + k));
    return sum(mul(square(add(own, 0.3)), tensor(weights, own.shape)));
  });
  return terms.reduce((a, b) => add(a, b), tensor(0));
}

/** Weights [rows, columns] as they may be stored or computed. */
function weights({ dice, input, note }: Draw, rows: number, columns: number): Tensor {
  const kind = dice.pick([
    "plain",
    "plain",
    "transposed",
    "computed",
    "sliced",
    "frozen",
    "scaled",
    "reshaped",
  ]);
  if (kind !== "plain") note(`${kind} weights`);
  switch (kind) {
    case "transposed":
      return transpose(input(columns, rows), [1, 0]);
    case "computed":
      return tanh(input(rows, columns));
    case "sliced":
      return slice(input(rows + 1, columns + 2), [1, 2], [rows, columns]);
    case "frozen":
      return stopGradient(input(rows, columns));
    case "scaled":
      return mul(input(rows, columns), input(columns));
    case "reshaped":
      return reshape(input(columns * rows), [rows, columns]);
    default:
      return input(rows, columns);
  }
}

/** `count` gates [B, U] of a value that has them in some order: how they lie is drawn once. */
type Gates = (x: Tensor) => Tensor[];
function gatesOf({ dice, size: { batch, units }, note }: Draw, count: number): Gates {
  const isInner = dice.chance(0.3);
  if (isInner) note("gates innermost");
  const order = dice.chance(0.3)
    ? dice.shuffled(Array.from({ length: count }, (_, g) => g))
    : Array.from({ length: count }, (_, g) => g);
  return (x) =>
    order.map((g) =>
      isInner
        ? reshape(slice(reshape(x, [batch, units, count]), [0, 0, g], [batch, units, 1]), [
            batch,
            units,
          ])
        : slice(x, [0, g * units], [batch, units]),
    );
}

const CURVES: readonly ((x: Tensor) => Tensor)[] = [
  (x) => x,
  sigmoid,
  tanh,
  (x) => softplus(x),
  (x) => square(tanh(x)),
  (x) => sub(1, x),
  (x) => maximum(x, -0.5),
  (x) => div(x, add(1, square(x))),
];
const JOINTS: readonly ((a: Tensor, b: Tensor) => Tensor)[] = [
  (a, b) => add(a, b),
  (a, b) => sub(a, b),
  (a, b) => mul(tanh(a), b),
  (a, b) => mul(sigmoid(a), sigmoid(b)),
  (a, b) => maximum(a, b),
  (a, b) => where(greater(a, b), a, mul(b, 0.5)),
  (a, b) => mul(cast(greater(a, 0.1), "f32"), b),
];

/** Most of a step: functions of functions of what there is, drawn when it is made. */
function mixture(draw: Draw, most: number): (given: readonly Tensor[]) => Tensor[] {
  const plan = Array.from({ length: 1 + draw.dice.below(most) }, () => ({
    curve: draw.dice.chance(0.4) ? draw.dice.pick(CURVES) : undefined,
    joint: draw.dice.pick(JOINTS),
    a: draw.dice.next(),
    b: draw.dice.next(),
  }));
  return (given) => {
    const pool = [...given];
    const at = (share: number) => pool[Math.floor(share * pool.length)] as Tensor;
    for (const { curve, joint, a, b } of plan)
      pool.push(curve === undefined ? joint(at(a), at(b)) : curve(at(a)));
    return pool;
  };
}

/** The step of a cell nobody has invented: sums of products of states and slices, and elementwise. */
function cellStep(draw: Draw, _: Loop): Drawn {
  const { dice, size, input, note } = draw;
  const { steps, batch, units } = size;
  const states = Array.from({ length: 1 + dice.below(3) }, (_, s) => `s${s}`);
  const multiplied = dice.pick(states);
  const sums = dice.below(5);
  note(`cell of ${states.length} states, ${sums} sums`);
  const xs: Record<string, Tensor> = {};
  const parts: ((carry: ByName, x: ByName) => Tensor[])[] = [];
  if (sums > 0) {
    const of = gatesOf(draw, sums);
    const isOne = dice.chance(0.6);
    const transposeB = dice.chance(0.15);
    const matrix = (columns: number) =>
      transposeB ? weights(draw, columns, units) : weights(draw, units, columns);
    const shared = isOne ? matrix(sums * units) : undefined;
    const each = isOne ? [] : Array.from({ length: sums }, () => matrix(units));
    const [first] = each;
    // The same weights twice.
    if (first !== undefined && each.length > 1 && dice.chance(0.3)) {
      note("weights twice");
      each[1] = first;
    }
    const read = (h: Tensor, w: Tensor) => matmul(h, w, { transposeB });
    parts.push((carry) => {
      const h = carry[multiplied] as Tensor;
      return shared ? of(read(h, shared)) : each.map((w) => read(h, w));
    });
  }
  const kinds = ["product", "product", "wide", "units", "column", "row", "number", "none"] as const;
  for (let k = 0, count = 1 + dice.below(2); k < count; k++) {
    const kind = dice.pick(kinds);
    const name = `x${k}`;
    note(`x of ${kind}`);
    const at = (x: ByName) => x[name] as Tensor;
    const gates = 1 + dice.below(3);
    if (kind === "product") {
      const features = 1 + dice.below(5);
      xs[name] = input(steps, batch, features);
      const of = gatesOf(draw, gates);
      const w = weights(draw, features, gates * units);
      parts.push((_, x) => of(matmul(at(x), w)));
    } else if (kind === "wide") {
      xs[name] = input(steps, batch, gates * units);
      const of = gatesOf(draw, gates);
      parts.push((_, x) => of(at(x)));
    } else if (kind !== "none") {
      const shapes = { units: [batch, units], column: [batch, 1], row: [units], number: [] };
      xs[name] = input(steps, ...shapes[kind]);
      parts.push((_, x) => [at(x)]);
    }
  }
  const biases = Array.from({ length: dice.below(3) }, () => {
    const shape = dice.pick([[units], [units], [1, units], [batch, units], [batch, 1], [1], []]);
    note(`bias [${shape}]`);
    return input(...shape);
  });
  const isAdded = dice.chance(0.7);
  const again = dice.chance(0.12) ? weights(draw, units, units) : undefined;
  if (again !== undefined) note("a second product");
  const mix = mixture(draw, 6);
  const ends = states.map(() => dice.below(9));
  const shares = states.map(() => [dice.next(), dice.next()] as const);
  const results = resultsOf(draw, states);
  const carry = Object.fromEntries(
    states.map((name) => [name, initial(draw, [batch, units])] as const),
  );
  const step: Cell = (before, x) => {
    const made = parts.map((part) => part(before, x));
    const [head, ...tail] = made;
    const sumsOf = isAdded && head !== undefined ? added(head, tail.flat(), biases) : made.flat();
    const given = [...sumsOf, ...states.map((s) => before[s] as Tensor), ...biases];
    const own =
      again && matmul(mul(sigmoid(given[0] as Tensor), before[multiplied] as Tensor), again);
    const pool = mix(own === undefined ? given : [own, ...given]);
    const whole = (t: Tensor) => add(t, mul(0, before[multiplied] as Tensor));
    const next: Record<string, Tensor> = {};
    states.forEach((name, s) => {
      const [a, b] = (shares[s] as readonly [number, number]).map(
        (share) => pool[Math.floor(share * pool.length)] as Tensor,
      ) as [Tensor, Tensor];
      const was = before[name] as Tensor;
      const earlier = next[states[0] as string] ?? was;
      const ended = [
        () => tanh(whole(a)),
        () => mul(sigmoid(a), tanh(whole(b))),
        () => add(mul(sigmoid(a), was), tanh(b)),
        () => add(mul(sigmoid(a), was), mul(sub(1, sigmoid(a)), tanh(b))),
        () => mul(0.5, add(was, sigmoid(a))),
        () => tanh(add(earlier, a)),
        () => was,
        () => before[states.at(-1 - s) as string] as Tensor,
        () => where(greater(a, 0), was, tanh(whole(b))),
      ][ends[s] as number] as () => Tensor;
      next[name] = ended();
    });
    return { carry: next, y: results(before, next, pool) };
  };
  return { carry, xs, step };
}

/** Sums that go on from each other, gate by gate. */
function added(head: readonly Tensor[], rest: readonly Tensor[], biases: readonly Tensor[]) {
  return head.map((sum, g) => {
    const more = [rest[g], biases[g % Math.max(1, biases.length)]].filter((t) => t !== undefined);
    return more.reduce((a, b) => (g % 2 === 0 ? add(a, b) : add(b, a)), sum);
  });
}

function initial({ dice, input, note }: Draw, shape: readonly number[]): Tensor {
  const kind = dice.pick(["given", "given", "zeros", "computed", "shown"]);
  if (kind !== "given") note(`${kind} carry`);
  if (kind === "zeros") return mul(tensor(0), tensor(new Float32Array(sizeOf(shape)), shape));
  if (kind === "computed") return tanh(input(...shape));
  if (kind === "shown" && shape.length > 0)
    return mul(input(...shape.slice(1)), tensor(new Float32Array(sizeOf(shape)).fill(1), shape));
  return input(...shape);
}
const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

type Results = (before: ByName, next: ByName, pool: readonly Tensor[]) => ByName;
function resultsOf({ dice, note }: Draw, names: readonly string[]): Results {
  const kind = dice.pick(["next", "next", "all", "before", "none", "twice", "made", "made"]);
  note(`y of ${kind}`);
  const of = dice.pick(names);
  return (before, next, pool) => {
    const [last, was] = [next[of] as Tensor, before[of] as Tensor];
    switch (kind) {
      case "next":
        return { y: last };
      case "all":
        return next;
      case "before":
        return { y: was, z: last };
      case "twice":
        return { y: last, z: last };
      case "made":
        return { y: pool.at(-1) as Tensor, z: tanh(last) };
      default:
        return {};
    }
  };
}

/** A step that is no cell's: carries of several ranks and dtypes, of which each becomes something of all. */
function anyStep(draw: Draw, loop: Loop): Drawn {
  const { dice, size, input, note } = draw;
  const { steps, batch, units } = size;
  const shapes = [[], [units], [batch, units], [2, batch, units], [2, 1, batch, units], [batch, 1]];
  const names = Array.from({ length: 1 + dice.below(3) }, (_, i) => `c${i}`);
  const carry: Record<string, Tensor> = {};
  const of = new Map(names.map((name) => [name, dice.pick(shapes)]));
  for (const [name, shape] of of) carry[name] = initial(draw, shape);
  note(`carries ${[...of.values()].map((shape) => `[${shape}]`).join(" ")}`);
  const counter = dice.chance(0.4) ? dice.pick([[], [batch]]) : undefined;
  if (counter !== undefined) {
    note(`a counter [${counter}]`);
    carry.count = counter.length === 0 ? tensor(2, [], "i32") : arange(batch);
  }
  const xs: Record<string, Tensor> = {};
  for (let k = 0, count = dice.below(3); k < count; k++)
    xs[`x${k}`] = input(steps, ...dice.pick([[], [units], [batch, units], [batch, 1]]));
  if (dice.chance(0.3)) {
    note("whole numbers of each step");
    const ids = Int32Array.from({ length: steps * batch }, (_, i) => (i * 7) % 5);
    xs.ids = tensor(ids, [steps, batch], "i32");
  }
  const captured = Array.from({ length: dice.below(3) }, () =>
    input(...dice.pick([[units], [batch, units], [], [2, batch, units]])),
  );
  const square_ = dice.chance(0.5) ? weights(draw, units, units) : undefined;
  const inner = dice.chance(0.25) ? innerLoop(draw, loop) : undefined;
  const mixes = new Map(names.map((name) => [name, mixture(draw, 3)]));
  const results = resultsOf(draw, names);
  const step: Cell = (before, x) => {
    const floats = [...Object.values(before), ...Object.values(x)].map((t) =>
      t.dtype === "f32" ? t : mul(0.1, column(cast(t, "f32"))),
    );
    const given = [...floats, ...captured];
    const wide = given.find(({ shape }) => shape.length === 2 && shape[1] === units);
    if (square_ !== undefined && wide !== undefined) given.push(matmul(tanh(wide), square_));
    if (inner !== undefined) given.push(inner(given[0] as Tensor));
    const next: Record<string, Tensor> = {};
    for (const [name, shape] of of) {
      const made = mixes.get(name)?.(given).at(-1) as Tensor;
      next[name] = tanh(shaped(made, shape, before[name] as Tensor));
    }
    const { count } = before;
    if (count !== undefined)
      next.count =
        count.shape.length > 0 && x.ids !== undefined
          ? add(count, x.ids)
          : add(count, tensor(1, [], "i32"));
    return { carry: next, y: results(before, next, given) };
  };
  return { carry, xs, step };
}

/** [B] as a column, so that it can be broadcast. */
function column(x: Tensor): Tensor {
  return x.shape.length === 1 ? reshape(x, [...x.shape, 1]) : x;
}

/** `x` in the shape of a carry: what it has too much is averaged, or its largest is taken. */
function shaped(x: Tensor, shape: readonly number[], own: Tensor): Tensor {
  const extra = x.shape.length - shape.length;
  let made = x;
  for (let d = 0; d < extra; d++)
    made = d % 2 === 0 ? mean(made, { axis: 0 }) : max(made, { axis: 0 });
  const lacking = shape.length - made.shape.length;
  made.shape.forEach((n, d) => {
    if (n !== 1 && shape[d + lacking] === 1) made = mean(made, { axis: d, keepDims: true });
  });
  return add(made, mul(0.5, own));
}

/** Σ over a loop in the step, of something that each of its steps makes of x and a captured vector. */
function innerLoop(draw: Draw, loop: Loop): (x: Tensor) => Tensor {
  const { dice, input, note } = draw;
  const length = 1 + dice.below(3);
  const own = input(length, 2);
  const gain = input(2);
  const reverse = dice.chance(0.5);
  note(`a loop of ${length} in each step`);
  return (x) => {
    const start = mul(gain, mean(x));
    const { carry, ys } = loop(
      ({ h }, { at }) => {
        const next = tanh(add(mul(h as Tensor, gain), at as Tensor));
        return { carry: { h: next }, y: { y: mul(next, mean(x)) } };
      },
      { h: start },
      { at: own },
      { reverse },
    );
    return add(sum(carry.h as Tensor), mean(ys.y as Tensor));
  };
}

/** What a scan means: its steps one after the other, each made by the cell. */
export const unrolled: Loop = (cell, carry, xs, { reverse = false, length }) => {
  const [some] = Object.values(xs);
  const steps = length ?? some?.shape[0] ?? 0;
  const rows: ByName[] = new Array(steps);
  let state = carry;
  const at = (t: number): ByName =>
    Object.fromEntries(
      Object.entries(xs).map(([name, x]) => {
        const rest = x.shape.slice(1);
        if (steps === 0) return [name, tensor(new Array(sizeOf(rest)).fill(0), rest, x.dtype)];
        return [name, reshape(slice(x, [t, ...rest.map(() => 0)], [1, ...rest]), rest)];
      }),
    );
  for (let i = 0; i < steps; i++) {
    const t = reverse ? steps - 1 - i : i;
    const done = cell(state, at(t));
    state = done.carry;
    rows[t] = done.y;
  }
  const [first] = steps > 0 ? rows : [cell(carry, at(0)).y];
  const ys = Object.fromEntries(
    Object.entries(first ?? {}).map(([name, { shape, dtype }]) => {
      if (steps === 0) return [name, tensor([], [0, ...shape], dtype)];
      return [
        name,
        concat(
          rows.map((row) => reshape(row[name] as Tensor, [1, ...shape])),
          0,
        ),
      ];
    }),
  );
  return { carry: state, ys };
};
