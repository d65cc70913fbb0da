/**
 * How parameters start. All numbers come from the counter-based generator: equal seeds give equal models, everywhere.
 * Layers start as PyTorch's do (`kaimingUniform`) unless told otherwise by `initialise`.
 */
import { check, count, finite, isRecord, rule } from "../arguments.ts";
import { drawNormal, drawUniform, type Key, type Shape, sizeOf } from "../functions.ts";
import { hostArray } from "../internals.ts";

/** How many inputs each output of a layer has, and how many outputs each input goes to. */
export interface Fans {
  readonly in: number;
  readonly out: number;
}

function checked(fans: Fans): Fans {
  const isFans = (value: unknown) =>
    isRecord(value) && count.holds(value.in) && count.holds(value.out);
  check("initialise", "fans", fans, rule("{ in, out }, whole numbers of 1 or more", isFans));
  return fans;
}

/** The first elements of a parameter of `shape`; all that is random in them follows from `key`. */
export type Initialiser = (shape: Shape, fans: Fans, key: Key) => Float32Array;

/** U(−bound, bound). */
export function uniform(bound: number): Initialiser {
  check("initialise.uniform", "the bound", bound, finite);
  return (shape, _, key) =>
    new Float32Array(drawUniform(key, 0, sizeOf(shape)).map((u) => (2 * u - 1) * bound));
}

/** N(0, deviation²). */
export function normal(deviation: number): Initialiser {
  check("initialise.normal", "the deviation", deviation, finite);
  return (shape, _, key) =>
    new Float32Array(drawNormal(key, 0, sizeOf(shape)).map((z) => z * deviation));
}

/** U(−1/√fan-in, 1/√fan-in): PyTorch's default for linear layers and convolutions, which is He's with a = √5. */
export const kaimingUniform: Initialiser = (shape, fans, key) =>
  uniform(1 / Math.sqrt(checked(fans).in))(shape, fans, key);

/** U(−b, b) with b = √(6 / (fan-in + fan-out)). Glorot & Bengio 2010, eq. 16. For tanh and sigmoid. */
export const xavierUniform: Initialiser = (shape, fans, key) =>
  uniform(Math.sqrt(6 / (checked(fans).in + fans.out)))(shape, fans, key);

/** N(0, 2 / fan-in). He et al. 2015, eq. 10. For relu. */
export const heNormal: Initialiser = (shape, fans, key) =>
  normal(Math.sqrt(2 / checked(fans).in))(shape, fans, key);

export function constant(value: number): Initialiser {
  check("initialise.constant", "the value", value, finite);
  return (shape) => hostArray("f32", sizeOf(shape)).fill(value);
}

export const zeros: Initialiser = constant(0);

/**
 * For `initialiseBias` of an lstm or gru: `value` for the gate that keeps the state, f or z, and 0 for the others. From
 * the start the state then lasts for many steps, and the gradient reaches as far back: 1 or 2 where what was read first
 * decides what is said last. Gers et al. 2000, Jozefowicz et al. 2015. An rnn has no such gate and starts with 0.
 */
export function remember(value = 1): Initialiser {
  check("initialise.remember", "the value", value, finite);
  return (shape) => {
    const zeros = hostArray("f32", sizeOf(shape));
    // [H, gates]: i f g o or r z n. Without gates innermost, [H], there is none that keeps anything.
    const [, gates] = shape;
    return zeros.map((_, i) => (gates !== undefined && i % gates === 1 ? value : 0));
  };
}
