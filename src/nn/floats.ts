import type { Tensor } from "../functions.ts";
import { checkDType } from "../internals.ts";

/** @throws DTypeError in the layer's name unless its input is f32, rather than in that of an op within */
export function checkFloats(kind: string, x: Tensor): void {
  checkDType(kind, "the input", x, ["f32"], 'Cast it first: cast(x, "f32").');
}
