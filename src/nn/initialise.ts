/**
 * How parameters start. All numbers come from the counter-based generator: equal seeds give equal models, everywhere.
 * Layers start as PyTorch's do (`kaimingUniform`) unless told otherwise by `initialise`.
 */
import { check, count, finite, isRecord, list, rule } from "../arguments.ts";
import { ArgumentError } from "../errors.ts";
import { drawNormal, drawUniform, type Key, keyOf, type Shape, sizeOf } from "../functions.ts";
import { checkedShape, hostArray } from "../internals.ts";

const atLeastOne = rule("1 or more", (value) => typeof value === "number" && value >= 1);

/**
 * How many inputs each output of a layer has, and how many outputs each input goes to: as PyTorch and Keras count them, by
 * the dimensions of the weight, all gates of a recurrent layer and all groups of a convolution among the outputs.
 */
export interface Fans {
  /** Numbers that come to one output. */
  readonly in: number;
  /** Numbers that one input goes to. */
  readonly out: number;
}

/** As many as are drawn on the host at once: more would take minutes, and the memory of most machines. */
const MOST_ELEMENTS = 2 ** 27;

/**
 * How many elements a parameter of `shape` has.
 * @throws ArgumentError before anything is made of more than 2^27; ShapeError for what is no shape
 */
export function sizeFor(shape: Shape, caller = "initialise"): number {
  const size = sizeOf(checkedShape(caller, shape));
  if (size <= MOST_ELEMENTS) return size;
  throw new ArgumentError(
    `${caller}: a parameter may start with at most 2^27 elements; got [${shape.join(", ")}]. Choose smaller sizes, or divide the layer.`,
  );
}

function checked(fans: Fans): Fans {
  const isFans = (value: unknown) =>
    isRecord(value) && count.holds(value.in) && count.holds(value.out);
  check("initialise", "fans", fans, rule("{ in, out }, whole numbers of 1 or more", isFans));
  return fans;
}

/**
 * The first elements of a parameter of `shape`; all that is random in them follows from `key`.
 * @throws ArgumentError, ShapeError, those that are made here, for what is no shape, fans or key
 */
export type Initialiser = (shape: Shape, fans: Fans, key: Key) => Float32Array;

/**
 * U(−bound, bound).
 * @throws ArgumentError for a bound that is not finite
 */
export function uniform(bound: number): Initialiser {
  check("initialise.uniform", "the bound", bound, finite);
  return (shape, _, key) =>
    new Float32Array(drawUniform(key, 0, sizeFor(shape)).map((u) => (2 * u - 1) * bound));
}

/**
 * N(0, deviation²).
 * @throws ArgumentError for a deviation that is not finite
 */
export function normal(deviation: number): Initialiser {
  check("initialise.normal", "the deviation", deviation, finite);
  return (shape, _, key) =>
    new Float32Array(drawNormal(key, 0, sizeFor(shape)).map((z) => z * deviation));
}

/**
 * U(−1/√fan-in, 1/√fan-in): PyTorch's default for linear layers and convolutions, which is He's with a = √5.
 * @throws ArgumentError and ShapeError, where a layer is made, for a shape that is none
 */
export const kaimingUniform: Initialiser = (shape, fans, key) =>
  uniform(1 / Math.sqrt(checked(fans).in))(shape, fans, key);

/**
 * U(−b, b) with b = √(6 / (fan-in + fan-out)). Glorot & Bengio 2010, eq. 16. For tanh and sigmoid.
 * @throws ArgumentError and ShapeError, where a layer is made, for a shape that is none
 */
export const xavierUniform: Initialiser = (shape, fans, key) =>
  uniform(Math.sqrt(6 / (checked(fans).in + fans.out)))(shape, fans, key);

/**
 * N(0, 2 / fan-in). He et al. 2015, eq. 10. For relu.
 * @throws ArgumentError and ShapeError, where a layer is made, for a shape that is none
 */
export const heNormal: Initialiser = (shape, fans, key) =>
  normal(Math.sqrt(2 / checked(fans).in))(shape, fans, key);

/**
 * U(−b, b) with b = √(6 / fan-in). He et al. 2015. For relu.
 * @throws ArgumentError and ShapeError, where a layer is made, for a shape that is none
 */
export const heUniform: Initialiser = (shape, fans, key) =>
  uniform(Math.sqrt(6 / checked(fans).in))(shape, fans, key);

/**
 * N(0, 2 / (fan-in + fan-out)). Glorot & Bengio 2010.
 * @throws ArgumentError and ShapeError, where a layer is made, for a shape that is none
 */
export const xavierNormal: Initialiser = (shape, fans, key) =>
  normal(Math.sqrt(2 / (checked(fans).in + fans.out)))(shape, fans, key);

/**
 * N(0, 1 / fan-in). LeCun et al. 1998. For selu.
 * @throws ArgumentError and ShapeError, where a layer is made, for a shape that is none
 */
export const lecunNormal: Initialiser = (shape, fans, key) =>
  normal(Math.sqrt(1 / checked(fans).in))(shape, fans, key);

/**
 * N(0, deviation²), of which what is further out than `limit` deviations is drawn again; 2.
 * @throws ArgumentError for a deviation or limit that is out of range
 */
export function truncatedNormal(deviation: number, limit = 2): Initialiser {
  check("initialise.truncatedNormal", "the deviation", deviation, finite);
  check("initialise.truncatedNormal", "the limit", limit, atLeastOne);
  return (shape, _, key) => {
    const size = sizeFor(shape);
    const kept = hostArray("f32", size) as Float32Array;
    // The numbers are drawn one behind the other; at a limit of 1 a third is left out.
    for (let [have, drawn] = [0, 0]; have < size; ) {
      const more = drawNormal(key, drawn, size);
      drawn += size;
      for (const z of more) {
        if (Math.abs(z) > limit || have === size) continue;
        kept[have++] = z * deviation;
      }
    }
    return kept;
  };
}

/**
 * Rows, or columns where there are fewer of them, that are orthogonal and of length `gain`; the last dimension counts
 * the columns. Saxe et al. 2014. `gain` is 1 where nothing is said.
 * @throws ArgumentError for a gain that is not finite
 */
export function orthogonal(gain = 1): Initialiser {
  check("initialise.orthogonal", "the gain", gain, finite);
  return (shape, _, key) => {
    const columns = shape.at(-1) ?? 1;
    const rows = sizeFor(shape) / Math.max(1, columns);
    const [count, length] = rows < columns ? [rows, columns] : [columns, rows];
    const drawn = Float64Array.from(drawNormal(key, 0, count * length));
    const vectors = Array.from({ length: count }, (_, i) =>
      drawn.subarray(i * length, (i + 1) * length),
    );
    for (const [i, own] of vectors.entries()) orthogonalise(own, vectors.slice(0, i));
    const made = hostArray("f32", rows * columns) as Float32Array;
    return made.map((_, n) => {
      const [r, c] = [Math.floor(n / columns), n % columns];
      return gain * ((rows < columns ? vectors[r]?.[c] : vectors[c]?.[r]) ?? 0);
    });
  };
}

/** Gram and Schmidt, twice: once leaves what rounding has left. */
function orthogonalise(own: Float64Array, others: readonly Float64Array[]): void {
  const dot = (a: Float64Array, b: Float64Array) =>
    a.reduce((total, x, i) => total + x * (b[i] ?? 0), 0);
  for (let turn = 0; turn < 2; turn++) {
    for (const other of others) {
      const share = dot(own, other);
      own.forEach((x, i) => {
        own[i] = x - share * (other[i] ?? 0);
      });
    }
    const size = Math.sqrt(dot(own, own));
    own.forEach((x, i) => {
      own[i] = x / size;
    });
  }
}

/**
 * Of a convolution's weight [..., C, OC]: output channel i is input channel i at first, the middle of the kernel 1 and all else
 * 0. Zagoruyko & Komodakis 2017.
 * @throws ArgumentError and ShapeError, where a layer is made, for a shape that is none
 */
export const dirac: Initialiser = (shape) => {
  check("initialise.dirac", "the shape", shape, list);
  const [inputs = 1, outputs = 1] = shape.slice(-2);
  const kernel = shape.slice(0, -2);
  const middle = kernel.reduce((at, n) => at * n + Math.floor(n / 2), 0);
  const made = hostArray("f32", sizeFor(shape)) as Float32Array;
  for (let c = 0; c < Math.min(inputs, outputs); c++) made[(middle * inputs + c) * outputs + c] = 1;
  return made;
};

/**
 * 1 everywhere.
 * @throws ArgumentError and ShapeError, where a layer is made, for a shape that is none
 */
export const ones: Initialiser = (shape) => constant(1)(shape, { in: 1, out: 1 }, keyOf(0));

/**
 * `value` everywhere.
 * @throws ArgumentError for a value that is not finite
 */
export function constant(value: number): Initialiser {
  check("initialise.constant", "the value", value, finite);
  return (shape) => hostArray("f32", sizeFor(shape)).fill(value);
}

/**
 * 0 everywhere.
 * @throws ArgumentError and ShapeError, where a layer is made, for a shape that is none
 */
export const zeros: Initialiser = constant(0);

/**
 * For `initialiseBias` of an lstm or gru: `value` for the gate that keeps the state, f or z, and 0 for the others. From
 * the start the state then lasts for many steps, and the gradient reaches as far back: 1 or 2 where what was read first
 * decides what is said last. Gers et al. 2000, Jozefowicz et al. 2015. An rnn has no such gate and starts with 0.
 * @throws ArgumentError for a value that is not finite
 */
export function remember(value = 1): Initialiser {
  check("initialise.remember", "the value", value, finite);
  return (shape) => {
    const zeros = hostArray("f32", sizeFor(shape));
    // [H, gates]: i f g o or r z n. Without gates innermost, [H], there is none that keeps anything.
    const [, gates] = shape;
    return zeros.map((_, i) => (gates !== undefined && i % gates === 1 ? value : 0));
  };
}
