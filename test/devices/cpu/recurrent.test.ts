import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CpuOptions, openCpuDevice } from "../../../src/devices/cpu/index.ts";
import type { Device } from "../../../src/devices/device.ts";
import type { RecurrentOp } from "../../../src/ops/recurrent.ts";
import { ops } from "../../../src/ops/table.ts";
import type { Attrs, ByInput } from "../../../src/ops/vocabulary.ts";
import type { Shape } from "../../../src/tensor/shape.ts";
import { type HostTensor, runOp } from "../../support/run-case.ts";

/** The first shares nothing with anybody: what the others must agree with. */
const forms: readonly CpuOptions[] = [
  { threads: 1 },
  { threads: 2, parallelBytes: 0 },
  { threads: 3, parallelBytes: 0 },
  { shared: false },
];
let devices: Device[];
beforeAll(async () => {
  devices = await Promise.all(forms.map((options) => openCpuDevice(options)));
});
afterAll(async () => {
  for (const device of devices) await device.close();
});

function tensor(...shape: Shape): HostTensor {
  const length = shape.reduce((product, size) => product * size, 1);
  const data = Float32Array.from({ length }, (_, i) => Math.sin(1 + i * 0.7) / 2);
  return { type: { dtype: "f32", shape }, data };
}

function lengthsOf(batch: number, steps: number): HostTensor {
  const data = Int32Array.from({ length: batch }, (_, b) => ((b * 5) % (steps + 3)) - 1);
  return { type: { dtype: "i32", shape: [batch] }, data };
}

/** The bits of every output on each device, one after the other. */
async function bitsOf<K extends RecurrentOp>(
  op: K,
  ins: ByInput<K, HostTensor>,
  attrs: Attrs<K>,
): Promise<Int32Array[]> {
  const all: Int32Array[] = [];
  for (const device of devices) {
    const outs = await runOp(device, op, ops[op], ins, attrs);
    const tensors = Object.values<HostTensor>(outs as Readonly<Record<string, HostTensor>>);
    const words = tensors.flatMap(({ data }) => [...new Int32Array(data.buffer)]);
    all.push(Int32Array.from(words));
  }
  return all;
}

/** Units are shared below 4 rows a thread, rows above; 13 and 21 units fill no panel, 64 and 40 do. */
const sizes: readonly (readonly [T: number, B: number, U: number])[] = [
  [4, 1, 13],
  [3, 2, 64],
  [5, 7, 21],
  [4, 9, 40],
  [3, 13, 21],
  [2, 29, 8],
];

describe.each(sizes)("recurrent kernels over %i steps, %i rows and %i units", (T, B, U) => {
  const lengths = lengthsOf(B, T);
  const walks = [false, true].map((reverse) => ({ reverse, flow: true }));

  it.each(walks)("give the same bits with any number of threads, %o", async (walk) => {
    const tape = tensor(T + 1, B, U);
    const gY = tensor(T, B, U);
    const state = tensor(B, U);
    const gates = tensor(T, B, U, 4);
    const r1 = tensor(U, U);
    const r3 = tensor(U, U, 3);
    const r4 = tensor(U, U, 4);
    const rnn = { ...walk, activation: "tanh" } as const;
    const results = [
      await bitsOf("rnn", { projected: gY, recurrent: r1, h0: state, lengths }, rnn),
      await bitsOf("rnnGrad", { recurrent: r1, states: tape, gY, lengths }, rnn),
      await bitsOf(
        "lstm",
        { projected: gates, recurrent: r4, h0: state, c0: state, lengths },
        walk,
      ),
      await bitsOf(
        "lstmGrad",
        { recurrent: r4, cells: tape, gates, gY, gCells: gY, lengths },
        walk,
      ),
      await bitsOf(
        "gru",
        { projected: tensor(T, B, U, 3), recurrent: r3, bias: tensor(U), h0: state, lengths },
        walk,
      ),
      await bitsOf("gruGrad", { recurrent: r3, states: tape, gates, gY, lengths }, walk),
    ];
    for (const [alone = new Int32Array(0), ...others] of results) {
      expect(alone.length).toBeGreaterThan(B * U);
      for (const bits of others) expect(bits.every((word, i) => word === alone[i])).toBe(true);
    }
  });
});

describe("gradients on their way back", () => {
  const [T, B, U] = [6, 5, 8] as const;
  const walk = { reverse: false, flow: true };
  const rnn = { ...walk, activation: "tanh" } as const;
  const states = tensor(T + 1, B, U);
  const gates = tensor(T, B, U, 4);
  const r1 = tensor(U, U);
  const r3 = tensor(U, U, 3);
  const r4 = tensor(U, U, 4);

  /** Every output of the three gradients, given `value` as the gradient of the last step's state. */
  async function gradientsOf(value: number): Promise<number[]> {
    const data = new Float32Array(T * B * U).fill(value, (T - 1) * B * U);
    const gY: HostTensor = { type: { dtype: "f32", shape: [T, B, U] }, data };
    const [device] = devices;
    if (device === undefined) throw new Error("no device");
    const ended = { gY, lengths: undefined };
    const outs = [
      await runOp(device, "rnnGrad", ops.rnnGrad, { recurrent: r1, states, ...ended }, rnn),
      await runOp(
        device,
        "lstmGrad",
        ops.lstmGrad,
        { recurrent: r4, cells: states, gates, gCells: undefined, ...ended },
        walk,
      ),
      await runOp(device, "gruGrad", ops.gruGrad, { recurrent: r3, states, gates, ...ended }, walk),
    ];
    const tensors = outs.flatMap((out) => Object.values(out as Record<string, HostTensor>));
    return tensors.flatMap((out) => [...(out.data as Float32Array)]);
  }

  it("become 0 below 2^-96 rather than subnormal numbers", async () => {
    const gradients = await gradientsOf(1e-24);
    expect(gradients.some((x) => Math.abs(x) > 1e-25)).toBe(true);
    expect(gradients.filter((x) => x !== 0 && Math.abs(x) < 2 ** -126)).toEqual([]);
    expect((await gradientsOf(1e-30)).every((x) => x === 0)).toBe(true);
  });

  it("stay NaN where they are", async () => {
    const gradients = await gradientsOf(Number.NaN);
    expect(gradients.some((x) => Number.isNaN(x))).toBe(true);
  });
});
