import { describe, expect, it } from "vitest";
import { drawTensor, keyFrom } from "../../support/case-data.ts";
import { Eager, pullback } from "../../support/gradient.ts";

/** The ops that the gradient of lstm consists of when the loss depends on its y. */
function gradientOps(steps: number): string[] {
  const session = new Eager();
  const draw = (name: string, ...shape: number[]) =>
    session.leaf(drawTensor({ dtype: "f32", shape }, keyFrom(name)));
  const ins = {
    projected: draw("projected", steps, 3, 5, 4),
    recurrent: draw("recurrent", 5, 5, 4),
    h0: draw("h0", 3, 5),
    c0: draw("c0", 3, 5),
  };
  session.emit("lstm", ins, {});
  const [entry] = session.tape;
  if (entry === undefined) throw new Error("nothing was computed");
  pullback(session, entry, { y: draw("gY", steps, 3, 5) });
  return session.tape.slice(1).map(({ op }) => op);
}

describe("the gradient of lstm", () => {
  it("is one kernel and two products, whatever the number of steps", () => {
    const emitted = gradientOps(64);
    expect(emitted).toEqual(gradientOps(2));
    expect(emitted.filter((op) => op === "lstmGrad")).toHaveLength(1);
    expect(emitted.filter((op) => op === "matmul")).toHaveLength(2);
  });

  it("of one step needs no product over later steps", () => {
    expect(gradientOps(1).filter((op) => op === "matmul")).toHaveLength(1);
  });
});
