/** Runs a group on a device and compares it with what `runGroup` makes of it. */
import type { Device } from "../../../src/devices/device.ts";
import { runGroup } from "../../../src/devices/reference/group.ts";
import type { Region } from "../../../src/scheduler/lowering.ts";
import { type DType, type HostArray, hostArray, viewAs } from "../../../src/tensor/dtype.ts";
import { sizeOf } from "../../../src/tensor/shape.ts";
import { handPlan } from "../hand-plan.ts";
import { generator, type RandomGroup } from "./random-group.ts";

/** What memory holds before anything is written. */
const UNTOUCHED = 12345;
const BEHIND = 8;

function randomData(dtype: DType, length: number, seed: number): HostArray {
  const random = generator(seed);
  const data = hostArray(dtype, length);
  for (let i = 0; i < length; i++) {
    const bits = random(2 ** 32);
    if (dtype === "f32") data[i] = random(16) === 0 ? (bits % 5) - 2 : (bits * 4) / 2 ** 32 - 2;
    else if (dtype === "bool") data[i] = bits % 2;
    else data[i] = random(8) === 0 ? 0 : (bits % 201) - (dtype === "i32" ? 100 : 0);
  }
  return data;
}

/** Nothing where the device computes what the reference does; undefined where it does not take the group at all. */
export async function checkGroup(
  device: Device,
  group: RandomGroup,
  seed: number,
): Promise<string[] | undefined> {
  const { groups, viewAlignment } = device.traits;
  const { program } = group;
  const addsRows = program.stores.some(({ isTotal }) => isTotal);
  if ((addsRows && groups.sumsRows !== true) || !groups.takes(program)) return undefined;
  const inputs = group.inputs.map(({ dtype, length }, i) =>
    randomData(dtype, length, seed * 31 + i),
  );
  const wanted = group.outputs.map(({ dtype, length, inPlace }): HostArray => {
    const own = inputs[inPlace ?? -1];
    if (own !== undefined) return own.slice();
    return hostArray(dtype, length).fill(UNTOUCHED);
  });
  const copies = inputs.map((data, i) => {
    const at = group.outputs.findIndex(({ inPlace }) => inPlace === i);
    return wanted[at] ?? data;
  });
  runGroup(program, copies, wanted);

  // Some regions begin inside their buffer; behind each lies something that nobody may touch.
  const lengths: number[] = [];
  const contents: HostArray[] = [];
  const region = (dtype: DType, data: HostArray): Region => {
    const offset = (seed % 3) * viewAlignment;
    const padded = hostArray(dtype, offset + data.length + BEHIND).fill(
      dtype === "bool" ? 1 : UNTOUCHED,
    );
    padded.set(data, offset);
    contents.push(padded);
    return {
      buffer: lengths.push(padded.length) - 1,
      offset,
      type: { dtype, shape: [data.length] },
    };
  };
  const ins = group.inputs.map(({ dtype }, i) => region(dtype, inputs[i] ?? hostArray(dtype, 0)));
  const outs = group.outputs.map(({ dtype, length, inPlace }) => {
    const own = ins[inPlace ?? -1];
    return own ?? region(dtype, hostArray(dtype, length).fill(UNTOUCHED));
  });
  const scratchLengths: number[] = [];
  const calls = groups.lower({
    program,
    ins,
    outs,
    scratch: (type) => ({
      buffer: lengths.length + scratchLengths.push(sizeOf(type.shape)) - 1,
      offset: 0,
      type,
    }),
  });
  const plan = handPlan(calls, lengths, scratchLengths);
  const storages = lengths.map((length) => device.allocate(4 * length));
  contents.forEach((data, i) => {
    const storage = storages[i];
    if (storage !== undefined) device.write(storage, 0, data);
  });
  const loaded = await device.load(plan);
  const reads = storages.map((storage) => ({ storage, byteOffset: 0, bytes: storage.bytes }));
  const results = await Promise.all(device.run(loaded, storages, reads));
  device.unload(loaded);
  for (const storage of storages) device.release(storage);
  return group.outputs.flatMap(({ dtype, error }, o) => {
    const { buffer, offset } = outs[o] as Region;
    const actual = viewAs(dtype, results[buffer] ?? new ArrayBuffer(0));
    const expected = contents[buffer]?.slice() ?? actual;
    expected.set(wanted[o] ?? [], offset);
    const at = expected.findIndex((x, i) => !isNear(actual[i] ?? Number.NaN, x, error));
    if (at < 0) return [];
    return [`output ${o} at ${at - offset}: got ${actual[at]}, not ${expected[at]} ± ${error}`];
  });
}

function isNear(actual: number, expected: number, error: number): boolean {
  return Object.is(actual, expected) || Math.abs(actual - expected) <= error;
}
