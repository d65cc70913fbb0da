import { anything, checkOptions, flag, positive } from "../arguments.ts";
import { ShapeError } from "../errors.ts";
import { checkDType } from "../ops/check.ts";
import type { Tensor } from "../runtime/tensor.ts";
import { describe } from "../tensor/shape.ts";
import { checkTensors } from "./apply.ts";
import { arange } from "./creation.ts";
import { add, greaterEqual, mul, where } from "./elementwise.ts";
import { matmul } from "./matmul.ts";
import { reshape } from "./movement.ts";
import { softmax } from "./softmax.ts";

export interface AttentionOptions {
  /** Whether query i sees keys 0 … i + Tk − Tq only: none that come later, where both end at the same time. false. */
  readonly causal?: boolean;
  /** bool that broadcasts to [..., Tq, Tk]: true where a query may see a key. */
  readonly mask?: Tensor;
  /** By which products are multiplied; 1 / √D. */
  readonly scale?: number;
}

/** Less than any score, and finite: a query that sees nothing gives the mean of all values, not NaN. */
const UNSEEN = -1e30;

/**
 * softmax(q · kᵀ · scale) · v, over the keys that a query sees. q f32[..., Tq, D], k [..., Tk, D], v [..., Tk, E]
 * → [..., Tq, E]; leading dimensions, such as batch and heads, broadcast. Vaswani et al. 2017, eq. 1.
 * @throws ShapeError, DTypeError
 */
export function attention(q: Tensor, k: Tensor, v: Tensor, options: AttentionOptions = {}): Tensor {
  checkTensors("attention", { q, k, v });
  checkOptions("attention", options, { causal: flag, mask: anything, scale: positive });
  const [Tq = 0, D = 0] = q.shape.slice(-2);
  const [Tk = 0] = k.shape.slice(-2);
  const isFit = k.shape.at(-1) === D && v.shape.at(-2) === Tk;
  if (!isFit || [q, k, v].some(({ shape }) => shape.length < 2)) {
    throw new ShapeError(
      `attention: q, k and v must be [..., Tq, D], [..., Tk, D] and [..., Tk, E]; got ${[q, k, v].map(({ type }) => describe(type)).join(", ")}. Queries and keys have as many features, keys and values as many steps.`,
    );
  }
  const { causal = false, mask, scale = 1 / Math.sqrt(D) } = options;
  let scores = mul(matmul(q, k, { transposeB: true }), scale);
  if (causal) {
    const last = add(reshape(arange(Tq), [Tq, 1]), Tk - Tq);
    scores = where(greaterEqual(last, arange(Tk)), scores, UNSEEN);
  }
  if (mask !== undefined) {
    checkTensors("attention", { mask });
    checkDType("attention", "mask", mask, ["bool"]);
    scores = where(mask, scores, UNSEEN);
  }
  return matmul(softmax(scores), v);
}
