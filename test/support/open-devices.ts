/** Devices for tests of what every device owes. */
import { openCpuDevice } from "../../src/devices/cpu/index.ts";
import type { Device, Storage } from "../../src/devices/device.ts";
import { ReferenceDevice } from "../../src/devices/reference/device.ts";
import { openWebgpuDevice } from "../../src/devices/webgpu/index.ts";
import type { BinaryName } from "../../src/ops/scalars.ts";
import type { KernelCall, Region } from "../../src/scheduler/lowering.ts";
import type { Plan } from "../../src/scheduler/plan.ts";
import { elementwiseProgram, groupCalls } from "./elementwise-program.ts";
import { handPlan, vector } from "./hand-plan.ts";
import { onHardware } from "./test-adapter.ts";

export const openers: Readonly<Record<Device["name"], () => Promise<Device>>> = {
  cpu: () => openCpuDevice({ threads: 2, parallelBytes: 0 }),
  webgpu: () => openWebgpuDevice({ software: !onHardware }),
  reference: async () => new ReferenceDevice(),
};

export const deviceNames = Object.keys(openers) as Device["name"][];

/** out = a fn b, element by element, as `device` does it. */
export function binaryCalls(
  device: Device,
  fn: BinaryName,
  a: Region,
  b: Region,
  out: Region,
): readonly KernelCall[] {
  const program = elementwiseProgram(
    out.type.shape,
    [[1], [1]],
    [
      { kind: "input", input: 0, dtype: "f32" },
      { kind: "input", input: 1, dtype: "f32" },
      { kind: "binary", fn, a: 0, b: 1, dtype: "f32" },
    ],
  );
  return groupCalls(device.traits, program, [a, b], [out]);
}

/** out = (2x)² + x over f32[n], with 2x in a temporary and, of another size, (2x)² in one. */
export function squarePlan(device: Device, n: number): Plan {
  const [x, out, twice, square] = [0, 1, 2, 3].map((buffer) => vector(buffer, n));
  if (!x || !out || !twice || !square) throw new Error("no regions");
  return handPlan(
    [
      ...binaryCalls(device, "add", x, x, twice),
      ...binaryCalls(device, "mul", twice, twice, square),
      ...binaryCalls(device, "add", square, x, out),
    ],
    [n, n],
    [n, 2 * n],
  );
}

export async function floats(device: Device, storage: Storage, count = storage.bytes / 4) {
  return [...new Float32Array(await device.read(storage, 0, count * 4))];
}

export function storageOf(device: Device, values: readonly number[]): Storage {
  const storage = device.allocate(values.length * 4);
  device.write(storage, 0, Float32Array.from(values));
  return storage;
}
