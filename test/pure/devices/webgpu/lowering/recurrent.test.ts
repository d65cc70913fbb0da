/** What recurrent layers are lowered to: how many dispatches, and of how many buffers. */
import { describe, expect, it } from "vitest";
import { webgpuTraits } from "../../../../../src/devices/webgpu/traits.ts";
import { ops } from "../../../../../src/ops/table.ts";
import type { OpName } from "../../../../../src/ops/vocabulary.ts";
import type { TensorType } from "../../../../../src/tensor/shape.ts";
import type { Case } from "../../../../cases/case.ts";
import {
  gruCase,
  gruGradCase,
  lstmCase,
  lstmGradCase,
  rnnCase,
  rnnGradCase,
  type Sequence,
} from "../../../../cases/recurrent.ts";
import { caseInputs, mapInputs } from "../../../../support/case-data.ts";
import { planOp } from "../../../../support/run-case.ts";

const traits = webgpuTraits();

function callsOf<K extends OpName>(op: K, of: Case<K>) {
  const types = mapInputs(caseInputs(op, of), ({ type }): TensorType => type);
  return planOp(traits, op, ops[op], types, of.attrs).plan.steps.map(({ call }) => call);
}

const forward = {
  rnn: (of: Sequence) => callsOf("rnn", rnnCase(of, "tanh")),
  lstm: (of: Sequence) => callsOf("lstm", lstmCase(of)),
  gru: (of: Sequence) => callsOf("gru", gruCase(of)),
};
const backward = {
  rnnGrad: (of: Sequence) => callsOf("rnnGrad", rnnGradCase(of, "tanh")),
  lstmGrad: (of: Sequence) => callsOf("lstmGrad", lstmGradCase(of, true)),
  gruGrad: (of: Sequence) => callsOf("gruGrad", gruGradCase(of)),
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
