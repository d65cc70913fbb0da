import { describe, expect, it } from "vitest";
import { referenceTraits } from "../../../src/devices/reference/device.ts";
import {
  add,
  checkpoint,
  grad,
  matmul,
  mul,
  sin,
  sum,
  type Tensor,
  tanh,
  tensor,
  uniform,
} from "../../../src/functions.ts";
import { planStep } from "../../../src/runtime/compile.ts";
import { evaluateTensors } from "../../support/evaluate-tensor.ts";
import { input, planned } from "../../support/plans.ts";

const wave = (rows: number, columns: number, phase: number) =>
  tensor(
    Float32Array.from({ length: rows * columns }, (_, i) => Math.sin(i * i + phase)),
    [rows, columns],
  );

/** A chain of layers, each a region of its own or none. */
function chain(x: Tensor, w: Tensor, layers: number, keep: (fn: () => Tensor) => Tensor): Tensor {
  let y = x;
  for (let i = 0; i < layers; i++) y = keep(() => tanh(add(matmul(sin(y), w), y)));
  return sum(mul(y, y));
}
const plain = (fn: () => Tensor) => fn();

describe("checkpoint", () => {
  it("changes neither values nor gradients", () => {
    const [x, w] = [wave(3, 5, 0), wave(5, 5, 1)];
    const of = (keep: (fn: () => Tensor) => Tensor) =>
      evaluateTensors([
        chain(x, w, 4, keep),
        ...grad((a, b) => chain(a as Tensor, b as Tensor, 4, keep), x, w),
      ]);
    expect(of(checkpoint)).toEqual(of(plain));
  });

  it("holds in plans, which compute the inside of the region again", async () => {
    const [x, w] = [input("x", [4, 6]), input("w", [6, 6])];
    const plan = async (keep: (fn: () => Tensor) => Tensor) =>
      planned({ outputs: grad((a, b) => chain(a as Tensor, b as Tensor, 3, keep), x, w) });
    const products = (steps: readonly { readonly label: string }[]) =>
      steps.filter(({ label }) => label.startsWith("matmul")).length;
    const [kept, again] = [await plan(plain), await plan(checkpoint)];
    expect(products(again.steps)).toBeGreaterThan(products(kept.steps));
  });

  it("keeps only what crosses a border: the peak of a long chain grows with its regions, not its ops", () => {
    const step = (keep: (fn: () => Tensor) => Tensor) =>
      planStep(
        (x, w) => {
          const inner = (a: Tensor, b: Tensor) => {
            let y = a;
            for (let region = 0; region < 8; region++) {
              y = keep(() => {
                let z = y;
                for (let i = 0; i < 8; i++) z = sin(matmul(z, b));
                return z;
              });
            }
            return sum(y);
          };
          return grad((a, b) => inner(a as Tensor, b as Tensor), x as Tensor, w as Tensor);
        },
        [
          { dtype: "f32", shape: [512, 16] },
          { dtype: "f32", shape: [16, 16] },
        ],
        referenceTraits,
      );
    const [all, few] = [step(plain).memory.peakBytes, step(checkpoint).memory.peakBytes];
    // 128 tensors of 32 KiB are kept without, about 8 borders and the 16 of one region with.
    expect(few).toBeLessThan(all / 4);
  });

  it("draws the same random numbers again", () => {
    const x = wave(4, 4, 2);
    const f = (a: Tensor, keep: (fn: () => Tensor) => Tensor) => {
      return sum(keep(() => mul(sin(mul(a, uniform([4, 4], 7))), a)));
    };
    const of = (keep: (fn: () => Tensor) => Tensor) =>
      evaluateTensors(grad((a) => f(a as Tensor, keep), x));
    expect(of(checkpoint)).toEqual(of(plain));
  });

  it("has second derivatives, regions within regions, and gradients of values inside", () => {
    const x = wave(3, 3, 4);
    const f = (a: Tensor, keep: (fn: () => Tensor) => Tensor) =>
      sum(
        keep(() =>
          mul(
            keep(() => sin(mul(a, a))),
            tanh(a),
          ),
        ),
      );
    const second = (keep: (fn: () => Tensor) => Tensor) =>
      evaluateTensors(
        grad((a) => sum(sin(grad((b) => f(b as Tensor, keep), a as Tensor)[0] as Tensor)), x),
      );
    const [ours, theirs] = [second(checkpoint), second(plain)];
    ours[0]?.forEach((value, i) => {
      expect(value).toBeCloseTo(theirs[0]?.[i] ?? Number.NaN, 12);
    });
  });
});
