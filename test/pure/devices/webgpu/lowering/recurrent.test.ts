/** What recurrent layers are lowered to: how many dispatches, and of how many buffers. */
import { describe, expect, it } from "vitest";
import { webgpuTraits } from "../../../../../src/devices/webgpu/traits.ts";
import {
  gruCase,
  gruGradCase,
  lstmCase,
  lstmGradCase,
  rnnCase,
  rnnGradCase,
  type Sequence,
} from "../../../../cases/recurrent.ts";
import { loweredCalls } from "../../../../support/lowered-calls.ts";

const traits = webgpuTraits();

const forward = {
  rnn: (of: Sequence) => loweredCalls(traits, "rnn", rnnCase(of, "tanh")),
  lstm: (of: Sequence) => loweredCalls(traits, "lstm", lstmCase(of)),
  gru: (of: Sequence) => loweredCalls(traits, "gru", gruCase(of)),
};
const backward = {
  rnnGrad: (of: Sequence) => loweredCalls(traits, "rnnGrad", rnnGradCase(of, "tanh")),
  lstmGrad: (of: Sequence) => loweredCalls(traits, "lstmGrad", lstmGradCase(of, true)),
  gruGrad: (of: Sequence) => loweredCalls(traits, "gruGrad", gruGradCase(of)),
};

describe.each(Object.entries({ ...forward, ...backward }))("%s", (name, calls) => {
  it("is one dispatch for few units, however many steps", () => {
    for (const steps of [1, 65]) {
      expect(calls({ name, size: [steps, 2, 16] })).toHaveLength(1);
    }
  });

  it("is a dispatch a step for many units, and one more backwards", () => {
    const more = Number(name in backward);
    for (const steps of [1, 5]) {
      expect(calls({ name, size: [steps, 2, 257] })).toHaveLength(steps + more);
    }
  });

  it("binds 8 buffers at most, with lengths and the gradient of every state", () => {
    for (const units of [16, 257]) {
      const all = calls({ name, size: [2, 3, units], lengths: [1, 2, 0], flow: true });
      const buffers = all.map(({ operands }) => operands.length);
      expect(Math.max(...buffers)).toBeLessThanOrEqual(8);
    }
  });
});
