/**
 * Tensors larger than what a shader can bind (128 MiB on a device with WebGPU's default limits). The limit of these plans
 * is a few KiB, so that a small tensor is beyond it; what they compute is compared with the reference.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { backward } from "../../src/autodiff/backward.ts";
import type { WebgpuDevice } from "../../src/devices/webgpu/device.ts";
import { openWebgpuDevice } from "../../src/devices/webgpu/open.ts";
import { DEFAULT_LIMITS } from "../../src/devices/webgpu/target.ts";
import { webgpuTraits } from "../../src/devices/webgpu/traits.ts";
import { OutOfMemoryError } from "../../src/errors.ts";
import {
  add,
  arange,
  broadcastTo,
  concat,
  exp,
  logSoftmax,
  max,
  mean,
  mul,
  pad,
  scan,
  slice,
  softmax,
  sum,
  sumOfSquares,
  Tensor,
  transpose,
} from "../../src/functions.ts";
import type { GraphValue } from "../../src/graph/graph.ts";
import { isFallback } from "../../src/scheduler/lowering.ts";
import { callsOf, type Plan } from "../../src/scheduler/plan.ts";
import { schedule } from "../../src/scheduler/schedule.ts";
import { bytesOf } from "../../src/tensor/shape.ts";
import { checkAliasing } from "../support/check-plan.ts";
import { type NodeGpu, openTestGpu } from "../support/dawn.ts";
import { packedUpdate, updatesOf } from "../support/packed-update.ts";
import { input, planned, type TensorWish, wishOf } from "../support/plans.ts";
import { randomWish, whole } from "../support/random-graph.ts";
import { requestOf } from "../support/run-graph.ts";
import { onHardware } from "../support/test-adapter.ts";

const LIMIT = 4096;
const limits = { ...DEFAULT_LIMITS, maxStorageBufferBindingSize: LIMIT };

let device: WebgpuDevice;
let gpu: NodeGpu;
beforeAll(async () => {
  gpu = await openTestGpu();
  device = await openWebgpuDevice({ gpu: gpu.gpu, software: !onHardware });
});
afterAll(() => device.close());

const x = (...shape: number[]) => input("x", shape);
const y = (...shape: number[]) => input("y", shape);

const divided: { readonly [name: string]: () => TensorWish } = {
  "an elementwise op": () => ({ outputs: [add(x(5000), 1)] }),
  "two of them on as many elements as no vector divides": () => ({
    outputs: [mul(exp(x(7, 431)), y(7, 431))],
  }),
  "a row for all rows": () => ({ outputs: [add(x(37, 101), y(101))] }),
  "a row that is too large itself, for all rows": () => ({ outputs: [add(x(3, 2001), y(2001))] }),
  "a column for all columns": () => ({ outputs: [add(x(3, 2001), y(3, 1))] }),
  "a plane between others": () => ({ outputs: [mul(x(5, 1, 601), y(5, 7, 601))] }),
  "several results": () => {
    const a = x(2500);
    return { outputs: [exp(a), mul(exp(a), 2)] };
  },
  "a variable in place": () => {
    const v = x(3001);
    return { updates: [[v, add(mul(v, 2), y(3001))]] };
  },
  "a copy": () => {
    const v = x(3001);
    return { updates: [[v, y(3001)]] };
  },
  "a broadcast": () => ({ outputs: [broadcastTo(x(1, 33), [77, 33])] }),
  "a slice of what is too large": () => ({ outputs: [slice(x(50, 61), [3, 7], [40, 41])] }),
  "a small slice": () => ({ outputs: [slice(x(5003), [4999], [3])] }),
  "a padded tensor, stored and read where it lies": () => ({
    outputs: [
      pad(x(30, 61), [
        [41, 3],
        [0, 5],
      ]),
      add(pad(y(701), [[3000, 2500]]), 1),
    ],
  }),
  "a padded tensor for all rows": () => ({
    outputs: [add(broadcastTo(pad(x(9), [[70, 1]]), [40, 80]), y(40, 80))],
  }),
  "a transpose": () => ({ outputs: [transpose(x(70, 30))] }),
  "rows put one below the other": () => ({ outputs: [concat([x(1001), y(703)])] }),
  "columns put side by side": () => ({
    outputs: [concat([x(50, 21), y(50, 13)], 1), concat([x(3, 700), y(3, 901)], 1)],
  }),
  "numbers that count": () => ({ outputs: [arange(3003)] }),
  "a sum of everything": () => ({ outputs: [sum(x(9001)), mean(y(70, 71)), max(x(5001))] }),
  "sums of columns": () => ({
    outputs: [sum(x(301, 12), { axis: 0 }), mean(y(301, 12), { axis: 0 })],
  }),
  "sums of rows": () => ({ outputs: [sum(x(128, 12), { axis: 1 })] }),
  "an update of packed tensors, with the norm of the gradients": packedStep,
  "a loop and its gradient": () => looped(50, 4),
  "a loop whose steps begin anywhere": () => looped(47, 3),
  "a softmax": () => ({ outputs: [softmax(x(301, 11)), logSoftmax(y(301, 11))] }),
};

/** Parameters of one pack, one of which is too large itself. */
function packedStep(): TensorWish {
  const shapes = [[900], [31, 17], [2111], [0], [5]];
  const named = (name: string) => shapes.map((shape, i) => input(`${name}${i}`, shape));
  const [parameters, held] = [named("p"), named("m")];
  const gradients = named("g").map((g) => mul(g, 2));
  const next = packedUpdate(parameters, gradients, held, input("rate", []));
  return {
    outputs: [sumOfSquares(gradients, parameters)],
    updates: [...updatesOf(parameters, next.parameters), ...updatesOf(held, next.state)],
    packs: [parameters, held],
  };
}

const tensors = (list: readonly object[]) => list.map((value) => new Tensor(value as GraphValue));

/** A loop over sequences that are too large, from the first step or from the last. */
function looped(steps: number, rows: number): TensorWish {
  const start = input("h", [rows, 8]);
  const xs = input("xs", [steps, rows, 8]);
  const { carry, ys } = scan(
    (h: Tensor, x: Tensor) => {
      const next = mul(add(h, x), 0.5);
      return { carry: next, y: exp(next) };
    },
    start,
    xs,
  );
  const [loss, probe] = [sum(mul(carry, carry)), sum(ys)];
  const seed = { value: add(loss, probe).value, cotangent: add(mul(loss, 0), 1).value };
  return {
    outputs: [
      ys,
      carry,
      ...tensors(backward([seed], [start.value, xs.value]).flatMap((g) => g ?? [])),
    ],
  };
}

/** Numbers that an update makes sense with. */
const rangeOf = (name: string): readonly [number, number] =>
  ["rate", "scale", "apply", "v"].includes(name) ? [0.1, 1] : name === "step" ? [1, 5] : [-1, 1];

/** What a dispatch binds beyond the limit, and what is not done by the GPU. */
function faults(plan: Plan): string[] {
  return callsOf(plan.steps).flatMap(({ call, label }) =>
    isFallback(call)
      ? [`${call.op}: ${call.why}`]
      : call.operands
          .filter(({ region }) => bytesOf(region.type) > LIMIT || region.offset % 64 !== 0)
          .map(({ region }) => `${label} binds ${bytesOf(region.type)} bytes at ${region.offset}`),
  );
}

describe.each([
  ["a software GPU", webgpuTraits({ software: true, limits })],
  ["a GPU", webgpuTraits({ limits })],
])("beyond a binding's limit, for %s", (_, traits) => {
  it.each(Object.entries(divided))("%s is done in parts", async (_name, make) => {
    const plan = await planned(make(), traits, rangeOf, 1e-5, device);
    expect(faults(plan)).toEqual([]);
  });
});

it("random graphs with hardly any reach give what the ops give one by one", async () => {
  const own = { ...DEFAULT_LIMITS, maxStorageBufferBindingSize: 512 };
  const traits = webgpuTraits({ software: true, limits: own });
  for (let seed = 2000; seed < 2040; seed++) {
    const plan = await planned(randomWish(seed), traits, whole, 0, device).catch(
      (error: unknown) => {
        throw new Error(`graph ${seed}`, { cause: error });
      },
    );
    expect(checkAliasing(plan)).toEqual([]);
  }
});

it("a device with WebGPU's default limits adds to 160 MiB", async () => {
  const adapter = gpu.adapter;
  const gpuDevice = await adapter.requestDevice();
  const small = await openWebgpuDevice({ device: gpuDevice });
  const elements = 40 * 2 ** 20;
  const plan = schedule(requestOf(wishOf({ outputs: [add(x(elements), 1)] })), small.traits);
  const program = await small.load(plan);
  const storages = plan.bindings.map(({ bytes }) => small.allocate(bytes));
  const [given, result] = storages;
  if (given === undefined || result === undefined)
    throw new Error("there is a tensor and a result");
  small.write(given, 4 * (elements - 2), Float32Array.of(2, 3));
  await Promise.all(small.run(program, storages, []));
  const end = new Float32Array(await small.read(result, 4 * (elements - 2), 8));
  const border = new Float32Array(await small.read(result, 2 ** 27 - 4, 8));
  expect([...end, ...border]).toEqual([3, 4, 1, 1]);
  await small.close();
  gpuDevice.destroy();
});

it("what cannot be divided is named with its limit, when it is planned", () => {
  const own = { ...DEFAULT_LIMITS, maxStorageBufferBindingSize: 512 };
  const wish = () => {
    const carried = scan(
      (h: Tensor, s: Tensor) => ({ carry: add(h, s), y: h }),
      x(300),
      input("xs", [3, 300]),
    );
    return schedule(requestOf(wishOf({ outputs: [carried.ys] })), webgpuTraits({ limits: own }));
  };
  expect(wish).toThrow(OutOfMemoryError);
  expect(wish).toThrow(/512 bytes.*f32\[3, 1, 300, 1\]/);
});
