import { closeOver, standIn } from "../../src/graph/close-over.ts";
import { emit, type GraphValue, type SourceNode } from "../../src/graph/graph.ts";
import { type Arithmetic, arithmetic } from "../../src/ops/arithmetic.ts";
import type { Value } from "../../src/ops/op.ts";
import type { StepInputs, StepOutputs } from "../../src/ops/step-body.ts";
import type { Case, CaseTable, InputSpec } from "./case.ts";
import { each } from "./each.ts";

/** A scan by its cell. Shapes of xs are those of a step's slice: they get `steps` in front. */
interface Loop extends StepInputs<InputSpec> {
  readonly name: string;
  readonly steps: number;
  readonly reverse?: true;
  cell(m: Arithmetic, at: StepInputs<Value>): StepOutputs<Value>;
}

const m = arithmetic(emit);
const typeOf = ({ dtype = "f32", shape }: InputSpec) => ({ dtype, shape });

function caseOf({ name, steps, reverse = false as never, cell, ...given }: Loop): Case<"scan"> {
  const sources = (of: readonly InputSpec[]) => of.map((spec, i) => standIn(`${i}`, typeOf(spec)));
  const [carry, xs, outer] = [sources(given.carry), sources(given.xs), sources(given.captured)];
  const values = (of: readonly SourceNode[]) => of.map(({ out }) => out);
  // What the arithmetic gives was emitted here.
  const step = cell(m, {
    carry: values(carry),
    xs: values(xs),
    captured: values(outer),
  }) as StepOutputs<GraphValue>;
  const { body, captured } = closeOver(carry, xs, step);
  const specOf = (value: GraphValue): InputSpec => {
    const i = values(outer).indexOf(value);
    // A value that the cell computes from captured ones alone is captured itself.
    return given.captured[i] ?? { shape: value.type.shape, dtype: value.type.dtype };
  };
  return {
    name: `scan ${name}`,
    ins: {
      carry: given.carry,
      xs: given.xs.map((spec) => ({ ...spec, shape: [steps, ...spec.shape] })),
      captured: captured.map(specOf),
    },
    attrs: { body, steps, reverse },
  };
}

const product = (a: Value, b: Value): Value =>
  emit("matmul", { a, b }, { transposeA: false, transposeB: false }).out;

/** Lists of a cell's values, which the cell itself knows the length of. */
const at = (list: readonly Value[], i: number): Value => {
  const value = list[i];
  if (value === undefined) throw new Error(`a cell reads value ${i} of ${list.length}`);
  return value;
};

/** h' = tanh(x·W + h·U + b), y = h'. Elman 1990. */
const simple: Loop["cell"] = (a, { carry, xs, captured }) => {
  const fromInput = product(at(xs, 0), at(captured, 0));
  const fromState = product(at(carry, 0), at(captured, 1));
  const h = a.unary("tanh", a.add(a.add(fromInput, fromState), at(captured, 2)));
  return { next: [h], ys: [h] };
};

const simpleShapes = (batch: number, inputs: number, units: number): StepInputs<InputSpec> => ({
  carry: [{ shape: [batch, units] }],
  xs: [{ shape: [batch, inputs] }],
  captured: [{ shape: [inputs, units] }, { shape: [units, units] }, { shape: [units] }],
});

const loops: readonly [Loop, ...Loop[]] = [
  {
    name: "of a decay over 5 steps",
    ...{ steps: 5, carry: [{ shape: [7] }], xs: [{ shape: [7] }], captured: [] },
    cell(a, { carry, xs }) {
      const next = a.add(a.mul(0.5, at(carry, 0)), at(xs, 0));
      return { next: [next], ys: [a.unary("square", next)] };
    },
  },
  { name: "of a simple cell over 9 steps", steps: 9, ...simpleShapes(3, 5, 7), cell: simple },
  { name: "of a simple cell, whole vectors", steps: 6, ...simpleShapes(4, 8, 16), cell: simple },
  { name: "of one step", steps: 1, ...simpleShapes(2, 3, 4), cell: simple },
  {
    name: "of no step at all gives back the carry",
    steps: 0,
    ...simpleShapes(2, 3, 4),
    cell: simple,
  },
  {
    name: "from the last step to the first",
    steps: 4,
    reverse: true,
    ...simpleShapes(2, 3, 4),
    cell: simple,
  },
  {
    name: "of two carries that change places, of which one is a result as it was",
    ...{ steps: 5, carry: [{ shape: [3] }, { shape: [3] }], xs: [{ shape: [] }], captured: [] },
    cell(a, { carry, xs }) {
      const [first, second] = [at(carry, 0), at(carry, 1)];
      return { next: [second, a.mul(a.add(first, at(xs, 0)), second)], ys: [first, second] };
    },
  },
  {
    name: "without sequences, with a counter of whole numbers",
    steps: 4,
    carry: [{ shape: [2, 3] }, { shape: [], dtype: "i32", range: [1, 4] }],
    ...{ xs: [], captured: [] },
    cell(a, { carry }) {
      const [x, count] = [at(carry, 0), at(carry, 1)];
      const next = a.mul(x, a.unary("sin", a.cast(count, "f32")));
      return { next: [next, a.add(count, a.literal(1, "i32"))], ys: [count, next] };
    },
  },
  {
    name: "over ids, with a table that is captured",
    steps: 6,
    carry: [{ shape: [2, 3] }],
    xs: [{ shape: [2], dtype: "i32", range: [0, 5] }],
    captured: [{ shape: [5, 3] }],
    cell(a, { carry, xs, captured }) {
      const row = emit("embedding", { table: at(captured, 0), ids: at(xs, 0) }, {}).out;
      const next = a.unary("sigmoid", a.add(a.mul(at(carry, 0), row), row));
      return { next: [next], ys: [a.sum(next, [1])] };
    },
  },
  {
    name: "whose results are what it was given",
    ...{ steps: 3, carry: [{ shape: [5] }], xs: [{ shape: [5] }], captured: [{ shape: [2] }] },
    cell: (a, { carry, xs, captured }) => ({
      next: [at(xs, 0)],
      ys: [
        at(captured, 0),
        at(xs, 0),
        a.mul(at(carry, 0), at(xs, 0)),
        a.reshape(at(carry, 0), [5, 1]),
      ],
    }),
  },
  {
    name: "whose carry becomes what is captured",
    ...{ steps: 2, carry: [{ shape: [65] }], xs: [], captured: [{ shape: [65] }] },
    cell: (a, { carry, captured }) => ({
      next: [at(captured, 0)],
      ys: [a.mul(at(carry, 0), at(captured, 0))],
    }),
  },
  {
    name: "of tensors without elements beside others",
    ...{
      steps: 3,
      carry: [{ shape: [0, 4] }, { shape: [2] }],
      xs: [{ shape: [0, 4] }],
      captured: [],
    },
    cell(a, { carry, xs }) {
      const none = a.add(at(carry, 0), at(xs, 0));
      return { next: [none, a.mul(at(carry, 1), 0.5)], ys: [none] };
    },
  },
  // Parts of 64 elements begin where a GPU's bindings may: they are read and written where they lie.
  { name: "of a simple cell, whole lines", steps: 6, ...simpleShapes(8, 8, 8), cell: simple },
  {
    name: "from the last step to the first, whole lines",
    steps: 5,
    reverse: true,
    ...simpleShapes(8, 8, 8),
    cell: simple,
  },
  {
    name: "of carries as they were, beside parts that are no whole lines",
    steps: 4,
    carry: [{ shape: [64] }, { shape: [64] }],
    xs: [{ shape: [64] }, { shape: [] }],
    captured: [],
    cell(a, { carry, xs }) {
      const [first, second] = [at(carry, 0), at(carry, 1)];
      const next = a.add(a.mul(first, at(xs, 1)), a.unary("sin", at(xs, 0)));
      const other = a.mul(a.add(second, first), 0.5);
      return { next: [next, other], ys: [first, a.sum(next, [0]), other, next] };
    },
  },
  {
    name: "of a carry as it was, from the last step to the first",
    steps: 3,
    reverse: true,
    ...{ carry: [{ shape: [64] }], xs: [{ shape: [64] }], captured: [] },
    cell(a, { carry, xs }) {
      return { next: [a.add(a.mul(at(carry, 0), 0.5), at(xs, 0))], ys: [at(carry, 0)] };
    },
  },
  {
    name: "of scans",
    ...{ steps: 3, carry: [{ shape: [4] }], xs: [{ shape: [2, 4] }], captured: [{ shape: [4] }] },
    cell(a, { carry, xs, captured }) {
      const inner = {
        carry: [standIn("inner", { dtype: "f32", shape: [4] })],
        xs: [standIn("slice", { dtype: "f32", shape: [4] })],
      };
      const [state, x] = [inner.carry[0]?.out, inner.xs[0]?.out] as [GraphValue, GraphValue];
      const next = a.unary("tanh", a.add(a.mul(state, at(captured, 0)), x)) as GraphValue;
      const closed = closeOver(inner.carry, inner.xs, { next: [next], ys: [next] });
      const outs = emit(
        "scan",
        { carry: [at(carry, 0)], xs: [at(xs, 0)], captured: closed.captured },
        { body: closed.body, steps: 2, reverse: false },
      );
      return { next: [at(outs.carry, 0)], ys: [a.sum(at(outs.ys, 0), [0])] };
    },
  },
];

export const scanCases = {
  scan: each<Loop, Case<"scan">>(loops, caseOf),
} satisfies Pick<CaseTable, "scan">;
