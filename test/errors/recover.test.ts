/** `runtime.snapshot` and `runtime.recover`: what a program without a Trainer goes on from. */
import { afterEach, describe, expect, it } from "vitest";
import { CpuDevice } from "../../src/devices/cpu/device.ts";
import { WebgpuDevice } from "../../src/devices/webgpu/index.ts";
import { webgpu } from "../../src/devices/webgpu/opener.ts";
import { DeviceLostError, DisposedError } from "../../src/errors.ts";
import {
  add,
  compile,
  exp,
  type InitOptions,
  init,
  mul,
  ones,
  tensor,
  uniform,
  variable,
} from "../../src/functions.ts";
import { nn } from "../../src/index.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { onHardware } from "../support/test-adapter.ts";

const open: Runtime[] = [];
async function start(options: InitOptions): Promise<Runtime> {
  const { runtime } = await init(options);
  open.push(runtime);
  return runtime;
}
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

async function crash({ device }: Runtime): Promise<void> {
  if (device instanceof WebgpuDevice) device.gpuDevice.destroy();
  else if (device instanceof CpuDevice) device.lose("a worker crashed");
  await device.lost;
}

describe.each(["cpu", "webgpu"] as const)("a runtime on %s", (name) => {
  it("goes on from its snapshot on a device of the same kind, with the same random numbers", async () => {
    const run = async (isLost: boolean) => {
      const runtime = await start({ device: name, threads: 1, seed: 3 });
      const held = variable([1, 2, 3], [3], "held");
      const step = compile((x) => {
        held.assign(add(mul(held, x), uniform([3])));
        return held;
      });
      await step(2);
      await step(3);
      await runtime.snapshot([held]);
      const kept = await held.data();
      await step(100);
      if (isLost) {
        await crash(runtime);
        const next = await runtime.recover([held]);
        expect(next).not.toBe(runtime);
        expect(next.device.name).toBe(name);
        expect([...(await held.data())]).toEqual([...kept]);
      } else held.load(kept);
      await step(5);
      const drawn = await uniform([2]).data();
      const end = [...(await held.data()), ...drawn];
      if (isLost) {
        const known = await init({ device: name, threads: 1, seed: 3 });
        expect(known.runtime).toBe(await runtime.recover());
      }
      await Promise.all(open.splice(0).map((one) => one.close()));
      return end;
    };
    expect(await run(true)).toEqual(await run(false));
  });
});

describe("recover", () => {
  it("names what was not kept, and leaves it to whoever uses it to be told", async () => {
    const runtime = await start({ device: "cpu", threads: 1 });
    const [kept, gone] = [variable([1], [1], "kept"), variable([2], [1], "gone")];
    const made = exp(ones([2000]));
    await Promise.all([add(kept, gone).data(), made.data()]);
    await runtime.snapshot([kept]);
    await crash(runtime);
    await expect(runtime.recover([kept, gone])).rejects.toThrow(/snapshot.*got none of gone/);
    await expect(runtime.recover([gone])).rejects.toBeInstanceOf(DeviceLostError);
    const next = await runtime.recover([kept]);
    expect([...(await add(kept, 1).data())]).toEqual([2]);
    await expect(add(gone, 1).data()).rejects.toThrow(/^gone: .*lost/);
    await expect(made.data()).rejects.toBeInstanceOf(DeviceLostError);
    expect(await next.recover()).toBe(next);
  });

  it("of a model puts it where the device is that took over", async () => {
    const runtime = await start({ device: "cpu", threads: 1 });
    const model = nn.linear(3, 2, { seed: 1 });
    const before = [...(await model(ones([1, 3])).data())];
    await runtime.snapshot(model.parameters());
    await crash(runtime);
    const other = await start({ device: "cpu", threads: 1, seed: 9 });
    const next = await runtime.recover(model.parameters());
    expect([...(await model(ones([1, 3])).data())]).toEqual(before);
    expect(model.parameters().every(({ cell }) => cell.block.owner === next)).toBe(true);
    expect(other.memory().bytes).toBeLessThan(1000);
  });

  it("is refused once the runtime is closed", async () => {
    const runtime = await start({ device: "cpu", threads: 1 });
    await crash(runtime);
    await runtime.close();
    await expect(runtime.recover()).rejects.toBeInstanceOf(DisposedError);
  });

  it("closes with what has taken over", async () => {
    const runtime = await start({ device: "cpu", threads: 1 });
    await crash(runtime);
    const next = await runtime.recover();
    await runtime.close();
    expect(next.isDead).toBe(true);
    await expect(exp(tensor([1])).data()).rejects.toThrow();
  });

  it("takes the cpu where the GPUDevice was the caller's, and another one of a function that gives them", async () => {
    const first = await start({ device: webgpu({ software: !onHardware }) });
    const adapterOf = async () => {
      if (!(first.device instanceof WebgpuDevice)) throw new Error("not the webgpu device");
      const { runtime } = await init({ device: "webgpu", seed: 77 });
      open.push(runtime);
      if (!(runtime.device instanceof WebgpuDevice)) throw new Error("not the webgpu device");
      return runtime.device.gpuDevice;
    };
    const own = await start({ device: await adapterOf(), threads: 1 });
    await crash(own);
    expect((await own.recover()).device.name).toBe("cpu");
    const given = await start({ device: adapterOf });
    await crash(given);
    expect((await given.recover()).device.name).toBe("webgpu");
  });

  it("takes the cpu when a GPU is lost a second time before anything has come of it", async () => {
    const runtime = await start({ device: "webgpu", threads: 1 });
    await crash(runtime);
    const second = await runtime.recover();
    expect(second.device.name).toBe("webgpu");
    await crash(second);
    const third = await second.recover();
    expect(third.device.name).toBe("cpu");
    expect([...(await exp(tensor([0])).data())]).toEqual([1]);
  });
});
