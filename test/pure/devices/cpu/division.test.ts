import { describe, expect, it } from "vitest";
import { encodePlan } from "../../../../src/devices/cpu/commands.ts";
import { cpuTraits } from "../../../../src/devices/cpu/traits.ts";
import { matmul, relu, scan, type Tensor, zeros } from "../../../../src/functions.ts";
import { planStep } from "../../../../src/runtime/compile.ts";
import type { Shape } from "../../../../src/tensor/shape.ts";

const N = 64;
const TENSOR_BYTES = N * N * 4;

/** On how many of two threads a program runs where a meeting is worth `parallelBytes`. */
function threadsOf(fn: (x: Tensor) => Tensor, shape: Shape, parallelBytes: number): number {
  const plan = planStep((x) => fn(x as Tensor), [{ dtype: "f32", shape }], cpuTraits);
  return encodePlan(plan, { threads: 2, parallelBytes }, () => 0).threads;
}

/** Eight products, each of which needs the one before: about 3.5 tensors a step with the memory to pack in. */
const chain = (x: Tensor) => Array.from({ length: 8 }).reduce<Tensor>((y) => matmul(y, x), x);

describe("a program is divided between threads", () => {
  it("where it moves enough bytes at once", () => {
    const bytes = 2 * 16 * TENSOR_BYTES;
    expect(threadsOf(relu, [16 * N, N], bytes)).toBe(2);
    expect(threadsOf(relu, [16 * N, N], bytes + 1)).toBe(1);
  });

  it("where it moves enough between one time that its threads meet and the next", () => {
    // All of the chain moves more than 24 tensors, but less than 6 a step.
    expect(threadsOf(chain, [N, N], 2 * TENSOR_BYTES)).toBe(2);
    expect(threadsOf(chain, [N, N], 6 * TENSOR_BYTES)).toBe(1);
    expect(threadsOf(relu, [12 * N, N], 6 * TENSOR_BYTES)).toBe(2);
  });

  it("where every step of a loop moves enough", () => {
    const loop = (x: Tensor) =>
      scan((h: Tensor) => ({ carry: matmul(x, h), y: undefined }), x, undefined, { length: 50 })
        .carry;
    expect(threadsOf(loop, [N, N], 2 * TENSOR_BYTES)).toBe(2);
    expect(threadsOf(loop, [N, N], 6 * TENSOR_BYTES)).toBe(1);
  });

  it("where a step of a loop reads a slice, by the bytes of the slice", () => {
    const loop = (x: Tensor) =>
      scan(
        (h: Tensor, slice: Tensor) => ({ carry: matmul(h, slice), y: undefined }),
        zeros([N, N]),
        x,
      ).carry;
    expect(threadsOf(loop, [50, N, N], TENSOR_BYTES)).toBe(2);
    expect(threadsOf(loop, [50, N, N], 6 * TENSOR_BYTES)).toBe(1);
  });

  it("in tests, whatever it moves", () => {
    expect(threadsOf(chain, [1, 1], 0)).toBe(2);
    expect(threadsOf(() => zeros([1]), [1], 0)).toBe(2);
  });
});
