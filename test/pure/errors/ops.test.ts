/** What ops and cells say of types and options that do not fit: given, expected, what to do. */
import { bodyOfCell } from "../../../src/graph/cell-body.ts";
import { traceStep } from "../../../src/graph/cell-step.ts";
import { type CellMath, cell } from "../../../src/ops/cells/cell.ts";
import { rnn } from "../../../src/ops/cells/index.ts";
import { type ErrorRow, holdTexts } from "../../support/error-rows.ts";
import { f32, infer, of } from "../ops/infer.ts";

const asAny = (given: unknown) => given as never;
const pool = {
  window: [2, 2],
  stride: [2, 2],
  padding: [
    [0, 0],
    [0, 0],
  ],
} as const;
const body = bodyOfCell(rnn.tanh);
const described = { name: "mine", states: ["h"], sums: ["a"], step: () => ({}) };
const wrongStep = (given: unknown) => traceStep(cell(asAny({ ...described, step: () => given })));

const rows: readonly ErrorRow[] = [
  [
    "embedding: table must have 2 dimensions; got f32[5]. It is [V, D], a row of D features for each id.",
    () => infer("embedding", { table: f32(5), ids: of("i32", 4) }, {}),
  ],
  [
    "embeddingGrad: g must have shape [4, 3]; got f32[5, 3]. It has a row of D features for each id.",
    () => infer("embeddingGrad", { ids: of("i32", 4), g: f32(5, 3) }, { rows: 7 }),
  ],
  [
    "argsort: x must have 2 dimensions; got f32[3]. It is [rows, elements of a row].",
    () => infer("argsort", { x: f32(3) }, asAny({ descending: false })),
  ],
  [
    "maxPool2dGather: index must have shape [1, 2, 2, 1]; got i32[1, 3, 2, 1]. It is the second output of maxPool2d.",
    () => infer("maxPool2dGather", { x: f32(1, 4, 4, 1), index: of("i32", 1, 3, 2, 1) }, pool),
  ],
  [
    "iota: length must be at most 2^24 for f32, which counts no further; got length 16777217. Choose another length.",
    () => infer("iota", {}, { length: 2 ** 24 + 1, dtype: "f32" }),
  ],
  [
    "pack: there must be tensors of one dtype; got f32[2], i32[3]. Pack those of each dtype apart.",
    () => infer("pack", { xs: [f32(2), of("i32", 3)] }, {}),
  ],
  [
    "attention: q, k and v must be [..., Tq, D], [..., Tk, D] and [..., Tk, E], with at least one key; got f32[1, 2, 3], f32[1, 0, 3], f32[1, 0, 3]. Queries and keys have as many features, keys and values as many steps.",
    () =>
      infer(
        "attention",
        asAny({ q: f32(1, 2, 3), k: f32(1, 0, 3), v: f32(1, 0, 3), mask: undefined }),
        asAny({ scale: 1, causal: false }),
      ),
  ],
  [
    "scan: carry must be what the body takes: f32[2]; got f32[3]. xs are [steps, ...], a step's slice behind the first dimension.",
    () =>
      infer(
        "scan",
        { carry: [f32(3)], xs: [], captured: [] },
        asAny({ body: { types: { carry: [f32(2)], xs: [], captured: [], ys: [] } }, steps: 1 }),
      ),
  ],
  [
    "scan: steps must be whole, 0 or more; got steps -1. Choose another steps.",
    () => infer("scan", { carry: [], xs: [], captured: [] }, asAny({ body: {}, steps: -1 })),
  ],
  [
    "rnn: projected must have 4 dimensions; got f32[9, 2, 7]. It is [T, B, U, inputs]: step, sequence, unit, input.",
    () =>
      infer(
        "recurrence",
        {
          projected: f32(9, 2, 7),
          recurrent: f32(7, 7, 1),
          vectors: [],
          initial: [f32(2, 7)],
          lengths: undefined,
        },
        { cell: body, reverse: false, flow: false },
      ),
  ],
  [
    "the gradient of rnn: a gradient of states must have shape [9, 2, 7]; got f32[8, 2, 7]. It comes from the forward pass over the same sequence.",
    () =>
      infer(
        "recurrenceGrad",
        {
          recurrent: f32(7, 7, 1),
          vectors: [],
          states: [f32(10, 2, 7)],
          tape: undefined,
          gStates: [f32(8, 2, 7)],
          lengths: undefined,
        },
        asAny({ cell: body, reverse: false, flow: false, watched: [0] }),
      ),
  ],
  [
    "mine: between must be a record; got 3. Give { sums, of }.",
    () => cell(asAny({ ...described, between: 3 })),
  ],
  [
    "mine: of must be a function; got 3. It is a function (m, x, before, vectors) => value.",
    () => cell(asAny({ ...described, between: { sums: ["b"], of: 3 } })),
  ],
  [
    "mine: a step must give an f32 value for h; got undefined. Compute it with the functions that the step is handed, and return { h }.",
    () => wrongStep({}),
  ],
  [
    "mine: a step must give an f32 value for h; got string. Compute it with the functions that the step is handed, and return { h }.",
    () => wrongStep({ h: "tanh" }),
  ],
  [
    "mine: what a step gives must be a record; got undefined. Return { h }.",
    () => wrongStep(undefined),
  ],
  ['mine: what a step gives must be of h; got "c". Return { h }.', () => wrongStep({ h: 0, c: 1 })],
  [
    "mine: what a step computes with must be a number or a value that the step has; got undefined. Name what it reads in states, inputs, sums or vectors.",
    () =>
      traceStep(
        cell({
          ...described,
          step: (m: CellMath, x: object) => ({ h: m.tanh(asAny(Reflect.get(x, "b"))) }),
        }),
      ),
  ],
  [
    'mine: a part of the description must be one of name, states, inputs, sums, between, vectors, step; got "vector". Leave it out.',
    () => cell(asAny({ ...described, vector: ["p"] })),
  ],
  [
    'mine: a cell must have inputs; got none. Name the columns of x·W + b: ["candidate"].',
    () => cell(asAny({ ...described, inputs: [] })),
  ],
  [
    'mine: a cell must have sums in between; got none. Name the second product: ["candidate"].',
    () => cell(asAny({ ...described, between: { sums: [], of: () => 0 } })),
  ],
];

holdTexts(rows);
