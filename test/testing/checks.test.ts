/** The checks of gradgpu/testing that need devices, each where it holds and where it must not. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DeviceLostError } from "../../src/errors.ts";
import {
  add,
  exp,
  init,
  matmul,
  ones,
  type Runtime,
  sum,
  type Tensor,
  variable,
} from "../../src/functions.ts";
import {
  CheckFailedError,
  expectClose,
  gradcheck,
  leakcheck,
  nodeAdapter,
  runShader,
  sameOnAllDevices,
  seeded,
  withLostDevice,
} from "../../src/testing/index.ts";

let device: GPUDevice;
beforeAll(async () => {
  device = await (await nodeAdapter({ adapter: "software" })).requestDevice();
});
afterAll(() => device.destroy());

/** y = a·x + y, by hand: none of gradgpu's ops. */
const SAXPY = `
@group(0) @binding(0) var<uniform> a: f32;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64)
fn saxpy(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < arrayLength(&y)) { y[id.x] = a * x[id.x] + y[id.x]; }
}`;

async function saxpy(a: number, x: Float32Array, y: Float32Array, code = SAXPY) {
  const bindings = [Float32Array.of(a), x, y] as const;
  const workgroups = Math.ceil(x.length / 64);
  const [, , result] = await runShader(device, { code, bindings, workgroups });
  return result;
}

describe("a shader of one's own", () => {
  it.each(seeded(6))("is held to a loop, %s", async (draw) => {
    const n = draw.integer(1, 300);
    const [a, x, y] = [draw.float(), draw.floats(n), draw.floats(n)];
    const expected = x.map((v, i) => a * v + (y[i] ?? 0));
    expectClose(await saxpy(a, x, y), expected);
    const wrong = SAXPY.replace("a * x[id.x] +", "a * x[id.x] -");
    const results = await saxpy(a, x, y, wrong);
    expect(() => expectClose(results, expected)).toThrow(CheckFailedError);
  });

  it("is differentiated as it says", async () => {
    const value = (x: Float32Array, y: Float32Array) => saxpy(3, x, y);
    const gradient = (u: Float32Array) => [u.map((v) => 3 * v), u];
    const inputs = [seeded(1)[0]?.floats(20) ?? [], seeded(1)[0]?.floats(20) ?? []];
    await gradcheck({ value, gradient }, inputs);
    const wrong = (u: Float32Array) => [u.map((v) => 2.9 * v), u];
    await expect(gradcheck({ value, gradient: wrong }, inputs)).rejects.toThrow(CheckFailedError);
  });

  it("says which lines do not compile, and which bindings do not fit", async () => {
    const wrong = SAXPY.replace("a * x[id.x]", "a * z[id.x]");
    await expect(saxpy(1, Float32Array.of(1), Float32Array.of(1), wrong)).rejects.toThrow(
      /^runShader: the shader must compile; got 1 errors\. Correct the lines\.\n\n {2}7:\d+[\s\S]*z\[id\.x\]/,
    );
    const bindings = [Float32Array.of(1)];
    await expect(runShader(device, { code: SAXPY, bindings, workgroups: 1 })).rejects.toThrow(
      /must take the dispatch/,
    );
    const noDevice = runShader({} as GPUDevice, { code: SAXPY, bindings, workgroups: 1 });
    await expect(noDevice).rejects.toThrow(/a GPUDevice/);
  });
});

describe("sameOnAllDevices", () => {
  const a = { data: seeded(1)[0]?.floats(12) ?? [], shape: [3, 4] };
  const b = { data: seeded(1)[0]?.floats(20) ?? [], shape: [4, 5] };

  it("runs on the cpu, on WebGPU and on others that are handed in", async () => {
    const product = async (x: Float32Array, y: Float32Array) =>
      Float32Array.from({ length: 15 }, (_, at) => {
        const [i, j] = [Math.floor(at / 5), at % 5];
        return [0, 1, 2, 3].reduce((s, k) => s + (x[4 * i + k] ?? 0) * (y[5 * k + j] ?? 0), 0);
      });
    const found = await sameOnAllDevices(matmul, [a, b], { terms: 4, also: { "a loop": product } });
    expect(found.length).toBe(2);
    const wrong = async (x: Float32Array, y: Float32Array) =>
      (await product(x, y)).map((v) => v + 1e-3);
    await expect(
      sameOnAllDevices(matmul, [a, b], { devices: [], terms: 4, also: { "a loop": wrong } }),
    ).rejects.toThrow(/on a loop, result 0: elements must agree[\s\S]*\[\d, \d\]/);
  });

  it("finds a device that differs, by name", async () => {
    // Another expression at every trace: as a kernel that is wrong on one device.
    let traces = 0;
    const differing = (x: Tensor) => add(exp(x), traces++ === 2 ? 1e-3 : 0);
    await expect(sameOnAllDevices(differing, [[1, 2, 3]])).rejects.toThrow(
      /^sameOnAllDevices: on webgpu \(.*\), result 0:/,
    );
  });

  it("leaves a runtime that is open as it is", async () => {
    const { runtime } = await init({ device: "cpu", threads: 1 });
    await sameOnAllDevices((x) => sum(x), [[1, 2, 3]], { devices: ["cpu"], terms: 3 });
    expect(await ones([3]).data()).toEqual(Float32Array.of(1, 1, 1));
    await runtime.close();
  });
});

describe("withLostDevice", () => {
  it("loses a device of gradgpu's, in the middle of work", async () => {
    const result = await withLostDevice(async ({ device: doomed, lose }) => {
      const { runtime } = await init({ device: doomed });
      const waiting = exp(ones([1000])).data();
      const settled = waiting.then(
        () => undefined,
        (error: unknown) => error,
      );
      lose();
      const error = await settled;
      await runtime.close();
      return error;
    });
    expect(result).toBeInstanceOf(DeviceLostError);
  });

  it("tells code of any kind that the device is lost, not destroyed", async () => {
    const reason = await withLostDevice(async ({ device: doomed, lose }) => {
      lose();
      return (await doomed.lost).reason;
    });
    expect(reason).toBe("unknown");
  });

  it("finds what still waits, and tests that lose nothing", async () => {
    const hanging = withLostDevice(
      ({ lose }) => {
        lose();
        return new Promise(() => {});
      },
      { limitMs: 50 },
    );
    await expect(hanging).rejects.toThrow(
      /within 50 ms of the loss; got something that still waits/,
    );
    await expect(withLostDevice(() => 1)).rejects.toThrow(
      "withLostDevice: fn must lose the device; got an end without it. Call lose() where the loss is to come.",
    );
    await expect(withLostDevice(() => Promise.reject(new RangeError("own")))).rejects.toThrow(
      "own",
    );
  });
});

describe("leakcheck", () => {
  it("finds buffers that are kept, by their labels, whoever made them", async () => {
    const kept: GPUBuffer[] = [];
    const make = () => device.createBuffer({ size: 256, usage: 0x80, label: "forgotten" });
    await leakcheck(() => make().destroy(), { device });
    const leaking = leakcheck(() => kept.push(make()), { device });
    await expect(leaking).rejects.toThrow(/1280 bytes in 5 buffers more[\s\S]*forgotten +256 +7/);
    for (const buffer of kept) buffer.destroy();
    expect(Object.hasOwn(device, "createBuffer")).toBe(false);
  });

  it("finds textures, too", async () => {
    const kept: GPUTexture[] = [];
    const leaking = leakcheck(
      () =>
        kept.push(device.createTexture({ size: [4, 4], format: "rgba8unorm", usage: 0x1 | 0x2 })),
      { device, runs: 2 },
    );
    await expect(leaking).rejects.toThrow(
      /^leakcheck: a run must leave no memory behind; got 128 bytes in 2 buffers more after 2 runs \(.*\)\. Destroy or dispose of what a run makes, and keep no reference to it\./,
    );
    for (const texture of kept) texture.destroy();
  });

  it("finds none in a shader's run that gives everything back", () =>
    leakcheck(() => saxpy(2, Float32Array.of(1, 2), Float32Array.of(3, 4)), { device }));

  it.each(["cpu", "webgpu"] as const)(
    "looks at the memory of gradgpu's runtime on %s",
    async (name) => {
      const { runtime } = await init({ device: name, threads: 1 });
      await leakcheck(async () => {
        await exp(ones([100])).data();
      });
      await expect(leakcheck(() => keepOne(runtime))).rejects.toThrow(/buffers more after 5 runs/);
      for (const held of keeping.splice(0)) held.dispose();
      await runtime.close();
    },
  );

  it("asks for a device", () => expect(leakcheck(() => 1)).rejects.toThrow(/no device is open/));
});

const keeping: Tensor[] = [];

async function keepOne(runtime: Runtime): Promise<void> {
  const held = variable(new Float32Array(100));
  held.assign(add(held, 1));
  await held.data();
  await runtime.device.synchronise();
  keeping.push(held);
}
