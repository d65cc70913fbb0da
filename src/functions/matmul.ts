import { checkOptions, flag } from "../arguments.ts";
import type { Tensor } from "../runtime/tensor.ts";
import { apply } from "./apply.ts";

/** Which operand is transposed. */
export interface MatmulOptions {
  /** a is stored [..., K, M]. */
  readonly transposeA?: boolean;
  /** b is stored [..., N, K]. */
  readonly transposeB?: boolean;
}

/**
 * a [..., M, K] · b [..., K, N] → [..., M, N]; batch dimensions broadcast. f32.
 * @throws ShapeError where K differs or batch dimensions do not broadcast, and for vectors; DTypeError unless both are
 *   f32; ArgumentError for options that there are not
 */
export function matmul(a: Tensor, b: Tensor, options: MatmulOptions = {}): Tensor {
  checkOptions("matmul", options, { transposeA: flag, transposeB: flag });
  const { transposeA = false, transposeB = false } = options;
  return apply("matmul", { a, b }, { transposeA, transposeB });
}
