import { describe, expect, it } from "vitest";
import type { ReferenceTensor } from "../../../src/devices/reference/kernel.ts";
import { arithmetic } from "../../../src/ops/arithmetic.ts";
import type { Emit, Value } from "../../../src/ops/op.ts";
import { ops } from "../../../src/ops/table.ts";
import type { ByInput, OpName } from "../../../src/ops/vocabulary.ts";
import type { Case } from "../../cases/case.ts";
import { caseTable, verbTable } from "../../cases/index.ts";
import { softmaxCases } from "../../cases/softmax.ts";
import {
  type ByName,
  caseInputs,
  drawTensor,
  flatten,
  keyFrom,
  mapInputs,
  referenceOutputs,
  relativeError,
} from "../../support/case-data.ts";
import { type AnyCase, computationOf, mapNames, outputsOf } from "../../support/computation.ts";
import { checkGradient, type GradientCheck, type Moved } from "../../support/differences.ts";
import { Eager, gradients, pullback } from "../../support/gradient.ts";

const names = Object.keys(ops) as OpName[]; // Object.keys forgets the names of the keys

function expectAgreement(title: string, { differences }: GradientCheck): void {
  for (const { input, expected, actual, bound } of differences) {
    const error = Math.abs(expected - actual);
    expect(
      error <= bound,
      `${title}: along ${input} differences give ${expected}, the vjp ${actual}; bound ${bound}`,
    ).toBe(true);
  }
}

/** Through all outputs together, and through each alone where there are several. Returns how much was compared. */
function checkCase(name: string, of: AnyCase): number {
  const computation = computationOf(name, of);
  const outputs = Object.entries(outputsOf(computation))
    .filter(([, held]) => flatten(held).some(({ type }) => type.dtype === "f32"))
    .map(([output]) => output);
  const alone = outputs.length > 1 ? outputs : [];
  const moved: Moved = new Map();
  const all = checkGradient(computation, () => true, moved);
  expectAgreement(`${name}, ${of.name}`, all);
  for (const output of alone) {
    const check = checkGradient(computation, (own) => own === output, moved);
    expectAgreement(`${name}, ${of.name}, through ${output}`, check);
  }
  return all.differences.length;
}

const allCases: Readonly<Record<string, readonly AnyCase[]>> = { ...caseTable, ...verbTable };
const hasOwnRule = (name: string) => name === "stopGradient" || name === "withGradient";

describe("the gradient of every op agrees with central differences in float64", () => {
  for (const [op, cases] of Object.entries(allCases)) {
    if (hasOwnRule(op)) continue;
    // A test for each case: together those of a recurrent op take seconds.
    const checked = cases.filter(({ checkGradient }) => checkGradient !== false);
    it.each(checked.map((of) => [of.name, of] as const))(
      `${op}, for every f32 input: %s`,
      (_, of) => {
        checkCase(op, of);
      },
    );
  }

  it("compares something for every op that takes and gives f32", () => {
    const compared = names.filter((op) => {
      if (hasOwnRule(op)) return false;
      const cases: readonly Case<OpName>[] = caseTable[op];
      const of = cases.find((candidate) => candidate.checkGradient !== false);
      return of !== undefined && checkCase(op, of) > 0;
    });
    const without = names.filter((op) => !compared.includes(op));
    expect(without.sort()).toEqual(
      ["argmax", "argsort", "iota", "literal", "stopGradient", "uniform", "withGradient"].sort(),
    );
  });
});

describe("ops without a gradient", () => {
  it("stopGradient lets none through", () => {
    const [of] = caseTable.stopGradient;
    const { differences } = checkGradient(computationOf("stopGradient", of));
    expect(differences.length).toBeGreaterThan(0);
    for (const { actual } of differences) expect(actual).toBe(0);
  });

  it("withGradient has that of its rule, whatever the value was computed from", () => {
    const session = new Eager();
    const m = arithmetic(session.emit);
    const leaf = session.leaf(drawTensor({ dtype: "f32", shape: [3] }, keyFrom("x")));
    const rule = { name: "thrice", gradient: (_: Emit, __: Value, g: Value) => [m.mul(g, 3)] };
    const { out } = session.emit("withGradient", { x: m.unary("exp", leaf), of: [leaf] }, { rule });
    const [gradient] = gradients(session, [[m.sum(out, [0]), m.literal(1)]], [leaf]);
    expect(gradient && [...session.tensor(gradient).data]).toEqual([3, 3, 3]);
  });

  it("argmax, argsort and uniform say why", () => {
    const session = new Eager();
    for (const op of ["argmax", "argsort", "uniform"] as const) {
      const [of] = caseTable[op];
      const cotangents = pullback(session, { op, ins: {}, outs: {}, attrs: of.attrs }, {});
      for (const cotangent of Object.values(cotangents)) {
        expect(cotangent).toEqual({ notDifferentiable: expect.stringMatching(/\w+ \w+/) });
      }
    }
  });
});

/** Long sums in another order: √n · ε with n up to 20,000 is 3·10⁻¹⁴, and what follows them may grow it. */
const COMPOSITE_TOLERANCE = 1e-12;

function checkComposite<K extends OpName>(op: K, of: Case<K>): void {
  const { composite } = ops[op];
  if (composite === undefined) return;
  const session = new Eager();
  const leaves = mapInputs<K, ReferenceTensor, Value>(caseInputs(op, of), (tensor) =>
    session.leaf(tensor),
  );
  const actual = composite(session.emit, leaves as ByInput<K, Value>, of.attrs, session.loop);
  const expected = referenceOutputs(op, of) as unknown as ByName<ReferenceTensor>;
  for (const [name, held] of Object.entries(actual as unknown as ByName<Value>)) {
    const tensors = flatten(expected[name]);
    flatten(held).forEach((value, i) => {
      const title = `${op}, ${of.name}: ${name}`;
      expect(value.type, title).toEqual(tensors[i]?.type);
      const error = relativeError(session.tensor(value).data, tensors[i]?.data ?? []);
      expect(error, title).toBeLessThanOrEqual(COMPOSITE_TOLERANCE);
    });
  }
}

/** Where the reference has no kernel it evaluates the composite itself, in a loop of its own: see cells.test.ts for equations. */
describe("a composite means the same as its op", () => {
  for (const op of names.filter((name) => ops[name].composite !== undefined)) {
    it(`${op}: for every case`, () => {
      const cases: readonly Case<OpName>[] = caseTable[op];
      for (const of of cases) checkComposite(op, of);
    });
  }
});

describe("second derivatives", () => {
  /** f(x) = Σ w · op(x), then d/dx Σ v · ∂f/∂x by both ways. */
  function secondDerivative(op: string, of: AnyCase, input: string): void {
    const computation = computationOf(op, of);
    const { ins } = computation;
    const [x] = flatten(ins[input]);
    if (x === undefined) throw new Error(`${op} has no input ${input}`);
    const v = drawTensor(x.type, keyFrom(`${op} v`));
    const direction = drawTensor(x.type, keyFrom(`${op} direction`));

    /** Σ v · ∂f/∂x at x + step · direction, and its own gradient where that is asked for. */
    const slope = (step: number) => {
      const session = new Eager();
      const m = arithmetic(session.emit);
      const moved = Float64Array.from(
        x.data,
        (value, i) => value + step * (direction.data[i] ?? 0),
      );
      const leaf = session.leaf({ type: x.type, data: moved });
      const leaves = mapNames(ins, (tensor) => (tensor === x ? leaf : session.leaf(tensor)));
      const outs = computation.run(session.emit, leaves);
      const [out] = Object.values(outs).flatMap((held) => flatten(held));
      if (out === undefined) throw new Error(`${op} has no output`);
      const total = (value: Value) => m.sum(value, [...value.type.shape.keys()]);
      const loss = total(m.mul(out, session.leaf(drawTensor(out.type, keyFrom(`${op} w`)))));
      const [first] = gradients(session, [[loss, m.literal(1)]], [leaf]);
      const inner = first === undefined ? m.literal(0) : total(m.mul(first, session.leaf(v)));
      const value = session.tensor(inner).data[0] ?? 0;
      return {
        value,
        gradient: () => {
          const [second] = gradients(session, [[inner, m.literal(1)]], [leaf]);
          return second && session.tensor(second).data;
        },
      };
    };

    const step = 1e-5;
    const expected = (slope(step).value - slope(-step).value) / (2 * step);
    const gradient = Float64Array.from(slope(0).gradient() ?? []);
    const actual = gradient.reduce((sum, g, i) => sum + g * (direction.data[i] ?? 0), 0);
    const size = Math.sqrt(gradient.reduce((sum, g) => sum + g * g, 0));
    expect(size, `${op}: the second derivative vanishes`).toBeGreaterThan(0);
    // The bound of test/support/differences.ts, for the gradient in place of the loss.
    const bound = 1e-6 * size + 1e-9;
    expect(Math.abs(expected - actual), `${op}: ${expected}, ${actual}`).toBeLessThanOrEqual(bound);
  }

  const smooth = ["exp", "log", "sqrt", "reciprocal", "square", "sin", "cos", "tanh"] as const;
  const rest = ["sigmoid", "gelu", "erf", "softplus"] as const;
  it.each([...smooth, ...rest])("%s", (fn) => {
    const ins = { x: { shape: [7, 5], range: [0.3, 2] as const } };
    secondDerivative("unary", { name: fn, ins, attrs: { fn } }, "x");
  });

  it.each(["div", "pow"] as const)("%s, with broadcasting", (fn) => {
    const range = [0.5, 2] as const;
    const ins = { a: { shape: [7, 5], range }, b: { shape: [5], range } };
    secondDerivative("binary", { name: fn, ins, attrs: { fn } }, "b");
  });

  it("softmax, logSoftmax, crossEntropy", () => {
    secondDerivative("softmax", softmaxCases.softmax[0], "x");
    secondDerivative("logSoftmax", softmaxCases.logSoftmax[0], "x");
    secondDerivative("crossEntropy", softmaxCases.crossEntropy[0], "logits");
  });

  it.each(["lstm", "gru", "peepholeLstm", "resetBeforeGru"])(
    "%s, through the composite of its gradient",
    (name) => {
      const of = caseTable.recurrence.find(
        (one) => one.name === `${name} of 8 units, whole vectors`,
      );
      if (of === undefined) return expect.unreachable(`there is no case of ${name}`);
      secondDerivative("recurrence", of, "projected");
      secondDerivative("recurrence", of, "recurrent");
    },
  );
});
