/** Softmax, its logarithm, and cross-entropy from logits. */
import { ShapeError } from "../errors.ts";
import { arithmetic } from "../ops/arithmetic.ts";
import { checkDType, complaint, listTypes } from "../ops/check.ts";
import type { GradientRule } from "../ops/gradient-rule.ts";
import type { Tensor } from "../runtime/tensor.ts";
import { apply } from "./apply.ts";
import { wholeAxis } from "./axes.ts";
import { arange } from "./creation.ts";
import { equal, exp, greaterEqual, less, log, mul, reciprocal, sub, where } from "./elementwise.ts";
import { checkLabels } from "./labels.ts";
import { reshape, stopGradient, unsqueeze } from "./movement.ts";
import { max, sum } from "./reduce.ts";

/**
 * exp(x) / Σ exp(x) over `axis`, the last one where nothing is said. f32, of x's shape; it does not overflow.
 * @throws ArgumentError for an axis that x does not have; DTypeError unless x is f32; ShapeError of nothing
 */
export function softmax(x: Tensor, axis = -1): Tensor {
  const row = rowOf("softmax", "x", x, axis);
  const terms = exp(shifted(x, row));
  // One division a row. The sum is between 1 and C, so its reciprocal is a normal number.
  const out = mul(terms, reciprocal(sum(terms, row)));
  return apply("withGradient", { x: out, of: [x] }, { rule: softmaxRule(row.axis) });
}

/** With s = softmax(x): gX = s ∘ (g − Σ g ∘ s). Nothing but s is kept for it. */
function softmaxRule(axis: number): GradientRule {
  return {
    name: `softmax ${axis}`,
    gradient(emit, s, g) {
      const m = arithmetic(emit);
      return [m.mul(s, m.sub(g, m.sum(m.mul(g, s), [axis], true)))];
    },
  };
}

/**
 * log(softmax(x)), without losing small probabilities. f32, of x's shape; the axis is the last one where nothing is
 * said.
 * @throws ArgumentError for an axis that x does not have; DTypeError unless x is f32; ShapeError of nothing
 */
export function logSoftmax(x: Tensor, axis = -1): Tensor {
  const row = rowOf("logSoftmax", "x", x, axis);
  const z = shifted(x, row);
  return sub(z, log(sum(exp(z), row)));
}

/**
 * −log softmax(logits)[label] for every row. logits f32[..., C], labels i32[...] → f32[...].
 * A negative label ignores its row: its loss is 0 and so is its gradient. A label of C and more, which is a mistake that
 * a device cannot throw, makes both NaN.
 * @throws ShapeError where there is not one label a row; DTypeError unless logits are f32 and labels i32; ArgumentError
 *   for what is no tensor
 */
export function crossEntropyLoss(logits: Tensor, labels: Tensor): Tensor {
  checkLabels("crossEntropyLoss", logits, labels);
  const row = rowOf("crossEntropyLoss", "logits", logits, -1);
  checkDType("crossEntropyLoss", "labels", labels.type, ["i32"]);
  const classes = logits.shape[row.axis] ?? 0;
  const label = unsqueeze(labels, -1);
  const isCounted = greaterEqual(label, 0);
  // What is ignored has no gradient, whatever it is.
  const z = where(isCounted, shifted(logits, row), 0);
  // As a difference of logarithms, the digits of a small loss stay.
  const own = sum(where(equal(label, arange(classes)), z, 0), row);
  const loss = sub(log(sum(exp(z), row)), own);
  // A factor, so that the gradient is NaN as well; look-ups.ts finds the limit here.
  const isClass = where(less(label, classes), 1, Number.NaN);
  return reshape(where(isCounted, mul(loss, isClass), 0), labels.shape);
}

interface Row {
  readonly axis: number;
  readonly keepDims: true;
}

/** What a row is that has elements of its own. @throws ArgumentError, DTypeError or ShapeError of the caller */
function rowOf(caller: string, name: string, x: Tensor, axis: number): Row {
  const d = wholeAxis(caller, axis, x);
  checkDType(caller, name, x.type, ["f32"]);
  if ((x.shape[d] ?? 0) >= 1) return { axis: d, keepDims: true };
  const isLast = d === x.shape.length - 1;
  const rule = `${name} must have a ${isLast ? "last dimension" : `dimension ${d}`} of 1 or more`;
  const remedy = `It is taken over ${isLast ? "the last dimension" : `dimension ${d}`}.`;
  throw new ShapeError(complaint(caller, rule, listTypes({ [name]: x.type }), remedy));
}

/** x minus its row's maximum, so that nothing overflows. The shift changes no result, so no gradient passes through it. */
function shifted(x: Tensor, row: Row): Tensor {
  return sub(x, stopGradient(max(x, row)));
}
