/** Random groups as WGSL, with the kernels for hardware and those for software; `npm run fuzz:groups` runs as many as one likes. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Device } from "../../../src/devices/device.ts";
import { groupKernels } from "../../../src/devices/webgpu/lowering/group/index.ts";
import { DEFAULT_LIMITS } from "../../../src/devices/webgpu/target.ts";
import {
  add,
  div,
  exp,
  matmul,
  max,
  maximum,
  mean,
  min,
  mul,
  pad,
  reshape,
  slice,
  sub,
  sum,
  type Tensor,
  tensor,
} from "../../../src/functions.ts";
import { planStep } from "../../../src/runtime/compile.ts";
import { callsOf } from "../../../src/scheduler/plan.ts";
import { sizeOf } from "../../../src/tensor/shape.ts";
import { evaluateTensor } from "../../support/evaluate-tensor.ts";
import { checkGroup } from "../../support/groups/check-group.ts";
import { generator, randomGroup } from "../../support/groups/random-group.ts";
import { openHardwareKernels } from "../../support/hardware-kernels.ts";
import { openSharedWebgpu } from "../../support/shared-gpu.ts";
import { use } from "../../training/open.ts";

interface Opened {
  readonly device: Device;
  close(): Promise<void>;
}

const forms = [
  { name: "kernels for hardware", first: 1, open: openHardwareKernels },
  { name: "kernels for software", first: 1001, open: openSoftware },
];

async function openSoftware(): Promise<Opened> {
  const device = await openSharedWebgpu();
  return { device, close: () => device.close() };
}

/** Each is a pipeline or two, which SwiftShader compiles in a tenth of a second to half of one. */
const COUNT = 60;

/** The scheduler counts on places that are shared, which may turn out not to be. */
it("one result of more tensors than a kernel can bind is made by several", async () => {
  const limits = { ...DEFAULT_LIMITS, maxStorageBuffersPerShaderStage: 5 };
  const { device, close } = await openHardwareKernels({
    instead: (target) => ({
      maxElementwiseOperands: 32,
      groups: groupKernels({ ...target, limits }),
    }),
  });
  try {
    use(device);
    const random = generator(7);
    const inputs = Array.from({ length: 14 }, (_, i) => {
      const shape = i % 3 === 0 ? [4] : [3, 4];
      return tensor(
        Array.from({ length: sizeOf(shape) }, () => random(8) - 3),
        shape,
      );
    });
    // Whole numbers: exact in whatever order they are computed. Some are read once, others again behind all the others.
    const made = (verbs: readonly Tensor[]): Tensor => {
      const registers = [...verbs];
      for (let i = 0; i < 24; i++) {
        const [a, b] = [registers[i % 14], registers.at(-1 - random(4))] as [Tensor, Tensor];
        registers.push(i % 3 === 0 ? maximum(a, b) : i % 3 === 1 ? add(a, b) : sub(a, b));
      }
      return registers.slice(-4).reduce((total, next) => add(total, next));
    };
    const whole = made(inputs);
    const plan = planStep(
      (...verbs) => made(verbs),
      inputs.map(({ type }) => type),
      device.traits,
    );
    const bound = callsOf(plan.steps).map(({ call }) => call.operands.length);
    expect(Math.max(...bound)).toBe(limits.maxStorageBuffersPerShaderStage);
    const wanted = Float32Array.from(evaluateTensor(whole));
    expect(await whole.data()).toEqual(wanted);
  } finally {
    await close();
  }
});

describe.each(forms)("groups on a GPU: $name", ({ first, open }) => {
  let opened: Opened;
  beforeAll(async () => {
    opened = await open();
  });
  afterAll(() => opened.close());

  it(`${COUNT} random groups give what the reference gives, and write nowhere else`, async () => {
    const failures: string[] = [];
    let taken = 0;
    for (let seed = first; seed < first + COUNT; seed++) {
      const wrong = await checkGroup(opened.device, randomGroup(seed), seed);
      if (wrong !== undefined) taken++;
      for (const one of wrong ?? []) failures.push(`seed ${seed}: ${one}`);
    }
    // What a device leaves apart is not looked at.
    expect(taken).toBeGreaterThan(0.8 * COUNT);
    expect(failures).toEqual([]);
  }, 120_000);

  it("a NaN in a row is the largest and the smallest of it, and no other row's", async () => {
    use(opened.device);
    const data = Float32Array.from({ length: 5 * 37 }, (_, i) => Math.sin(i));
    for (const [at, sign] of [
      [40, 1],
      [147, -1],
    ] as const)
      data[at] = sign * Number.NaN;
    data[80] = Number.NEGATIVE_INFINITY;
    const x = reshape(tensor(data), [5, 37]);
    const row = { axis: 1, keepDims: true } as const;
    const spread = sub(max(x, row), min(x, row));
    const results = await sum(div(exp(sub(x, max(x, row))), spread), { axis: 1 }).data();
    expect(Array.from(results, (value) => Number.isNaN(value))).toEqual([
      false,
      true,
      false,
      true,
      false,
    ]);
    expect(results[2]).toBe(0);
    expect(Array.from(await mean(x, { axis: 1 }).data(), Number.isFinite)).toEqual([
      true,
      false,
      false,
      false,
      true,
    ]);
  });

  it("what is padded is read where it lies, and what lies beside it is not", async () => {
    use(opened.device);
    // Rows of 4, 5 and 8: whole vectors, none, and some; what is not to be read is NaN.
    for (const columns of [4, 5, 8]) {
      const all = Float32Array.from({ length: 9 * columns }, (_, i) => Math.sin(i));
      const rows = all.map((value, i) => (i % columns === 0 ? Number.NaN : value));
      const x = slice(reshape(tensor(rows), [9, columns]), [0, 1], [9, columns - 1]);
      const padding = [
        [2, 1],
        [4, 9 - columns],
      ] as const;
      const sides = [12, columns - 1 + padding[1][0] + padding[1][1]] as const;
      const expected = Float32Array.from({ length: sides[0] * sides[1] }, (_, i) => {
        const [r, c] = [Math.floor(i / sides[1]) - 2, (i % sides[1]) - 4];
        const isThere = r >= 0 && r < 9 && c >= 0 && c < columns - 1;
        return isThere ? (all[r * columns + c + 1] ?? 0) : 0;
      });
      const around = pad(mul(x, 1), padding);
      expect(await add(around, 1).data()).toEqual(expected.map((value) => value + 1));
      const whole = await sum(add(around, 0), { axis: 1 }).data();
      expect(whole[0]).toBe(0);
      const sums = Array.from({ length: sides[0] }, (_, r) =>
        expected.subarray(r * sides[1], (r + 1) * sides[1]).reduce((a, b) => a + b, 0),
      );
      for (const [r, value] of sums.entries()) expect(whole[r]).toBeCloseTo(value, 5);
      // Behind a product, which stores what it hosts.
      const product = matmul(
        tensor(new Float32Array(144), [12, 12]),
        tensor(new Float32Array(12 * sides[1]), [12, sides[1]]),
      );
      expect(await add(product, around).data()).toEqual(expected);
    }
  });
});
