/** The recurrent kernels that hardware gets compile within WebGPU's default limits, on Dawn's null back end. */
import { beforeAll, describe, expect, it } from "vitest";
import { bodyOfCell } from "../../../src/autodiff/cell-body.ts";
import { wgslOf } from "../../../src/devices/webgpu/pipelines.ts";
import { webgpuTraits } from "../../../src/devices/webgpu/traits.ts";
import { cell } from "../../../src/ops/cells/cell.ts";
import { gru } from "../../../src/ops/cells/gru.ts";
import { lstm } from "../../../src/ops/cells/lstm.ts";
import { minGru } from "../../../src/ops/cells/min-gru.ts";
import { peepholeLstm } from "../../../src/ops/cells/peephole-lstm.ts";
import { rnn } from "../../../src/ops/cells/rnn.ts";
import { slstm } from "../../../src/ops/cells/slstm.ts";
import { type FallbackCall, isFallback, type KernelCall } from "../../../src/scheduler/lowering.ts";
import { callsOf } from "../../../src/scheduler/plan.ts";
import {
  gruCase,
  gruGradCase,
  lstmCase,
  lstmGradCase,
  rnnCase,
  rnnGradCase,
  type Sequence,
} from "../../cases/recurrent.ts";
import {
  gruLayersCase,
  gruLayersGradCase,
  type LayersSequence,
  lstmLayersCase,
  lstmLayersGradCase,
  rnnLayersCase,
  rnnLayersGradCase,
} from "../../cases/recurrent-layers.ts";
import { walkCase, walkGradCase } from "../../cases/walks.ts";
import { openNullGpu, type TestGpu } from "../../support/dawn.ts";
import { loweredCalls, plannedCase } from "../../support/lowered-calls.ts";

const traits = webgpuTraits();

/** As many sums as a walk takes: the most of a workgroup's memory. */
const wide = cell({
  name: "eight sums",
  states: ["h"],
  sums: ["a", "b", "c", "d", "e", "f", "g", "i"],
  step: (m, { a, b, c, d, e, f, g, i }) => ({
    h: m.tanh(m.add(m.mul(m.add(a, b), m.add(c, d)), m.mul(m.add(e, f), m.add(g, i)))),
  }),
});
const walked = [rnn("tanh"), lstm, gru, peepholeLstm, slstm, minGru, wide];

let owner: TestGpu;
let device: GPUDevice;
beforeAll(async () => {
  owner = await openNullGpu();
  device = await owner.adapter.requestDevice();
});

/** Of recurrent kernels: others are there for what surrounds the walk. */
async function compiles(call: KernelCall | FallbackCall): Promise<void> {
  expect(isFallback(call)).toBe(false);
  if (isFallback(call) || !call.kernel.startsWith("recurrent/")) return;
  const code = wgslOf(call.kernel, call.constants, []);
  const module = device.createShaderModule({ code });
  const made = device.createComputePipelineAsync({
    layout: "auto",
    compute: { module, entryPoint: "main" },
  });
  await expect(made, `${call.kernel} ${JSON.stringify(call.constants)}`).resolves.toBeDefined();
}

const lowered = {
  rnn: (of: Sequence) => loweredCalls(traits, "rnn", rnnCase(of, "tanh")),
  rnnGrad: (of: Sequence) => loweredCalls(traits, "rnnGrad", rnnGradCase(of, "tanh")),
  lstm: (of: Sequence) => loweredCalls(traits, "lstm", lstmCase(of)),
  lstmGrad: (of: Sequence) => loweredCalls(traits, "lstmGrad", lstmGradCase(of, true)),
  gru: (of: Sequence) => loweredCalls(traits, "gru", gruCase(of)),
  gruGrad: (of: Sequence) => loweredCalls(traits, "gruGrad", gruGradCase(of)),
};

describe.each(Object.entries(lowered))("%s", (name, calls) => {
  it("compiles for few and many rows and units, with and without lengths and flow", async () => {
    for (const units of [1, 128, 253, 256, 257]) {
      for (const batch of [1, 128, 512]) {
        const lengths = Array.from({ length: batch }, () => 1);
        for (const more of [{}, { lengths, flow: true, reverse: true }]) {
          const of: Sequence = { name, size: [1, batch, units], ...more };
          for (const call of calls(of)) await compiles(call);
        }
      }
    }
  });
});

describe.each(walked)("walks of $name", (of) => {
  it("compile for few and many rows and units, with and without lengths and flow", async () => {
    const cell = bodyOfCell(of);
    for (const units of [1, 128, 253, 256, 257]) {
      for (const batch of [1, 512]) {
        const lengths = Array.from({ length: batch }, () => 1);
        for (const more of [{}, { lengths, flow: true, reverse: true }]) {
          const sequence: Sequence = { name: of.name, size: [1, batch, units], ...more };
          const walk = { name: of.name, cell, sequence, watched: [0] };
          const plans = [
            plannedCase(traits, "recurrence", walkCase(walk)),
            plannedCase(traits, "recurrenceGrad", walkGradCase(walk)),
          ];
          for (const plan of plans)
            for (const { call } of callsOf(plan.steps)) await compiles(call);
        }
      }
    }
  });
});

const together = {
  rnnLayers: (of: LayersSequence) => plannedCase(traits, "rnnLayers", rnnLayersCase(of, "tanh")),
  rnnLayersGrad: (of: LayersSequence) =>
    plannedCase(traits, "rnnLayersGrad", rnnLayersGradCase(of, "tanh")),
  lstmLayers: (of: LayersSequence) => plannedCase(traits, "lstmLayers", lstmLayersCase(of)),
  lstmLayersGrad: (of: LayersSequence) =>
    plannedCase(traits, "lstmLayersGrad", lstmLayersGradCase(of)),
  gruLayers: (of: LayersSequence) => plannedCase(traits, "gruLayers", gruLayersCase(of)),
  gruLayersGrad: (of: LayersSequence) =>
    plannedCase(traits, "gruLayersGrad", gruLayersGradCase(of)),
};

describe.each(Object.entries(together))("%s", (name, plan) => {
  it("compiles one above the other and side by side, with all that there may be", async () => {
    for (const units of [128, 257]) {
      const of = { name, size: [1, 2, units], layers: 2, lengths: [1, 0] } as const;
      const above: LayersSequence = { ...of, outside: [2, 2] };
      const sides: LayersSequence = { ...above, sides: [false, true] };
      for (const sequence of [above, { ...above, layers: 4 }, sides]) {
        for (const { call } of callsOf(plan(sequence).steps)) await compiles(call);
      }
    }
  });
});
