/** Scans on real devices: what a case of one op and the composed computations do not show. */
import { afterEach, describe, expect, it } from "vitest";
import { openCpuDevice } from "../../src/devices/cpu/index.ts";
import type { Device } from "../../src/devices/device.ts";
import { openWebgpuDevice } from "../../src/devices/webgpu/index.ts";
import {
  add,
  cast,
  compile,
  drawNormal,
  embedding,
  grad,
  greater,
  keyOf,
  lstm,
  matmul,
  mul,
  reshape,
  type Shape,
  scan,
  sigmoid,
  sizeOf,
  slice,
  square,
  sum,
  type Tensor,
  tanh,
  tensor,
  zeros,
} from "../../src/functions.ts";
import { planStep } from "../../src/runtime/compile.ts";
import { dispatchesOf, submitsOf } from "../../src/scheduler/explain.ts";
import { callsOf } from "../../src/scheduler/plan.ts";
import { relativeError } from "../support/case-data.ts";
import { onHardware } from "../support/test-adapter.ts";
import { type DeviceName, devices, use } from "../training/open.ts";

const opened: Device[] = [];
afterEach(async () => {
  for (const device of opened.splice(0)) await device.close();
});
async function open(opening: Promise<Device>): Promise<void> {
  const device = await opening;
  opened.push(device);
  use(device);
}

const draw = (shape: Shape, seed: number) =>
  tensor(
    Float32Array.from(drawNormal(keyOf(seed), 0, sizeOf(shape)), (x) => x / 2),
    shape,
  );

const [T, B, I, H] = [9, 3, 5, 7];
const inputs = () => [draw([T, B, I], 1), draw([I, H, 4], 2), draw([H, H, 4], 3), draw([H, 4], 4)];

function byScan(...[x, input, recurrent, bias]: Tensor[]) {
  const [w, u, b] = [input, recurrent, bias].map((of) => reshape(of as Tensor, [-1, 4 * H])) as [
    Tensor,
    Tensor,
    Tensor,
  ];
  const { carry, ys } = scan(
    ({ h, c }, at) => {
      const a = reshape(add(add(matmul(at, w), matmul(h, u)), b), [B, H, 4]);
      const gate = (k: number) => reshape(slice(a, [0, 0, k], [-1, -1, 1]), [B, H]);
      const cell = add(mul(sigmoid(gate(1)), c), mul(sigmoid(gate(0)), tanh(gate(2))));
      const next = mul(sigmoid(gate(3)), tanh(cell));
      return { carry: { h: next, c: cell }, y: next };
    },
    { h: zeros([B, H]), c: zeros([B, H]) },
    x as Tensor,
  );
  return [ys, carry.h, carry.c] as const;
}

function fused(...[x, input, recurrent, bias]: Tensor[]) {
  const weights = { input, recurrent, bias } as Parameters<typeof lstm>[1];
  const { y, state } = lstm(x as Tensor, weights);
  return [y, state.h, state.c] as const;
}

/**
 * Both round about 12 sums of products and 10 functions a step, in another order: each within 22 · 9 steps · ε, and so
 * from each other within twice that, 2.4e-5; as errors do not all point one way, within a third of it.
 */
const TOLERANCE = 8e-6;

describe.each(Object.keys(devices) as DeviceName[])("on %s", (name) => {
  it("an lstm that is written as a scan agrees with the fused one, in value and gradient", async () => {
    await open(devices[name]());
    const both = compile((...all) =>
      [byScan, fused].map((run) => [
        ...run(...all),
        ...grad(
          (...own) => {
            const [y, h, c] = run(...own);
            return add(sum(square(y)), add(sum(h), sum(c)));
          },
          ...all,
        ),
      ]),
    );
    const [mine = [], theirs = []] = await both(...inputs());
    expect(mine.length).toBe(theirs.length);
    for (const [i, result] of mine.entries()) {
      const error = relativeError(await result.data(), (await theirs[i]?.data()) ?? []);
      expect(error, `result ${i}`).toBeLessThanOrEqual(TOLERANCE);
    }
  });

  it("a thousand steps count to a thousand, forwards and backwards", async () => {
    await open(devices[name]());
    const step = compile((start) => {
      const count = (reverse: boolean) =>
        scan(
          (c: Tensor, x: Tensor) => ({ carry: add(c, 1), y: add(c, x) }),
          start as Tensor,
          ones,
          {
            reverse,
          },
        );
      return [count(false), count(true)];
    });
    const ones = tensor(new Float32Array(1000).fill(1), [1000]);
    const [up, down] = await step(tensor([0], []));
    expect(await up?.carry.item()).toBe(1000);
    const numbers = Array.from({ length: 1000 }, (_, i) => i + 1);
    expect([...((await up?.ys.data()) ?? [])]).toEqual(numbers);
    expect([...((await down?.ys.data()) ?? [])]).toEqual(numbers.reverse());
  });
});

const withheld = () => openWebgpuDevice({ software: !onHardware, withhold: ["embedding"] });

describe("on webgpu", () => {
  const lookUp = (...[start, ids, table]: Tensor[]) =>
    scan(
      (c: Tensor, at: Tensor) => {
        // Ids that the carry has a say in are looked up in the loop.
        const ids = add(at, cast(greater(sum(c), 1e9), "i32"));
        const next = add(mul(c, 0.5), embedding(table as Tensor, ids));
        return { carry: next, y: next };
      },
      start as Tensor,
      ids as Tensor,
    );

  it("a run is one submission, and two a step where the loop visits the host", async () => {
    const types = [
      { dtype: "f32", shape: [2, 3] },
      { dtype: "i32", shape: [4, 2] },
      { dtype: "f32", shape: [5, 3] },
    ] as const;
    const results: Float32Array[] = [];
    for (const [opening, submits] of [
      [openWebgpuDevice({ software: !onHardware }), 1],
      // What stands before the loop; in each of 4 steps what stands before and behind the host's.
      [withheld(), 9],
    ] as const) {
      const device = await opening;
      opened.push(device);
      const plan = planStep((...all) => lookUp(...all).ys, types, device.traits);
      const program = await device.load(plan);
      const storages = plan.bindings.map(({ bytes }) => device.allocate(bytes));
      plan.bindings.forEach(({ kind, name }, i) => {
        const storage = storages[i];
        if (kind !== "input" || storage === undefined) return;
        const data = name.endsWith("1")
          ? Int32Array.of(0, 4, 1, 3, 2, 2, 5, 0)
          : Float32Array.from({ length: storage.bytes / 4 }, (_, k) => k / 4);
        device.write(storage, 0, data.subarray(0, (plan.bindings[i]?.bytes ?? 0) / 4));
      });
      const [result] = plan.results;
      const storage = storages[result?.binding ?? -1];
      if (storage === undefined) throw new Error("the plan has no result");
      const [bytes] = await Promise.all(
        device.run(program, storages, [{ storage, byteOffset: 0, bytes: 4 * 2 * 3 * 4 }]),
      );
      results.push(new Float32Array(bytes ?? new ArrayBuffer(0)));
      expect(program.counters.submits).toBe(submits);
      expect(submitsOf(plan)).toBe(submits);
      const host = callsOf(plan.steps).filter(({ call }) => call.kernel === "fallback").length;
      expect(program.counters.dispatches).toBe(dispatchesOf(plan.steps) - 4 * host);
      const times = await device.profile(program, storages);
      expect(times.length).toBe(callsOf(plan.steps).length);
      // A software adapter's clock may not tick within a small call.
      expect(times.every((time) => time >= 0) && times.some((time) => time > 0)).toBe(true);
    }
    expect(results[1]).toEqual(results[0]);
  });
});

describe("on the cpu", () => {
  it("a step on the fallback inside the loop sees each step's slice", async () => {
    const { cpuTraits } = await import("../../src/devices/cpu/traits.ts");
    await open(openCpuDevice({ threads: 2, parallelBytes: 0 }));
    const [device] = opened;
    if (device === undefined) throw new Error("no device");
    const lower = { ...cpuTraits.lower, reduce: { fallback: "withheld for a test" } };
    Object.defineProperty(device, "traits", { value: { ...cpuTraits, lower } });
    const xs = draw([6, 50], 9);
    const { carry, ys } = scan(
      (c: Tensor, x: Tensor) => ({ carry: add(c, sum(x)), y: mul(x, c) }),
      zeros([]),
      xs,
    );
    const values = await xs.data();
    const results = [await carry.item(), await ys.data()] as const;
    let [total, error] = [0, 0];
    for (let t = 0; t < 6; t++) {
      for (let i = 0; i < 50; i++) {
        const wanted = (values[50 * t + i] ?? 0) * total;
        error = Math.max(error, Math.abs((results[1][50 * t + i] ?? 0) - wanted));
      }
      for (const x of values.subarray(50 * t, 50 * t + 50)) total += x;
    }
    // 300 numbers of about 1/2 are added, each sum rounded to ε/2 of at most some 30.
    expect(error).toBeLessThan(1e-4);
    expect(results[0]).toBeCloseTo(total, 4);
  });
});
