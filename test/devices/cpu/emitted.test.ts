/** What becomes of emitted functions. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openCpuDevice } from "../../../src/devices/cpu/index.ts";
import type { Device } from "../../../src/devices/device.ts";
import type { GroupInstruction } from "../../../src/scheduler/group-program.ts";
import { elementwiseProgram, groupCalls } from "../../support/elementwise-program.ts";
import { handPlan, vector } from "../../support/hand-plan.ts";

const LENGTH = 21;

/** Ten functions of one number, by the bits of `index`: no two have one structure. */
function lower(device: Device, index: number) {
  const instructions: GroupInstruction[] = [{ kind: "input", input: 0, dtype: "f32" }];
  for (let bit = 0; bit < 11; bit++) {
    const fn = (index >> bit) % 2 === 0 ? "neg" : "floor";
    instructions.push({ kind: "unary", fn, x: bit, dtype: "f32" });
  }
  const program = elementwiseProgram([LENGTH], [[1]], instructions);
  return groupCalls(device.traits, program, [vector(0, LENGTH)], [vector(1, LENGTH)]);
}

const expected = (index: number, x: number): number => {
  let y = x;
  for (let bit = 0; bit < 11; bit++) y = (index >> bit) % 2 === 0 ? -y : Math.floor(y);
  return y;
};

describe.each([
  { name: "two threads", options: { threads: 2, parallelBytes: 0 } },
  { name: "memory that is not shared", options: { shared: false } },
])("emitted functions, $name", ({ options }) => {
  let device: Device;
  beforeAll(async () => {
    device = await openCpuDevice(options);
  });
  afterAll(() => device.close());

  it("those that no program calls are forgotten by the thousand, those of loaded programs are not, and any are made again", async () => {
    const x = Float32Array.from({ length: LENGTH }, (_, i) => i / 2 - 5);
    const storages = [x, x].map((data) => {
      const storage = device.allocate(4 * LENGTH);
      device.write(storage, 0, data);
      return storage;
    });
    const check = async (index: number, program: Awaited<ReturnType<Device["load"]>>) => {
      const [, out] = storages;
      const reads = out === undefined ? [] : [{ storage: out, byteOffset: 0, bytes: out.bytes }];
      const [result] = await Promise.all(device.run(program, storages, reads));
      const wanted = Float32Array.from(x, (value) => expected(index, value));
      expect([...new Float32Array(result ?? new ArrayBuffer(0))], `${index}`).toEqual([...wanted]);
    };
    const load = (index: number) => device.load(handPlan(lower(device, index), [LENGTH, LENGTH]));
    const held = await load(0);
    for (let index = 1; index < 1100; index++) {
      const program = await load(index);
      if (index % 100 === 0) await check(index, program);
      device.unload(program);
    }
    await check(0, held);
    for (const index of [1, 500, 1050, 2047]) {
      const program = await load(index);
      await check(index, program);
      device.unload(program);
    }
    device.unload(held);
  }, 60_000);
});
