/** Whole training steps with the kernels for hardware, on SwiftShader: what is folded and rides along, all together. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Device } from "../../../src/devices/device.ts";
import { ReferenceDevice } from "../../../src/devices/reference/device.ts";
import { cellWalks } from "../../../src/devices/webgpu/lowering/walk/index.ts";
import { callsOf } from "../../../src/scheduler/plan.ts";
import { drawTensor, keyFrom, relativeError, toHost } from "../../support/case-data.ts";
import { type HardwareKernels, openHardwareKernels } from "../../support/hardware-kernels.ts";
import { step } from "../../support/recurrent-modes.ts";
import { charLstm, cnn, planOf, type TrainingSetup } from "../../support/small-models.ts";

let kernels: HardwareKernels;
beforeAll(async () => {
  kernels = await openHardwareKernels({ unrolled: true });
});
afterAll(() => kernels.close());

/** What every binding holds after one step from the same numbers, by name. */
async function stepOn(on: Device, setup: TrainingSetup): Promise<Map<string, Float32Array>> {
  const plan = planOf(setup, on.traits);
  const program = await on.load(plan);
  const storages = plan.bindings.map(({ kind, name, bytes }) => {
    const storage = on.allocate(bytes);
    const type = kind === "input" ? setup.types[Number(/\d+$/.exec(name)?.[0])] : undefined;
    const drawn = type ?? { dtype: "f32" as const, shape: [bytes / 4] };
    const range = drawn.dtype === "i32" ? ([0, 9] as const) : ([0.05, 0.3] as const);
    if (kind !== "output")
      on.write(storage, 0, toHost(drawTensor(drawn, keyFrom(name), range)).data);
    return storage;
  });
  const reads = storages.map((storage) => ({ storage, byteOffset: 0, bytes: storage.bytes }));
  const held = await Promise.all(on.run(program, storages, reads));
  on.unload(program);
  for (const storage of storages) on.release(storage);
  return new Map(
    plan.bindings.map(({ name, bytes }, i) => [
      name,
      new Float32Array((held[i] ?? new ArrayBuffer(0)).slice(0, bytes)),
    ]),
  );
}

/** Two layers of 16 units, a dispatch a step, which is chosen above 256: as a wavefront. */
test("a step of an LSTM of two layers, a dispatch a step, gives what the reference gives", async () => {
  const forced = await openHardwareKernels({
    unrolled: true,
    instead: (target) => ({ walks: cellWalks(target, () => step) }),
  });
  const size = { steps: 3, hidden: 16, batch: 4, vocabulary: 11, layers: 2 };
  const labels = callsOf(planOf(charLstm(size), forced.device.traits).steps).map(
    ({ call, label }) => `${label}: ${call.kernel}`,
  );
  // The states that are kept or set to zero are made where the walk reads them, and the weights lie in one block.
  expect(labels.filter((label) => label === "recurrence × 2: recurrent/walk")).toHaveLength(3 + 1);
  expect(labels.filter((label) => /^recurrence × 2: (group|copy)/.test(label))).toEqual([]);
  await agrees(forced.device, () => charLstm(size));
  await forced.close();
});

test.each([
  ["LSTM", () => charLstm({ steps: 3, hidden: 16, batch: 5, vocabulary: 11 })],
  ["CNN", () => cnn(3, [4, 8])],
])("a step of the %s gives what the reference gives", (_, make) => agrees(kernels.device, make));

async function agrees(device: Device, make: () => TrainingSetup): Promise<void> {
  // A setup makes its optimizer's state when it is first planned: each device gets its own.
  const actual = await stepOn(device, make());
  const expected = await stepOn(new ReferenceDevice(), make());
  expect([...actual.keys()]).toEqual([...expected.keys()]);
  // f32 on both sides, through a few layers: well under 1e-4; a gradient that is missing or wrong is of order 1.
  for (const [name, values] of actual)
    expect(relativeError(values, expected.get(name) ?? []), name).toBeLessThan(1e-4);
  expect(actual.get("output 0")?.[0]).toBeGreaterThan(0);
}
