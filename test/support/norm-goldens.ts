/** What test/goldens/make_norm_goldens.py computes its inputs by, and how its results are read. */
import { readFileSync } from "node:fs";
import type { Shape } from "../../src/tensor/shape.ts";

type Numbers = Readonly<Record<string, readonly number[]>>;

export interface NormGolden {
  readonly title: string;
  readonly layer: string;
  readonly arguments: readonly unknown[];
  readonly shape: Shape;
  /** The state dict's names and shapes, in PyTorch's order. */
  readonly state: Readonly<Record<string, Shape>>;
  /** y, and the gradients of x and of the parameters, of each batch. */
  readonly training: readonly Numbers[];
  readonly buffers: Numbers;
  readonly evaluation: Numbers;
}

export function readNormGoldens(): readonly NormGolden[] {
  const url = new URL("../goldens/norms.json", import.meta.url);
  // The file is made by our own script.
  return (JSON.parse(readFileSync(url, "utf8")) as { readonly cases: readonly NormGolden[] }).cases;
}

/** `values` of the script. */
export function waveOf(length: number, index: number): Float32Array {
  return Float32Array.from({ length }, (_, i) =>
    Math.sin(0.7 * i + 1.3 * index + 0.013 * ((i * i) % 1009)),
  );
}

export function shifted(wave: Float32Array, start: number, scale: number): Float32Array {
  return wave.map((v) => start + scale * v);
}
