/** Random fused programs, against an evaluation of the same program element by element. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openCpuDevice } from "../../../src/devices/cpu/index.ts";
import type { Device } from "../../../src/devices/device.ts";
import { runGroup } from "../../../src/devices/reference/group.ts";
import { castValue } from "../../../src/ops/casts.ts";
import type { BinaryName, UnaryName } from "../../../src/ops/scalars.ts";
import type { GroupInstruction, GroupProgram } from "../../../src/scheduler/group-program.ts";
import type { Region } from "../../../src/scheduler/lowering.ts";
import type { Plan } from "../../../src/scheduler/plan.ts";
import { type DType, type HostArray, hostArray, viewAs } from "../../../src/tensor/dtype.ts";
import { keyOf, words } from "../../../src/tensor/random.ts";
import { broadcastStrides, type Shape, sizeOf } from "../../../src/tensor/shape.ts";
import { relativeError } from "../../support/case-data.ts";
import { elementwiseProgram, groupCalls } from "../../support/elementwise-program.ts";

interface Sample {
  readonly program: GroupProgram;
  readonly inputs: readonly HostArray[];
  readonly types: readonly { dtype: DType; shape: Shape }[];
  /** Output i overwrites this input. */
  readonly inPlace: readonly (number | undefined)[];
}

/** Whole numbers below `bound`, one after the other. */
function generator(seed: number): (bound: number) => number {
  const bits = words(keyOf(seed), 0, 4000);
  let next = 0;
  return (bound) => (bits[next++ % bits.length] ?? 0) % bound;
}

const smooth: readonly UnaryName[] = [
  "neg",
  "abs",
  "tanh",
  "sigmoid",
  "relu",
  "square",
  "sin",
  "erf",
];
const arithmetic: readonly BinaryName[] = ["add", "sub", "mul", "max", "min"];

/** A program of f32 instructions, with a comparison and a `where` now and then. */
function sample(seed: number): Sample {
  const random = generator(seed);
  const rank = 1 + random(3);
  const shape = Array.from({ length: rank }, () => [1, 2, 3, 5, 17, 33, 129][random(7)] ?? 1);
  const types = Array.from({ length: 1 + random(4) }, (_, i) => ({
    dtype: "f32" as const,
    // The first is whole, so that it can be overwritten.
    shape: shape.map((n) => (i > 0 && random(3) === 0 ? 1 : n)),
  }));
  const inputs = types.map((type, i) => {
    const bits = words(keyOf(seed * 31 + i), 1, sizeOf(type.shape));
    return Float32Array.from(bits, (word) => (word >>> 8) * 2 ** -23 - 1);
  });
  const instructions: GroupInstruction[] = types.map(({ dtype }, input) => ({
    kind: "input",
    input,
    dtype,
  }));
  instructions.push({ kind: "literal", value: 0.5, dtype: "f32" });
  const floats = instructions.map((_, register) => register);
  const pick = () => floats[random(floats.length)] ?? 0;
  const push = (instruction: GroupInstruction) => instructions.push(instruction) - 1;
  for (let n = 1 + random(8); n > 0; n--) {
    const kind = random(5);
    if (kind < 2)
      floats.push(push({ kind: "unary", fn: smooth[random(8)] ?? "neg", x: pick(), dtype: "f32" }));
    else if (kind < 4) {
      const fn = arithmetic[random(5)] ?? "add";
      floats.push(push({ kind: "binary", fn, a: pick(), b: pick(), dtype: "f32" }));
    } else {
      const condition = push({ kind: "binary", fn: "less", a: pick(), b: pick(), dtype: "bool" });
      floats.push(push({ kind: "where", condition, a: pick(), b: pick(), dtype: "f32" }));
    }
  }
  const registers = Array.from({ length: 1 + random(2) }, () => pick());
  const inPlace = registers.map((_, i) => (i === 0 && random(2) === 0 ? 0 : undefined));
  const strides = types.map((type) => broadcastStrides(type.shape, shape));
  const program = elementwiseProgram(shape, strides, instructions, registers);
  return { program, inputs, types, inPlace };
}

/** The program's outputs in float64. */
function expected({ program, inputs }: Sample): Float64Array[] {
  const results = program.stores.map(() => new Float64Array(sizeOf(program.shape)));
  runGroup(program, inputs, results);
  return results;
}

async function runProgram(device: Device, of: Sample): Promise<Float32Array[]> {
  const { program, types, inputs, inPlace } = of;
  const ins = types.map((type, buffer): Region => ({ buffer, offset: 0, type }));
  const outType = { dtype: "f32", shape: program.shape } as const;
  const outs = program.stores.map((_, i): Region => {
    const overwritten = ins[inPlace[i] ?? -1];
    return overwritten ?? { buffer: ins.length + i, offset: 0, type: outType };
  });
  const bindings = [...types, ...outs.map(() => outType)].map((type, i) => ({
    kind: "variable" as const,
    bytes: sizeOf(type.shape) * 4,
    name: `${i}`,
  }));
  const plan: Plan = {
    device: "cpu",
    steps: groupCalls(device.traits, program, ins, outs).map((call) => ({
      kind: "call",
      call,
      label: "elementwise",
      why: "",
      barrierBefore: false,
    })),
    buffers: bindings.map(({ bytes }, place) => ({
      bytes,
      kind: "binding",
      place,
      offset: 0,
      lifetime: [0, 0],
    })),
    slots: [],
    bindings,
    results: [],
    memory: { peakBytes: 0, lowerBoundBytes: 0, unsharedBytes: 0 },
  };
  const storages = bindings.map(({ bytes }) => device.allocate(bytes));
  inputs.forEach((data, i) => {
    const storage = storages[i];
    if (storage !== undefined) device.write(storage, 0, data);
  });
  const loaded = await device.load(plan);
  const reads = outs.map(({ buffer }) => ({
    storage: storages[buffer] ?? { bytes: 0 },
    byteOffset: 0,
    bytes: sizeOf(program.shape) * 4,
  }));
  const results = await Promise.all(device.run(loaded, storages, reads));
  device.unload(loaded);
  for (const storage of storages) device.release(storage);
  return results.map((buffer) => new Float32Array(buffer));
}

describe("fused elementwise programs on the cpu device", () => {
  let device: Device;
  beforeAll(async () => {
    device = await openCpuDevice({ threads: 2, parallelBytes: 0 });
  });
  afterAll(() => device.close());

  it("200 random programs, some in place, give what each element gives alone", async () => {
    for (let seed = 1; seed <= 200; seed++) {
      const of = sample(seed);
      const wanted = expected(of);
      const actual = await runProgram(device, of);
      actual.forEach((values, i) => {
        const error = relativeError(values, wanted[i] ?? []);
        expect(error, `seed ${seed}, output ${i}`).toBeLessThanOrEqual(1e-5);
      });
    }
  });

  it("casts between all dtypes as the table says", async () => {
    const values: Readonly<Record<DType, readonly number[]>> = {
      f32: [0, -0.5, 1.9, -1.9, 3e9, -3e9, 5e9, Number.NaN, Infinity, -Infinity],
      i32: [0, 1, -1, 2147483647, -2147483648],
      u32: [0, 1, 4294967295, 2147483648],
      bool: [0, 1],
    };
    const dtypes = ["f32", "i32", "u32", "bool"] as const;
    for (const from of dtypes) {
      for (const to of dtypes) {
        const given = values[from];
        const type = { dtype: from, shape: [given.length] };
        const data = hostArray(from, given.length);
        data.set(given);
        const program = elementwiseProgram(
          [given.length],
          [[1]],
          [
            { kind: "input", input: 0, dtype: from },
            { kind: "cast", x: 0, dtype: to },
          ],
        );
        const bits = await runProgram(device, {
          program,
          inputs: [data],
          types: [type],
          inPlace: [undefined],
        });
        const actual = viewAs(to, bits[0]?.buffer ?? new ArrayBuffer(0));
        const wanted = hostArray(to, given.length);
        wanted.set([...data].map((x) => castValue(x, from, to)));
        expect([...actual], `${from} to ${to}`).toEqual([...wanted]);
      }
    }
  });
});
