import { anything, checkOptions, flag, positive } from "../arguments.ts";
import { ShapeError } from "../errors.ts";
import { emit } from "../graph/graph.ts";
import { checkDType } from "../ops/check.ts";
import type { Tensor } from "../runtime/tensor.ts";
import { broadcastShapes, describe, sameShape } from "../tensor/shape.ts";
import { checkTensor, checkTensors, wrap } from "./apply.ts";
import { broadcastTo } from "./movement.ts";

/** Which keys a query sees, and how products are scaled. */
export interface AttentionOptions {
  /** Whether query i sees keys 0 … i + Tk − Tq only: none that come later, where both end at the same time. false. */
  readonly causal?: boolean;
  /**
   * Broadcasts to [..., Tq, Tk]. bool: true where a query may see a key. f32: added to the scaled products, such as a bias
   * by distance; a key is hidden where it is −1e30 or less, −Infinity included.
   */
  readonly mask?: Tensor;
  /** By which products are multiplied; 1 / √D. */
  readonly scale?: number;
}

/**
 * softmax(q · kᵀ · scale + mask) · v, over the keys that a query sees. q f32[..., Tq, D], k [..., Tk, D], v [..., Tk, E]
 * → [..., Tq, E]; leading dimensions, such as batch and heads, broadcast. A query that sees no key gives the mean of all
 * values. Vaswani et al. 2017, eq. 1. Where a device gains by it, what queries pay to keys is never stored, neither for
 * values nor for gradients (Dao et al. 2022): memory grows with Tq + Tk. The gradient of a mask, and second derivatives,
 * take memory for Tq · Tk numbers.
 * @throws ShapeError where q, k, v and the mask do not fit each other; DTypeError unless they are f32, a mask f32 or
 *   bool; ArgumentError for options that break their rules
 */
export function attention(q: Tensor, k: Tensor, v: Tensor, options: AttentionOptions = {}): Tensor {
  for (const [name, x] of Object.entries({ q, k, v })) checkTensor("attention", x, name);
  checkOptions("attention", options, { causal: flag, mask: anything, scale: positive });
  const D = q.shape.at(-1) ?? 0;
  const [Tk = 0] = k.shape.slice(-2);
  const { causal = false, mask, scale = 1 / Math.sqrt(D) } = options;
  if (mask !== undefined) {
    checkTensors("attention", { mask });
    checkDType("attention", "mask", mask, ["bool", "f32"]);
  }
  const given = [q, k, v, ...(mask === undefined ? [] : [mask])];
  const lead = given
    .map(({ shape }) => shape.slice(0, -2))
    .reduce<readonly number[] | undefined>((a, b) => a && broadcastShapes(a, b), []);
  const isFit = k.shape.at(-1) === D && v.shape.at(-2) === Tk && Tk > 0 && lead !== undefined;
  if (!isFit || [q, k, v].some(({ shape }) => shape.length < 2)) {
    throw new ShapeError(
      `attention: q, k and v must be [..., Tq, D], [..., Tk, D] and [..., Tk, E]; got ${given.map(({ type }) => describe(type)).join(", ")}. Queries and keys have as many features, keys and values as many steps.`,
    );
  }
  const all = (x: Tensor) => {
    const shape = [...lead, ...x.shape.slice(-2)];
    return sameShape(x.shape, shape) ? x.value : broadcastTo(x, shape).value;
  };
  const ins = { q: all(q), k: all(k), v: all(v), mask: mask?.value };
  return wrap(emit("attention", ins, { causal, scale }).out);
}
