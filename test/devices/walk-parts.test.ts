/** Long walks of which the last state alone is read are made of parts: with the values of the whole, on every device. */
import { describe, expect, it } from "vitest";
import {
  add,
  cells,
  matmul,
  recurrent,
  type Shape,
  scan,
  slice,
  type Tensor,
  tanh,
} from "../../src/functions.ts";
import type { Cell } from "../../src/ops/cells/cell.ts";
import { input, planned } from "../support/plans.ts";
import { devices } from "../training/open.ts";

/** T is no multiple of the 32 steps of a part. */
const [T, B, I, H] = [130, 3, 2, 5];

function weightsOf({ inputs, sums, vectors }: Cell) {
  const of = (name: string, ...shape: Shape) => input(name, shape);
  return {
    input: of("input", I, H, inputs.length),
    ...(sums.length > 0 && { recurrent: of("recurrent", H, H, sums.length) }),
    bias: of("bias", H, inputs.length),
    vectors: Object.fromEntries(vectors.map((name) => [name, of(name, H)])),
  };
}

/** The state behind the last step, as a walk gives it and as it is sliced from y. */
function ends(cell: Cell, options: { reverse?: boolean; lengths?: Tensor } = {}): Tensor[] {
  const x = input("x", [T, B, I]);
  const state = Object.fromEntries(cell.states.map((name) => [name, input(name, [B, H])]));
  const walked = recurrent(cell, x, weightsOf(cell), state, options);
  const last = slice(walked.y, [options.reverse ? 0 : T - 1, 0, 0], [1, B, H]);
  return options.lengths === undefined
    ? [...Object.values(walked.state), last]
    : Object.values(walked.state);
}

const wishes: Record<string, () => Tensor[]> = {
  lstm: () => ends(cells.lstm),
  "gru in reverse": () => ends(cells.gru, { reverse: true }),
  "lstm with lengths": () => ends(cells.lstm, { lengths: input("lengths", [B], "i32") }),
  "rnn in reverse with lengths": () =>
    ends(cells.rnn.tanh, { reverse: true, lengths: input("lengths", [B], "i32") }),
  "minGru, without products": () => ends(cells.minGru),
  "a scan of one's own": () => {
    const [w, u] = [input("w", [I, H]), input("u", [H, H])];
    const cell = (h: Tensor, at: Tensor) => {
      const next = tanh(add(matmul(at, w), matmul(h, u)));
      return { carry: next, y: next };
    };
    return [scan(cell, input("h", [B, H]), input("x", [T, B, I])).carry];
  },
};

/** 130 steps, each of which adds an ulp or two of a function to a state that forgets. */
const TOLERANCE = 5e-6;

describe.each(Object.keys(devices) as (keyof typeof devices)[])("on %s", (name) => {
  it.each(Object.keys(wishes))("%s", async (wish) => {
    const device = await devices[name]();
    const draw = (of: string) => (of === "lengths" ? ([0, T] as const) : ([-1, 1] as const));
    const outputs = wishes[wish]?.() ?? [];
    const plan = await planned({ outputs }, device.traits, draw, TOLERANCE, device);
    // Four parts of 32 steps, and two steps.
    expect(plan.steps.filter(({ label }) => label === "recurrence").length).toBeGreaterThanOrEqual(
      5,
    );
    await device.close();
  });
});
