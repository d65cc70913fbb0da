import { keyOf, normal } from "../../../src/tensor/random.ts";

export function drawNormals(count: number, seed: number): number[] {
  return [...normal(keyOf(seed), 0, count)];
}
