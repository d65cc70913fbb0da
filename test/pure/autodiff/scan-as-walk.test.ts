/** Steps of scans that are those of recurrent cells: they are walked, and mean the same. */
import { beforeEach, describe, expect, it } from "vitest";
import {
  acos,
  add,
  asin,
  asinh,
  atan,
  atanh,
  cast,
  concat,
  div,
  exp,
  expm1,
  gelu,
  greater,
  log1p,
  matmul,
  mean,
  mul,
  reshape,
  type ScanOptions,
  type Step,
  scan,
  sigmoid,
  slice,
  softmax,
  softplus,
  square,
  stopGradient,
  sub,
  sum,
  type Tensor,
  tan,
  tanh,
  tensor,
  transpose,
  type Variable,
  valueAndGrad,
  variable,
  where,
} from "../../../src/functions.ts";
import { bodyOf } from "../../../src/graph/body.ts";
import { reachable } from "../../../src/graph/graph.ts";
import { relativeError } from "../../support/case-data.ts";
import { evaluateTensors } from "../../support/evaluate-tensor.ts";
import { openCounting } from "../runtime/open.ts";

const [T, B, I, U] = [5, 3, 4, 6];

beforeEach(() => {
  openCounting();
});

let seed = 0;
/** Numbers in [-0.5, 0.5), others at every call. */
function numbers(length: number): Float32Array {
  seed += 1;
  return Float32Array.from(
    { length },
    (_, i) => ((Math.sin(12.9898 * (i + 1) + 78.233 * seed) * 43758.5453) % 1) / 2,
  );
}
const draw = (...shape: number[]) =>
  variable(numbers(shape.reduce((a, b) => a * b, 1)), shape, `v${seed}`);

type Carry = Readonly<Record<"h" | "c", Tensor>>;
type Names =
  | "w"
  | "r"
  | "b"
  | "p"
  | "k"
  | "x0"
  | "wr"
  | "wz"
  | "wn"
  | "br"
  | "bz"
  | "bn"
  | "rr"
  | "rz"
  | "rn"
  | "bh";
type Weights = Readonly<Record<Names, Tensor>>;
interface Trial {
  readonly weights: Readonly<Record<string, Variable>>;
  readonly states: readonly string[];
  step(
    carry: Carry,
    x: { readonly x: Tensor; readonly mask: Tensor },
    w: Weights,
  ): Step<Partial<Carry>, unknown>;
}

const part = (x: Tensor, g: number) => slice(x, [0, g * U], [B, U]);

const trials: Readonly<Record<string, () => Trial>> = {
  "an lstm with its gates side by side": () => ({
    weights: { w: draw(I, 4 * U), r: draw(U, 4 * U), b: draw(4 * U) },
    states: ["h", "c"],
    step({ h, c }, { x }, { w, r, b }) {
      const gates = add(add(matmul(x, w), matmul(h, r)), b);
      const [i, f, g, o] = [0, 1, 2, 3].map((k) => part(gates, k)) as [
        Tensor,
        Tensor,
        Tensor,
        Tensor,
      ];
      const next = add(mul(sigmoid(f), c), mul(sigmoid(i), tanh(g)));
      const y = mul(sigmoid(o), tanh(next));
      return { carry: { h: y, c: next }, y };
    },
  }),
  "a gru with a product for each gate": () => ({
    weights: {
      wr: draw(I, U),
      wz: draw(I, U),
      wn: draw(I, U),
      br: draw(U),
      bz: draw(U),
      bn: draw(U),
      rr: draw(U, U),
      rz: draw(U, U),
      rn: draw(U, U),
      bh: draw(U),
    },
    states: ["h"],
    step({ h }, { x }, { wr, wz, wn, br, bz, bn, rr, rz, rn, bh }) {
      const r = sigmoid(add(add(matmul(x, wr), br), matmul(h, rr)));
      const z = sigmoid(add(matmul(h, rz), add(matmul(x, wz), bz)));
      const n = tanh(add(add(matmul(x, wn), bn), mul(r, add(matmul(h, rn), bh))));
      const y = add(mul(sub(1, z), n), mul(z, h));
      return { carry: { h: y }, y: { y, before: h } };
    },
  }),
  "gates that lie innermost, of x itself": () => ({
    weights: { r: draw(U, U * 2), x0: draw(1, U) },
    states: ["h"],
    step({ h }, { x }, { r, x0 }) {
      const sums = reshape(matmul(h, r), [B, U, 2]);
      const at = (g: number) => reshape(slice(sums, [0, 0, g], [B, U, 1]), [B, U]);
      const one = slice(x, [0, 1], [B, 1]);
      const z = sigmoid(add(at(0), one));
      const y = add(mul(z, h), mul(sub(1, z), gelu(add(at(1), mul(one, x0)))));
      return { carry: { h: y }, y };
    },
  }),
  "two states that see each other, a mask, and weights that are stored transposed": () => ({
    weights: { w: draw(2 * U, I), r: draw(2 * U, U), p: draw(U), k: draw(B, U) },
    states: ["c", "h"],
    step({ c, h }, { x, mask }, { w, r, p, k }) {
      const sums = matmul(h, transpose(r, [1, 0]));
      const inputs = matmul(x, transpose(w, [1, 0]));
      const f = sigmoid(add(part(sums, 0), add(part(inputs, 0), mul(p, c))));
      const next = add(mul(f, c), mul(sub(1, f), tanh(add(part(inputs, 1), part(sums, 1)))));
      const y = div(mul(softplus(next), k), add(exp(h), 1));
      const live = greater(mask, 0);
      return { carry: { c: where(live, next, c), h: where(live, y, h) }, y: undefined };
    },
  }),
  "a step that gives more than it carries, with conditions that are the same at every step":
    () => ({
      weights: { w: draw(I, U), r: draw(U, U), p: draw(U), k: draw(B, U) },
      states: ["h"],
      step({ h }, { x }, { w, r, p, k }) {
        const sums = matmul(x, w);
        const z = sigmoid(add(matmul(h, r), sums));
        const isKept = cast(greater(p, 0), "f32");
        const y = where(greater(k, 0.1), add(mul(z, h), tanh(sums)), mul(isKept, z));
        return { carry: { h: y }, y: { z, sums, constant: mul(p, k) } };
      },
    }),
  "units that do not see each other": () => ({
    weights: { w: draw(I, 2 * U) },
    states: ["h"],
    step({ h }, { x }, { w }) {
      const both = matmul(x, w);
      const z = sigmoid(part(both, 0));
      const y = add(mul(sub(1, z), h), mul(z, part(both, 1)));
      return { carry: { h: y }, y };
    },
  }),
};

/** Step after step, without a scan. */
function unrolled(trial: Trial, carry: Carry, x: Tensor, mask: Tensor, reverse: boolean) {
  let state: Carry = carry;
  const ys: unknown[] = new Array(T);
  for (let i = 0; i < T; i++) {
    const t = reverse ? T - 1 - i : i;
    const own = {
      x: reshape(slice(x, [t, 0, 0], [1, B, I]), [B, I]),
      mask: reshape(slice(mask, [t, 0, 0], [1, B, 1]), [B, 1]),
    };
    const step = trial.step(state, own, trial.weights as Weights);
    state = step.carry as Carry;
    ys[t] = step.y;
  }
  return { carry: state, ys };
}

const tensorsOf = (y: unknown): Tensor[] =>
  y === undefined ? [] : "shape" in (y as object) ? [y as Tensor] : Object.values(y as object);

/** A number that hangs on everything, each element in another way. */
function lossOf(tensors: readonly Tensor[]): Tensor {
  return tensors
    .map((x, k) => {
      const weights = tensor(
        Float32Array.from({ length: x.size }, (_, i) => Math.cos(i + k)),
        x.shape,
      );
      return sum(mul(square(add(x, 0.3)), weights));
    })
    .reduce((a, b) => add(a, b));
}

/** Why the loop that `result` is of is no walk. */
function whyLoop({ value }: Tensor): string | undefined {
  const loop = [...reachable([value])].find(({ op }) => op === "scan");
  return loop?.op === "scan" ? bodyOf(loop).why : undefined;
}

describe("a scan", () => {
  const forms = Object.entries(trials).flatMap(([name, make]) =>
    [false, true].map(
      (reverse) => [`${name}${reverse ? ", in reverse" : ""}`, make, reverse] as const,
    ),
  );
  it.each(forms)(
    "over %s is walked, with the values and gradients of its steps",
    (_, make, reverse) => {
      const trial = make();
      const x = draw(T, B, I);
      const mask = variable(
        Float32Array.from({ length: T * B }, (_, i) => i % 3),
        [T, B, 1],
        "mask",
      );
      const carry = Object.fromEntries(trial.states.map((name) => [name, draw(B, U)])) as Record<
        "h" | "c",
        Variable
      >;
      const variables = [...Object.values(trial.weights), ...Object.values(carry), x];
      const looped = valueAndGrad(variables, () => {
        const options: ScanOptions = { reverse };
        const walked = scan(
          (at: Carry, s: { x: Tensor; mask: Tensor }) =>
            trial.step(at, s, trial.weights as Weights) as Step<Carry, unknown>,
          carry as Carry,
          { x, mask },
          options,
        );
        return lossOf([...Object.values(walked.carry), ...tensorsOf(walked.ys)]);
      });
      const expected = valueAndGrad(variables, () => {
        const { carry: last, ys } = unrolled(trial, carry, x, mask, reverse);
        const [first] = ys;
        const stacks = tensorsOf(first).map((_, k) =>
          concat(
            ys.map((y) => reshape(tensorsOf(y)[k] ?? x, [1, B, U])),
            0,
          ),
        );
        return lossOf([...Object.values(last), ...stacks]);
      });
      const nodes = [...reachable([looped[0].value])].map(({ op }) => op);
      expect(nodes).toContain("recurrence");
      expect(nodes).not.toContain("scan");
      const read = ([loss, gradients]: typeof looped) =>
        evaluateTensors([loss, ...variables.map((v) => gradients.get(v) ?? loss)]);
      const [mine, theirs] = [read(looped), read(expected)];
      mine.forEach((own, i) => {
        expect(relativeError(own, theirs[i] ?? []), `result ${i}`).toBeLessThan(2e-6);
      });
    },
  );

  const oneRow = (gates: Tensor, g: number) => slice(gates, [0, g * U], [1, U]);
  const found: Readonly<Record<string, () => Tensor>> = {
    "of one row": () => {
      const [w, r, b] = [draw(I, 2 * U), draw(U, 2 * U), draw(2 * U)];
      const step = (h: Tensor, x: Tensor) => {
        const gates = add(add(matmul(x, w), matmul(h, r)), b);
        const y = add(mul(sigmoid(oneRow(gates, 0)), h), tanh(oneRow(gates, 1)));
        return { carry: y, y };
      };
      return scan(step, draw(1, U) as Tensor, draw(T, 1, I) as Tensor).ys;
    },
    "of one unit": () => {
      const [w, r] = [draw(I, 2), draw(1, 2)];
      const step = (h: Tensor, x: Tensor) => {
        const gates = reshape(add(matmul(x, w), matmul(h, r)), [B, 1, 2]);
        const at = (g: number) => reshape(slice(gates, [0, 0, g], [B, 1, 1]), [B, 1]);
        return { carry: add(mul(sigmoid(at(0)), h), tanh(at(1))), y: h };
      };
      return scan(step, draw(B, 1) as Tensor, draw(T, B, I) as Tensor).ys;
    },
    "that reads no sequence": () => {
      const [r, b] = [draw(U, U), draw(U)];
      const step = (h: Tensor) => ({ carry: tanh(add(matmul(h, r), b)), y: h });
      return scan(step, draw(B, U) as Tensor, undefined, { length: T }).ys;
    },
    "of states without rows": () => {
      const [w, r, b] = [draw(U), draw(U, U), draw(U)];
      const step = (h: Tensor, x: Tensor) => {
        const product = reshape(matmul(reshape(h, [1, U]), r), [U]);
        return { carry: tanh(add(add(product, mul(w, x)), b)), y: undefined };
      };
      return scan(step, draw(U) as Tensor, draw(T, U) as Tensor).carry;
    },
    "of numbers": () => {
      const step = (h: Tensor, x: Tensor) => {
        const y = add(mul(h, 0.9), x);
        return { carry: y, y };
      };
      return scan(step, draw() as Tensor, draw(T) as Tensor, { reverse: true }).ys;
    },
    "of rows counted in two dimensions": () => {
      const [w, perRow, r] = [draw(U), draw(B, 3, 1), draw(U, U)];
      const step = (h: Tensor, x: Tensor) => {
        const sums = add(matmul(h, r), add(mul(w, x), perRow));
        return { carry: tanh(mul(sums, 0.5)), y: h };
      };
      return scan(step, draw(B, 3, U) as Tensor, draw(T, B, 3, U) as Tensor).ys;
    },
  };
  it.each(Object.entries(found))("%s is walked", (_, walked) => {
    const nodes = [...reachable([walked().value])].map(({ op }) => op);
    expect(nodes).toContain("recurrence");
    expect(nodes).not.toContain("scan");
  });

  type Refused = readonly [step: (h: Tensor, x: Tensor, r: Tensor) => Tensor, why: string];
  const refused: Readonly<Record<string, Refused>> = {
    "normalises over units": [
      (h, x, r) => {
        const sums = add(matmul(h, r), x);
        return tanh(sub(sums, mean(sums, { axis: -1, keepDims: true })));
      },
      "it reduces over units or rows",
    ],
    "takes a softmax over units": [
      (h, x, r) => softmax(add(matmul(h, r), x)),
      "it reads several units at once, as a softmax",
    ],
    "multiplies what it has computed": [
      (h, x, r) => tanh(add(matmul(mul(h, x), r), x)),
      "it multiplies something that is computed in the step",
    ],
    "stops a gradient": [
      (h, x, r) => tanh(add(stopGradient(matmul(h, r)), x)),
      "it computes stopGradient, which is not among a cell's functions",
    ],
    "reads other units": [
      (h, x) => tanh(add(slice(concat([h, h], 1), [0, 1], [B, U]), x)),
      "it computes concat, which is not among a cell's functions",
    ],
  };
  it.each(Object.entries(refused))("whose step %s stays a loop, and says why", (_, [step, why]) => {
    const [r, x, h] = [draw(U, U), draw(T, B, U), draw(B, U)];
    const { carry } = scan(
      (at: Tensor, slice: Tensor) => ({ carry: step(at, slice, r), y: undefined }),
      h as Tensor,
      x as Tensor,
    );
    expect(whyLoop(carry)).toContain(why);
  });

  it.each(Object.entries({ log1p, expm1, tan, asin, acos, atan, atanh, asinh }))(
    "walks %s, whose slope is given, to the gradients of its steps",
    (_, fn) => {
      const [x, h, r] = [draw(T, B, U), draw(B, U), draw(U, U)];
      const step = (at: Tensor, own: Tensor) => fn(mul(0.5, tanh(add(matmul(at, r), own))));
      const walked = () => {
        const to = (at: Tensor, own: Tensor) => ({ carry: step(at, own), y: undefined });
        const { carry } = scan(to, h as Tensor, x as Tensor);
        expect([...reachable([carry.value])].map(({ op }) => op)).toContain("recurrence");
        return sum(mul(carry, carry));
      };
      const unrolled = () => {
        let at: Tensor = h;
        for (let t = 0; t < T; t++) at = step(at, reshape(slice(x, [t, 0, 0], [1, B, U]), [B, U]));
        return sum(mul(at, at));
      };
      const [own = [], byHand = []] = [walked, unrolled].map((loss) => {
        const [value, gradients] = valueAndGrad([x, h, r], loss);
        return evaluateTensors([value, ...[x, h, r].map((of) => gradients.get(of) ?? value)]);
      });
      expect(own).toHaveLength(4);
      own.forEach((one, i) => {
        expect(relativeError(one, byHand[i] ?? [])).toBeLessThan(2e-6);
      });
    },
  );

  it("stays a loop that says why where its states differ", () => {
    const [h, m, r] = [draw(B, U), draw(B, U + 1), draw(U, U + 1)];
    const both = (m: Tensor) =>
      scan(
        (at: readonly Tensor[], x: Tensor) => {
          const [h, m] = at as [Tensor, Tensor];
          return { carry: [tanh(add(h, x)), add(m, sum(matmul(h, r)))], y: undefined };
        },
        [h, m] as readonly Tensor[],
        draw(T, B, U) as Tensor,
      );
    const loops = [m, draw(B, 1, U)].map((own) => both(own).carry[0] as Tensor);
    expect(loops.map(whyLoop)).toEqual([
      "its states differ in shape",
      "its states differ in shape",
    ]);
  });

  it("stays a loop that says why where it is large and reads no sequence, and where it computes nothing", () => {
    const halved = (h: Tensor) => ({ carry: tanh(mul(h, 0.5)), y: undefined });
    const small = scan(halved, draw(4096) as Tensor, undefined, { length: T });
    expect([...reachable([small.carry.value])].map(({ op }) => op)).toContain("recurrence");
    const large = scan(halved, draw(4097) as Tensor, undefined, { length: T });
    const w = draw(64, 65);
    const repeated = scan(
      (h: Tensor) => ({ carry: tanh(mul(h, w)), y: undefined }),
      draw(64, 65) as Tensor,
      undefined,
      { length: T },
    );
    const idle = scan(
      (h: Tensor, x: Tensor) => ({ carry: h, y: x }),
      draw(U) as Tensor,
      draw(T, U) as Tensor,
    );
    expect([large.carry, repeated.carry, idle.carry].map(whyLoop)).toEqual([
      "it reads the same at every step and no weights, and its steps are large",
      "it reads the same at every step and no weights, and its steps are large",
      "its step computes nothing",
    ]);
  });

  it("stays a loop that says why where its y is no state's, and where it has no steps", () => {
    const [r, h] = [draw(U, U), draw(B, U)];
    const step = (at: Tensor, x: Tensor) => {
      const next = tanh(add(matmul(at, r), x));
      return { carry: next, y: sum(next, { axis: 1 }) };
    };
    const loops = [T, 0].map((steps) => scan(step, h as Tensor, draw(steps, B, U) as Tensor));
    expect(loops.map(({ ys }) => whyLoop(ys))).toEqual([
      "its y is neither what it carries nor f32 of its shape",
      "it has no steps, rows or units",
    ]);
  });
});
