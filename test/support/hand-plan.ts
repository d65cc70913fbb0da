/** Plans made by hand, for tests of devices. */
import type { FallbackCall, KernelCall, Region } from "../../src/scheduler/lowering.ts";
import type { Plan } from "../../src/scheduler/plan.ts";
import { BYTES_PER_ELEMENT } from "../../src/tensor/dtype.ts";

/** A plan over bindings of the given lengths, in elements, and temporaries behind them. */
export function handPlan(
  calls: readonly (KernelCall | FallbackCall)[],
  bindings: readonly number[],
  temporaries: readonly number[] = [],
): Plan {
  const lifetime = [0, Math.max(0, calls.length - 1)] as const;
  const bytes = (length: number) => length * BYTES_PER_ELEMENT;
  return {
    device: "webgpu",
    steps: calls.map((call) => ({
      kind: "call",
      call,
      label: "test",
      why: "test",
      barrierBefore: true,
    })),
    buffers: [
      ...bindings.map((length, place) => ({
        bytes: bytes(length),
        kind: "binding" as const,
        place,
        offset: 0,
        lifetime,
      })),
      ...temporaries.map((length, place) => ({
        bytes: bytes(length),
        kind: "temporary" as const,
        place,
        offset: 0,
        lifetime,
      })),
    ],
    slots: temporaries.map(bytes),
    bindings: bindings.map((length, i) => ({
      kind: "variable",
      bytes: bytes(length),
      name: `binding ${i}`,
    })),
    results: [],
    memory: { peakBytes: 0, lowerBoundBytes: 0, unsharedBytes: 0 },
  };
}

/** f32[length] in buffer `buffer` of a plan. */
export function vector(buffer: number, length: number, offset = 0): Region {
  return { buffer, offset, type: { dtype: "f32", shape: [length] } };
}
