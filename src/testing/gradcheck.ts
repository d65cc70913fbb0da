import { check, checkOptions, list, oneOf } from "../arguments.ts";
import { ArgumentError } from "../errors.ts";
import { type Tensor, tensor, vjp } from "../functions.ts";
import { foldIn, type Key, keyOf, uniform } from "../tensor/random.ts";
import type { Shape } from "../tensor/shape.ts";
import { CheckFailedError } from "./check-failed.ts";
import { directions, dot, moved, norm, RULES, SMALL } from "./differences.ts";
import { evaluateTensors } from "./evaluate.ts";
import { textTable } from "./table.ts";
import { numbersOf, type Values } from "./values.ts";

/** A function of lists of numbers and its gradient, of whatever computes them: shaders, a library, a loop. */
export interface HandWritten {
  /** The result's elements, one behind the other. */
  value(...inputs: Float32Array[]): ArrayLike<number> | Promise<ArrayLike<number>>;
  /** Jᵀ · cotangent for every input, where the cotangent has as many elements as the result. */
  gradient(
    cotangent: Float32Array,
    ...inputs: Float32Array[]
  ): readonly ArrayLike<number>[] | Promise<readonly ArrayLike<number>[]>;
}

/** What `gradcheck` is told. */
export interface GradcheckOptions {
  /** What a hand-written function computes in; the verbs are always evaluated in float64. Default "f32". */
  readonly dtype?: "f32" | "f64";
}

/** What is compared, of either form. */
interface Differentiable {
  value(inputs: readonly Float64Array[]): Promise<Float64Array>;
  gradient(cotangent: Float64Array): Promise<readonly Float64Array[]>;
}

/**
 * That a gradient is that of its function: against central differences along every element of a small input, and along
 * random directions of a large one. `fn` is an expression of gradgpu's verbs, evaluated in float64 by the reference kernels
 * without a device, with the gradient that autodiff makes of it; or a hand-written function with its gradient. Inputs should lie where the function has a derivative: not at 0 of a relu.
 * @throws CheckFailedError with a table of the worst, ArgumentError, and what `fn` throws
 */
export async function gradcheck<const I extends readonly Values[]>(
  fn: ((...inputs: { -readonly [K in keyof I]: Tensor }) => Tensor) | HandWritten,
  inputs: I,
  options: GradcheckOptions = {},
): Promise<void> {
  checkOptions("gradcheck", options, { dtype: oneOf("f32", "f64") });
  check("gradcheck", "inputs", inputs, list, "Hand over one for each argument of fn.");
  const given = inputs.map((values, i) => {
    const { data, shape } = numbersOf("gradcheck", `input ${i}`, values);
    return { data: Float64Array.from(data, Math.fround), shape: shape ?? [data.length] };
  });
  const isVerb = typeof fn === "function";
  const dtype = isVerb ? "f64" : (options.dtype ?? "f32");
  // As many tensors as there are inputs.
  const of = isVerb
    ? differentiated(fn as (...inputs: Tensor[]) => Tensor, given)
    : handWritten(fn, given);
  await compare(of, given, dtype);
}

interface Given {
  readonly data: Float64Array<ArrayBuffer>;
  readonly shape: Shape;
}

function differentiated(
  fn: (...inputs: Tensor[]) => Tensor,
  given: readonly Given[],
): Differentiable {
  const xs = given.map(({ data, shape }) => tensor(Float32Array.from(data), shape));
  const [out, pull] = vjp(fn, ...xs);
  const at = (inputs: readonly Float64Array[]) =>
    new Map(xs.map((x, i) => [x, inputs[i] ?? new Float64Array()]));
  return {
    value: async (inputs) => Float64Array.from(evaluateTensors([out], at(inputs))[0] ?? []),
    async gradient(cotangent) {
      const u = tensor(Float32Array.from(cotangent), out.shape);
      const found = evaluateTensors(pull(u), at(given.map(({ data }) => data)));
      return found.map((elements) => Float64Array.from(elements));
    },
  };
}

function handWritten(of: HandWritten, given: readonly Given[]): Differentiable {
  const narrow = (inputs: readonly Float64Array[]) => inputs.map((x) => Float32Array.from(x));
  return {
    value: async (inputs) => Float64Array.from(await of.value(...narrow(inputs))),
    async gradient(cotangent) {
      const inputs = narrow(given.map(({ data }) => data));
      const found = await of.gradient(Float32Array.from(cotangent), ...inputs);
      if (!Array.isArray(found) || found.length !== given.length) {
        throw new ArgumentError(
          `gradcheck: gradient must give a list with one for each of the ${given.length} inputs; got ${Array.isArray(found) ? found.length : "no list"}. Give zeros where there is none.`,
        );
      }
      return found.map((elements: ArrayLike<number>) => Float64Array.from(elements));
    },
  };
}

interface Row {
  readonly input: number;
  readonly along: string;
  readonly gradient: number;
  readonly difference: number;
  readonly allowed: number;
}

async function compare(
  of: Differentiable,
  given: readonly Given[],
  dtype: "f32" | "f64",
): Promise<void> {
  const { step, relative, rounding } = RULES[dtype];
  const start = given.map(({ data }) => data);
  const out = await of.value(start);
  const key = keyOf(out.length);
  const cotangent = drawn(key, out.length);
  const gradients = await of.gradient(cotangent);
  const rows: Row[] = [];
  for (const [input, { data }] of given.entries()) {
    const gradient = gradients[input] ?? new Float64Array();
    if (gradient.length !== data.length) {
      throw new CheckFailedError(
        `gradcheck: the gradient of input ${input} must have its ${data.length} elements; got ${gradient.length}. Sum it over what was broadcast.`,
      );
    }
    for (const [k, direction] of directions(data.length, foldIn(key, input)).entries()) {
      const at = async (distance: number) => {
        const place = start.map((x, i) => (i === input ? moved(x, direction, distance) : x));
        return dot(cotangent, await of.value(place));
      };
      const difference = ((await at(step)) - (await at(-step))) / (2 * step);
      const allowed = relative * norm(gradient) + rounding * norm(cotangent) * norm(out);
      const along = data.length <= SMALL ? `element ${k}` : `direction ${k}`;
      rows.push({ input, along, gradient: dot(gradient, direction), difference, allowed });
    }
  }
  const isWrong = ({ gradient, difference, allowed }: Row) =>
    !(Math.abs(gradient - difference) <= allowed);
  const wrong = rows.filter(isWrong);
  if (wrong.length > 0) throw failure(wrong, rows.length, dtype);
}

const WORST = 8;

function failure(wrong: readonly Row[], count: number, dtype: string): CheckFailedError {
  const far = ({ gradient, difference, allowed }: Row) =>
    Number.isFinite(gradient - difference)
      ? Math.abs(gradient - difference) / allowed
      : Number.POSITIVE_INFINITY;
  const worst = wrong.toSorted((a, b) => far(b) - far(a)).slice(0, WORST);
  const head = ["input", "along", "gradient", "difference quotient", "allowed error"];
  const cells = worst.map(({ input, along, gradient, difference, allowed }) => [
    String(input),
    along,
    shown(gradient),
    shown(difference),
    allowed.toExponential(1),
  ]);
  return new CheckFailedError(
    `gradcheck: the gradient must be what differences in ${dtype} say; got ${wrong.length} of ${count} that are not. Compare the rows with the derivative on paper; beside a corner, as that of a relu, move the input.\n\n${textTable([head, ...cells])}`,
  );
}

const shown = (x: number) => String(Number(x.toPrecision(6)));

/** In ±[0.5, 1): no element of the result counts for nothing. What f32 holds exactly. */
function drawn(key: Key, length: number): Float64Array {
  return uniform(key, 0, length).map((x) => (x < 0.5 ? x - 1 : x));
}
