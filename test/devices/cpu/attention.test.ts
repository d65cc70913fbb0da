/** Attention's own kernels, also where products would be chosen, on the cpu device in each way it can be opened. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CpuOptions, openCpuDevice } from "../../../src/devices/cpu/index.ts";
import { cpuTraits } from "../../../src/devices/cpu/traits.ts";
import type { Device } from "../../../src/devices/device.ts";
import type { AttentionOp } from "../../../src/ops/vocabulary.ts";
import type { DeviceTraits } from "../../../src/scheduler/lowering.ts";
import { callsOf } from "../../../src/scheduler/plan.ts";
import { attentionCases } from "../../cases/attention.ts";
import type { Case } from "../../cases/case.ts";
import { caseInputs, toHost } from "../../support/case-data.ts";
import { checkCase } from "../../support/conformance.ts";
import { plannedCase } from "../../support/lowered-calls.ts";

const { attention } = cpuTraits;
if (attention === undefined) throw new Error("the cpu device has no kernels for attention");
const always: DeviceTraits = { ...cpuTraits, attention: { ...attention, takes: () => true } };

const forms: readonly CpuOptions[] = [
  { threads: 1 },
  { threads: 1, relaxedSimd: false },
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

const cases = Object.entries(attentionCases) as [AttentionOp, readonly Case<AttentionOp>[]][];
describe.each(cases)("%s", (op, own) => {
  it.each(own)("$name", async (of) => {
    for (const device of devices) expect(await checkCase(device, op, of, always)).toEqual([]);
  });
});

/** Everything that a case gives, bit by bit. */
async function bitsOf(device: Device, op: AttentionOp, of: Case<AttentionOp>): Promise<number[]> {
  const plan = plannedCase(always, op, of);
  const storages = plan.bindings.map(({ bytes }) => device.allocate(bytes));
  const ins = Object.values(caseInputs(op, of)).flatMap((held) => held ?? []);
  ins.forEach((tensor, i) => {
    const storage = storages[i];
    if (storage !== undefined) device.write(storage, 0, toHost(tensor).data);
  });
  const program = await device.load(plan);
  const reads = plan.results.map(({ binding, offset, type }) => ({
    storage: storages[binding] ?? { bytes: 0 },
    byteOffset: offset * 4,
    bytes: type.shape.reduce((a, b) => a * b, 4),
  }));
  const buffers = await Promise.all(device.run(program, storages, reads));
  device.unload(program);
  for (const storage of storages) device.release(storage);
  return buffers.flatMap((buffer) => [...new Int32Array(buffer)]);
}

describe("attention on the cpu device", () => {
  it("gives the same bits with any number of threads, also where keys are walked in ranges", async () => {
    const named = ["the gradient of attention of more keys than a range of them has"];
    const [of] = attentionCases.attentionGrad.filter(({ name }) => named.includes(name));
    if (of === undefined) throw new Error("there is no such case");
    const [one, , three] = devices;
    if (one === undefined || three === undefined) throw new Error("no device");
    const bits = await bitsOf(one, "attentionGrad", of);
    expect(bits.some((word) => word !== 0)).toBe(true);
    expect(await bitsOf(three, "attentionGrad", of)).toEqual(bits);
  });

  it("is one call, and its gradient another", () => {
    const [of] = attentionCases.attention;
    const [grad] = attentionCases.attentionGrad;
    const kernels = (steps: ReturnType<typeof plannedCase>["steps"]) =>
      callsOf(steps).map(({ call }) => call.kernel);
    expect(kernels(plannedCase(always, "attention", of).steps)).toEqual(["attention"]);
    expect(kernels(plannedCase(always, "attentionGrad", grad).steps)).toEqual(["attentionGrad"]);
  });
});
