/** What test/goldens/make_goldens.py computes its parameters, images and texts by, and how its results are read. */
import { type Shape, sizeOf } from "../../src/tensor/shape.ts";
import training from "../goldens/training.json" with { type: "json" };

export interface GoldenGradient {
  readonly norm: number;
  /** Eight positions in PyTorch's flat order, and the elements there. */
  readonly at: readonly number[];
  readonly values: readonly number[];
  /** Every element, for small parameters. */
  readonly all?: readonly number[];
}

export interface GoldenTraining<Options> {
  readonly options: Options;
  /** In PyTorch's order, names and layouts. */
  readonly parameters: readonly {
    readonly name: string;
    readonly shape: Shape;
    readonly trained: boolean;
  }[];
  readonly losses: readonly number[];
  readonly norms: readonly number[];
  readonly gradients: Readonly<Record<string, Readonly<Record<string, GoldenGradient>>>>;
}

export interface CnnOptions {
  readonly batch: number;
  readonly gain: number;
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

export interface LstmOptions {
  readonly vocabulary: number;
  readonly features: number;
  readonly hidden: number;
  readonly layers: number;
  readonly window: number;
  readonly batch: number;
  readonly gain: number;
  readonly learningRate: number;
  readonly momentum: number;
  readonly clipNorm: number;
}

export interface Goldens {
  readonly cnn: GoldenTraining<CnnOptions>;
  /** With convolutions in groups. */
  readonly groupedCnn: GoldenTraining<CnnOptions>;
  /** bias_hh is zero and not trained: one bias a layer, as lstm has. */
  readonly lstm: GoldenTraining<LstmOptions>;
  /** Both of PyTorch's biases are trained. */
  readonly lstmTwoBiases: GoldenTraining<LstmOptions>;
}

// The file is made by our own script, make_goldens.py.
export const goldens = training as unknown as Goldens;

/** Elements of the parameter with number `index`, in PyTorch's layout `shape`. */
export function goldenParameter(index: number, shape: Shape, gain: number): Float64Array {
  const scale = shape.length === 1 ? 0.1 : gain * Math.sqrt(2 / sizeOf(shape.slice(1)));
  return Float64Array.from(
    { length: sizeOf(shape) },
    (_, i) => scale * Math.sin(0.7 * i + 1.3 * index + 0.013 * ((i * i) % 1009)),
  );
}

/** Image n, 28 × 28. */
export function goldenPixel(n: number, row: number, column: number): number {
  const rows = 0.25 * Math.sin(0.45 * row + 0.8 * n);
  return 0.5 + rows + 0.25 * Math.cos(0.33 * column * (1 + 0.15 * n));
}

export function goldenLabel(n: number): number {
  return (3 * n + 1) % 10;
}

/** Character t of text b; its target is character t + 1. */
export function goldenToken(b: number, t: number, vocabulary: number): number {
  return (7 * b + 3 * t + Math.floor(t / 5)) % vocabulary;
}
