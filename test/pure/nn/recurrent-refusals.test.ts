/** What recurrent layers refuse, and how they say so. */
import { describe, expect, it } from "vitest";
import { ArgumentError, DTypeError, ShapeError } from "../../../src/errors.ts";
import { ones, zeros } from "../../../src/functions.ts";
import { recurrentKinds, recurrentLayers } from "../../support/recurrent-layers.ts";

type Failure = new (message: string) => Error;

describe.each(recurrentKinds)("%s refuses", (kind) => {
  const make = recurrentLayers[kind];
  const name = kind === "lstm" || kind === "gru" ? kind : "rnn";
  const parts = kind === "lstm" ? 2 : 1;
  const layer = make(3, 4);
  const x = zeros([5, 2, 3]);

  function refuses(run: () => unknown, failure: Failure, message: string): void {
    expect(run).toThrow(failure);
    expect(run).toThrow(message);
  }

  it("what is no sequence of its features", () => {
    const rule = `${name}: the input must be a sequence [T, B, 3]; got`;
    refuses(() => layer(zeros([5, 3])), ShapeError, `${rule} f32[5, 3] for ${name}(3, 4).`);
    refuses(() => layer(zeros([5, 2, 7])), ShapeError, `${rule} f32[5, 2, 7]`);
    refuses(() => layer.run(zeros([5, 2, 7])), ShapeError, `${rule} f32[5, 2, 7]`);
    const turned = make(3, 4, { batchFirst: true, layers: 2 });
    refuses(() => turned(zeros([2, 5, 7])), ShapeError, "must be a sequence [B, T, 3]");
  });

  it("a sequence of no steps", () => {
    refuses(() => layer(zeros([0, 2, 3])), ShapeError, "must have at least one step");
  });

  it.each([-1, 6, 1.5, Number.NaN])("the length %d of 5 steps", (length) => {
    refuses(
      () => layer.run(x, { lengths: [5, length] }),
      ArgumentError,
      `${name}: every length must be a whole number from 0 to T = 5; got ${length} for sequence 1.`,
    );
  });

  it("more or fewer lengths than sequences, in either order of dimensions", () => {
    const rule = `${name}: there must be one length for each of the 2 sequences; got`;
    refuses(() => layer.run(x, { lengths: [1] }), ArgumentError, `${rule} 1 lengths`);
    refuses(() => layer.run(x, { lengths: [1, 2, 3] }), ArgumentError, `${rule} 3 lengths`);
    const handedOver = new Float32Array(2);
    structuredClone(handedOver.buffer, { transfer: [handedOver.buffer] });
    refuses(() => layer.run(x, { lengths: handedOver }), ArgumentError, `${rule} 0 lengths`);
    const turned = make(3, 4, { batchFirst: true });
    const five = Array(5).fill(1);
    refuses(() => turned.run(zeros([2, 5, 3]), { lengths: five }), ArgumentError, `${rule} 5`);
  });

  it("lengths in a tensor that is not i32[B]", () => {
    refuses(() => layer.run(x, { lengths: ones([2]) }), DTypeError, `${name}: lengths`);
    refuses(() => layer.run(x, { lengths: ones([3], "i32") }), ShapeError, `${name}: lengths`);
  });

  it("another number of states than it has", () => {
    const stacked = make(3, 4, { layers: 2, bidirectional: true });
    const count = 4 * parts;
    refuses(
      () => stacked.run(x, { state: Array(count - 1).fill(zeros([2, 4])) }),
      ArgumentError,
      `${name}: the state must have ${count} tensors; got ${count - 1} for ${name}(3, 4, 2 layers, both directions).`,
    );
    refuses(() => layer.step(x, []), ArgumentError, `${name}: the state must be`);
  });

  it("a state of another shape or dtype", () => {
    const wrong = (...shape: number[]) => ({ state: Array(parts).fill(zeros(shape)) });
    const rule = `${name}: every state must be [B, H] = [2, 4]; got`;
    refuses(() => layer.run(x, wrong(2, 5)), ShapeError, `${rule} f32[2, 5] as state 0`);
    refuses(() => layer.run(x, wrong(1, 4)), ShapeError, `${rule} f32[1, 4]`);
    refuses(() => layer.run(x, wrong(1, 2, 4)), ShapeError, `${rule} f32[1, 2, 4]`);
    refuses(() => layer.step(x, wrong(3, 4).state), ShapeError, `${rule} f32[3, 4]`);
    const whole = Array(parts).fill(zeros([2, 4], "i32"));
    refuses(() => layer.run(x, { state: whole }), DTypeError, `${name}: h0`);
  });

  it("sizes that are none, and a probability that is none", () => {
    refuses(() => make(0, 4), ArgumentError, `${name}: inputs must be a whole number`);
    refuses(() => make(3, 1.5), ArgumentError, `${name}: hidden must be a whole number`);
    refuses(() => make(3, 4, { layers: 0 }), ArgumentError, `${name}: layers must be`);
    refuses(() => make(3, 4, { dropout: 1.5 }), ArgumentError, `${name}: the probability`);
  });
});
