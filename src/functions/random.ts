/** Random numbers from a counter-based generator: the same seed gives the same bits on every device. */
import { anything, check, checkOptions, finite, probability, share } from "../arguments.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import { standIn } from "../graph/close-over.ts";
import { activeStepTrace, activeTrace } from "../runtime/active-trace.ts";
import { Cell } from "../runtime/cell.ts";
import { currentRuntime } from "../runtime/current.ts";
import { fromHost, Tensor } from "../runtime/tensor.ts";
import { normal as drawNormal, keyOf } from "../tensor/random.ts";
import { checkedShape, type Shape, sizeOf, type TensorType } from "../tensor/shape.ts";
import { apply, type Operand, operandsOf } from "./apply.ts";
import { div, less, log, maximum, mul, neg, sub, where } from "./elementwise.ts";
import { float } from "./float.ts";
import { argmax } from "./reduce.ts";

const KEY_TYPE: TensorType = { dtype: "u32", shape: [2] };

/**
 * f32 in [0, 1). Inside a compiled step every run draws new numbers; the runtime's seed, the step's stream and the
 * number of the run decide which, see `CompileOptions`. So does every step of a scan: the numbers of all steps are drawn before the loop. With `seed` the
 * numbers are always those of that seed.
 * @throws ShapeError for sizes that are not whole numbers of 0 or more; ArgumentError for a seed that is not finite
 */
export function uniform(shape: Shape, seed?: number): Tensor {
  const own = checkedShape("uniform", shape);
  if (seed !== undefined) check("uniform", "the seed", seed, finite, "Any finite number will do.");
  return drawn(own, seed);
}

function drawn(shape: Shape, seed?: number): Tensor {
  if (seed !== undefined) {
    const key = fromHost(KEY_TYPE, Uint32Array.from(keyOf(seed)));
    return apply("uniform", { key }, { shape, stream: 0 });
  }
  const step = activeStepTrace();
  if (step !== undefined) {
    const draw = standIn("random numbers", { dtype: "f32", shape });
    step.draws.push(draw);
    return new Tensor(draw.out);
  }
  const trace = activeTrace();
  if (trace === undefined) {
    const key = fromHost(KEY_TYPE, Uint32Array.from(currentRuntime("uniform").nextKey()));
    return apply("uniform", { key }, { shape, stream: 0 });
  }
  trace.key ??= new Cell("argument", KEY_TYPE, "random key");
  return apply("uniform", { key: new Tensor(trace.key.value) }, { shape, stream: trace.streams++ });
}

/**
 * f32 from the standard normal distribution, drawn on the host in float64 so that every device gets the same bits.
 * A constant inside a compiled step: for new noise at every run use `uniform`.
 * @throws ShapeError for sizes that are not whole numbers of 0 or more; ArgumentError for a seed that is not finite
 */
export function normal(shape: Shape, seed: number): Tensor {
  const own = checkedShape("normal", shape);
  check("normal", "the seed", seed, finite, "Any finite number will do.");
  const key = keyOf(seed);
  const numbers = drawNormal(key, 0, sizeOf(own));
  return fromHost({ dtype: "f32", shape: own }, Float32Array.from(numbers));
}

/**
 * bool: true with probability p. Draws as `uniform` does.
 * @throws ArgumentError for a p outside 0 … 1; ShapeError for sizes that are not whole numbers of 0 or more
 */
export function bernoulli(shape: Shape, p: number): Tensor {
  check("bernoulli", "p", p, probability);
  return less(drawn(checkedShape("bernoulli", shape)), p);
}

/** WGSL promises no more of log near 1, where it may come out as 0 or above: log(uniform) is kept this far below. */
const LEAST_WAIT = 2 ** -21;

/** How evenly classes are drawn, and by which numbers. */
export interface CategoricalOptions {
  /** Below 1 the likely becomes likelier, above 1 everything becomes more alike; 1. As a tensor [] it is data. */
  readonly temperature?: Operand;
  /** Always draws the same. Without it as `uniform`: anew at every run of a compiled step. */
  readonly seed?: number;
}

/**
 * One class of each row, drawn with the probabilities softmax(logits / temperature), as i32: logits f32[..., C] →
 * i32[...]. The largest of logits / temperature − log(−log u), u uniform (Gumbel 1954), so that nothing leaves the
 * device; probabilities are off by less than 5e-7. What is always the likeliest is `argmax(logits)`.
 * @throws ArgumentError where the temperature is a number that is not above 0; DTypeError unless logits are f32; ShapeError
 *   for a single number
 */
export function categorical(logits: Tensor, options: CategoricalOptions = {}): Tensor {
  float("categorical", logits, "logits");
  if (logits.shape.length === 0) {
    throw new ShapeError(
      "categorical: logits must be [..., C]; got f32[]. A single number has no classes.",
    );
  }
  checkOptions("categorical", options, { temperature: anything, seed: finite });
  const { temperature = 1, seed } = options;
  if (typeof temperature === "number" && !(temperature > 0)) {
    throw new ArgumentError(
      `categorical: the temperature must be above 0; got ${temperature}. For the likeliest class take argmax(logits).`,
    );
  }
  const wait = maximum(neg(log(uniform(logits.shape, seed))), LEAST_WAIT);
  const [all, divisor] = operandsOf("categorical", logits, temperature, {
    names: ["logits", "the temperature"],
  });
  return argmax(sub(div(all, divisor), log(wait)));
}

/**
 * x with each element set to 0 with probability p and the others divided by 1 − p. Srivastava et al. 2014. f32; draws
 * as `uniform` does.
 * @throws ArgumentError for a p outside 0 … 1 or of 1; DTypeError unless x is f32
 */
export function dropout(x: Tensor, p: number): Tensor {
  float("dropout", x);
  check("dropout", "p", p, share, "It is the share of elements that are set to 0.");
  return p === 0 ? x : where(bernoulli(x.shape, 1 - p), mul(x, 1 / (1 - p)), 0);
}
