/** An op's vjp against central differences of the float64 reference. Free of the test runner. */
import type { ReferenceTensor } from "../../src/devices/reference/kernel.ts";
import { type ByName, drawTensor, flatten, keyFrom, mapHeld } from "./case-data.ts";
import { type Computation, leavesOf, mapNames, outputsOf, pullBack } from "./computation.ts";
import { Eager } from "./gradient.ts";

/** Half the distance between the two points of a difference. */
const STEP = 1e-5;
/** Tensors up to this many elements are checked element by element, larger ones along random directions. */
const SMALL = 12;
const DIRECTIONS = 3;

/**
 * The bound on |difference − ⟨gradient, direction⟩|. The directions have entries ±1, for which the expected inner
 * product with a wrong gradient's error e is ‖e‖. The difference itself is wrong by STEP²/6 of the third derivative,
 * 10⁻¹⁰ where that is as large as the first, and by the rounding of the loss, ε ‖u‖ ‖out‖ / STEP, 10⁻¹¹ ‖u‖ ‖out‖. The
 * bounds leave four and one orders of magnitude to functions that bend more and to sums that round more.
 */
const RELATIVE = 1e-6;
const ROUNDING = 1e-10;

/** One input's gradient along one direction, by both ways. */
export interface Difference {
  readonly input: string;
  readonly expected: number;
  readonly actual: number;
  readonly bound: number;
}
export interface GradientCheck {
  readonly differences: readonly Difference[];
  /** Why f32 inputs have no gradient. */
  readonly reasons: readonly string[];
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
};
const norm = (a: ArrayLike<number>): number => Math.sqrt(dot(a, a));

/** Directions to go from `x`: along each axis, or by ±1 along all. */
function directions(x: ReferenceTensor, name: string): Float64Array[] {
  const length = x.data.length;
  if (length <= SMALL) {
    return Array.from({ length }, (_, i) => new Float64Array(length).fill(1, i, i + 1));
  }
  return Array.from({ length: DIRECTIONS }, (_, k) => {
    const signs = drawTensor({ dtype: "i32", shape: [length] }, keyFrom(`${name} ${k}`), [0, 2]);
    return Float64Array.from(signs.data, (bit) => (bit === 0 ? -1 : 1));
  });
}

/** What the op gives where an input has moved, by input, direction and step. */
export type Moved = Map<string, ByName<ReferenceTensor>>;

/**
 * Checks the gradient of Σ uₒ · outₒ over the f32 outputs in `through`, u random, for every f32 input. Checks of the same
 * case may share `moved`: outputs do not depend on what they are weighted by.
 */
export function checkGradient(
  computation: Computation,
  through: (output: string) => boolean = () => true,
  moved: Moved = new Map(),
): GradientCheck {
  const session = new Eager();
  const { name: op, ins: tensors } = computation;
  const leaves = leavesOf(session, tensors);
  const outs = computation.run(session.emit, leaves);
  const weights = mapNames(outs, ({ type }, name, i) =>
    type.dtype === "f32" && through(name)
      ? session.leaf(drawTensor(type, keyFrom(`${op} ${name} ${i}`)))
      : undefined,
  );
  const weightOf = (name: string, i: number) => {
    const weight = flatten(weights[name])[i];
    return weight && session.tensor(weight).data;
  };
  if (!Object.values(weights).some((held) => flatten(held).some(Boolean))) {
    return { differences: [], reasons: [] };
  }

  let roundingScale = 0;
  const loss = (values: ByName<ReferenceTensor>): number => {
    let sum = 0;
    roundingScale = 0;
    for (const [name, held] of Object.entries(values)) {
      flatten(held).forEach(({ data }, i) => {
        const weight = weightOf(name, i);
        if (weight === undefined) return;
        sum += dot(weight, data);
        roundingScale += norm(weight) * norm(data);
      });
    }
    return sum;
  };

  const pulled = pullBack(session, leaves, outs, weights);
  const differences: Difference[] = [];
  const reasons: string[] = [];
  for (const [name, held] of Object.entries(tensors)) {
    flatten(held).forEach((x, i) => {
      if (x.type.dtype !== "f32") return;
      const cotangent = flatten(pulled[name])[i];
      if (cotangent !== undefined && "notDifferentiable" in cotangent) {
        reasons.push(cotangent.notDifferentiable);
        return;
      }
      if (cotangent !== undefined && cotangent.type.shape.join() !== x.type.shape.join()) {
        throw new Error(`${op}: the gradient of ${name} has shape [${cotangent.type.shape}]`);
      }
      const gradient = cotangent ? session.tensor(cotangent).data : new Float64Array(x.data.length);
      const compute = (direction: Float64Array, step: number) => {
        const data = Float64Array.from(x.data, (value, j) => value + step * (direction[j] ?? 0));
        const replace = (old: ReferenceTensor, j: number) =>
          j === i ? { type: x.type, data } : old;
        return outputsOf(computation, { ...tensors, [name]: mapHeld(held, replace) });
      };
      for (const [k, direction] of directions(x, `${op} ${name} ${i}`).entries()) {
        const at = (step: number) => {
          const key = `${name} ${i} ${k} ${step}`;
          const values = moved.get(key) ?? compute(direction, step);
          moved.set(key, values);
          return loss(values);
        };
        const actual = dot(gradient, direction);
        const expected = (at(STEP) - at(-STEP)) / (2 * STEP);
        const bound = RELATIVE * norm(gradient) + ROUNDING * roundingScale;
        differences.push({ input: name, expected, actual, bound });
      }
    });
  }
  return { differences, reasons };
}
