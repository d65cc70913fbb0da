import { describe, expect, it } from "vitest";
import { drawTensor, keyFrom } from "../../support/case-data.ts";
import { Eager, pullback } from "../../support/gradient.ts";

/** The ops that the gradient of lstm consists of when the loss depends on its states. */
function gradientOps(steps: number): string[] {
  const session = new Eager();
  const draw = (name: string, ...shape: number[]) =>
    session.leaf(drawTensor({ dtype: "f32", shape }, keyFrom(name)));
  const ins = {
    projected: draw("projected", steps, 3, 5, 4),
    recurrent: draw("recurrent", 5, 5, 4),
    h0: draw("h0", 3, 5),
    c0: draw("c0", 3, 5),
    lengths: undefined,
  };
  session.emit("lstm", ins, { reverse: false, flow: false });
  const [entry] = session.tape;
  if (entry === undefined) throw new Error("nothing was computed");
  pullback(session, entry, { states: draw("gStates", steps + 1, 3, 5) });
  return session.tape.slice(1).map(({ op }) => op);
}

describe("the gradient of lstm", () => {
  it("is one kernel and one product, whatever the number of steps", () => {
    const emitted = gradientOps(64);
    expect(emitted).toEqual(gradientOps(1));
    expect(emitted.filter((op) => op === "lstmGrad")).toHaveLength(1);
    expect(emitted.filter((op) => op === "matmul")).toHaveLength(1);
  });
});
