/** An op's vjp against central differences of the float64 reference. Free of the test runner. */
import type { ReferenceTensor } from "../../src/devices/reference/kernel.ts";
import { directions, dot, moved as gone, norm, RULES } from "../../src/testing/differences.ts";
import { type ByName, drawTensor, flatten, keyFrom, mapHeld } from "./case-data.ts";
import { type Computation, leavesOf, mapNames, outputsOf, pullBack } from "./computation.ts";
import { Eager } from "./gradient.ts";

const { step: STEP, relative: RELATIVE, rounding: ROUNDING } = RULES.f64;

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
        const data = gone(x.data, direction, step);
        const replace = (old: ReferenceTensor, j: number) =>
          j === i ? { type: x.type, data } : old;
        return outputsOf(computation, { ...tensors, [name]: mapHeld(held, replace) });
      };
      for (const [k, direction] of directions(
        x.data.length,
        keyFrom(`${op} ${name} ${i}`),
      ).entries()) {
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
