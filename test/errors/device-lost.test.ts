/** A device that ends in the middle of things: everything that somebody waits for is rejected, in time and by name. */
import { describe, expect, it } from "vitest";
import { CpuDevice } from "../../src/devices/cpu/device.ts";
import { WebgpuDevice } from "../../src/devices/webgpu/index.ts";
import { DeviceLostError, GradgpuError } from "../../src/errors.ts";
import { compile, exp, init, matmul, ones, sum, type Tensor, tensor } from "../../src/functions.ts";
import { losses, nn, optim, Trainer } from "../../src/index.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";

/** After a fault every promise settles: in milliseconds, and within this on a machine that is busy. */
const LIMIT_MS = 20_000;

/** As a crash of the GPU process, or of a worker, would. */
function crash({ device }: Runtime): void {
  if (device instanceof WebgpuDevice) device.gpuDevice.destroy();
  else if (device instanceof CpuDevice) device.lose("a worker crashed");
  else throw new Error("this device cannot be crashed");
}

/** A GPU's driver says why in words of its own. */
const LOST = {
  webgpu:
    /^webgpu: the device must stay alive; got lost \(.+\)\. Open a device again, or use the cpu device\.$/,
  cpu: /^cpu: the device must be open to be used; got the end of its workers: a worker crashed\. Open a new device\.$/,
};

const endless = {
  x: { data: new Float32Array(8), shape: [2, 4], dtype: "f32" as const },
  y: { data: new Int32Array(2), shape: [2], dtype: "i32" as const },
};

describe.each(["webgpu", "cpu"] as const)("when %s is lost", (name) => {
  it("every promise is rejected with a DeviceLostError soon, and so is all that follows", async () => {
    const { runtime } = await init({ device: name, threads: 2 });
    const step = compile((x) => sum(matmul(x as Tensor, x as Tensor)));
    const size = 64;
    await (await step(ones([size, size]))).item();
    const held = exp(ones([10]));
    await held.data();
    const waiting = [
      step(ones([size, size])).then((loss) => loss.item()),
      step(ones([65, 65])).then((loss) => loss.item()),
      exp(ones([1000])).data(),
      runtime.device.synchronise(),
    ];
    const settled = Promise.allSettled(waiting);
    // Microtasks only: calls get under way, but no result can arrive before the loss.
    for (let i = 0; i < 50; i++) await Promise.resolve();
    const start = performance.now();
    crash(runtime);
    const results = await settled;
    expect(performance.now() - start).toBeLessThan(LIMIT_MS);
    for (const result of results) {
      expect(result.status).toBe("rejected");
      if (result.status === "rejected") expect(result.reason).toBeInstanceOf(DeviceLostError);
    }
    expect(await runtime.device.lost).toBeInstanceOf(DeviceLostError);
    expect((await runtime.device.lost).message).toMatch(LOST[name]);
    await expect(exp(tensor([1, 2])).data()).rejects.toThrow(DeviceLostError);
    await expect(step(ones([size, size]))).rejects.toThrow(DeviceLostError);
    // What lies on it may still be given back, by hand or by the garbage collector.
    held.dispose();
    await runtime.close();
  });

  it("training without recovery ends with it, and goes on from the state dict on another device", async () => {
    const { runtime } = await init({ device: name, threads: 2, seed: 5 });
    const build = () => nn.sequential(nn.linear(4, 3));
    const train = (model: nn.Module) =>
      new Trainer(model, {
        loss: losses.crossEntropy,
        optimizer: optim.sgd({ learningRate: 0.1 }),
        recovery: false,
      });
    function* forever() {
      while (true) yield endless;
    }
    const model = build();
    const saved = await model.stateDict();
    const run = async () => {
      for await (const { step } of train(model).fit(forever, { batchSize: 2 })) {
        if (step === 5) crash(runtime);
      }
    };
    await expect(run()).rejects.toThrow(DeviceLostError);
    await runtime.close();

    const next = await init({ device: "cpu", threads: 1 });
    const again = build();
    again.loadStateDict(saved);
    for await (const { step, loss } of train(again).fit(forever, { batchSize: 2 })) {
      expect(Number.isFinite(loss)).toBe(true);
      if (step === 3) break;
    }
    await next.runtime.close();
  });
});

describe("init", () => {
  it("refuses a device that there is not, with the ones that there are", async () => {
    // A name that TypeScript would refuse as well.
    const wrong = init({ device: "tpu" as "cpu" });
    await expect(wrong).rejects.toThrow(
      /"auto", "webgpu", "cpu", a GPUDevice or an opener; got "tpu"/,
    );
    await expect(wrong).rejects.toBeInstanceOf(GradgpuError);
  });

  it("takes the cpu by itself where there is only a software GPU, and says why", async () => {
    const { runtime, device, why } = await init();
    expect(["cpu", "webgpu"]).toContain(device);
    expect(why).toBe(device === "cpu" ? "there is no hardware GPU" : "there is a hardware GPU");
    await runtime.close();
  });

  it("uses a GPUDevice that is handed in, and leaves it open at the end", async () => {
    const first = await init({ device: "webgpu" });
    const { device } = first.runtime;
    if (!(device instanceof WebgpuDevice)) throw new Error("not the webgpu device");
    const { runtime } = await init({ device: device.gpuDevice });
    expect([...(await exp(tensor([0])).data())]).toEqual([1]);
    await runtime.close();
    const buffer = device.gpuDevice.createBuffer({ size: 4, usage: 0x80 });
    buffer.destroy();
    const second = await init({ device: device.gpuDevice });
    expect([...(await exp(tensor([0])).data())]).toEqual([1]);
    await second.runtime.close();
    await first.runtime.close();
  });
});
