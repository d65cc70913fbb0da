/** What is said of tensors whose device is gone, of devices that are full, and of calls that come too late. */
import { afterAll, describe } from "vitest";
import { ReferenceDevice } from "../../../src/devices/reference/device.ts";
import { DeviceLostError } from "../../../src/errors.ts";
import { add, ones, type Variable, variable, zeros } from "../../../src/functions.ts";
import { Block } from "../../../src/runtime/cell.ts";
import { type ErrorRow, holdTexts } from "../../support/error-rows.ts";
import { CountingDevice, openCounting } from "../runtime/open.ts";

afterAll(() => {
  openCounting();
});

/** A device that is lost when a test says so. */
class Mortal extends CountingDevice {
  #fall: (error: DeviceLostError) => void = () => undefined;
  override readonly lost = new Promise<DeviceLostError>((resolve) => {
    this.#fall = resolve;
  });
  async lose(): Promise<void> {
    this.#fall(new DeviceLostError("it was unplugged."));
    await this.lost;
    // The runtime hears of it, too.
    await new Promise((resolve) => setTimeout(resolve));
  }
}

/** A variable of more elements than stay on the host, computed on a device of its own. */
async function lying(device = new Mortal()) {
  const { runtime } = openCounting({}, device);
  const held: Variable = variable(new Float32Array(5000), [5000], "held");
  held.assign(add(held, 1));
  await held.data();
  return { runtime, device, held };
}

const how =
  "What was saved before can be loaded and goes where init() or runtime.recover() has opened a device since: model.loadStateDict(saved), trainer.loadState(saved); other tensors have to be made again.";

const rows: readonly ErrorRow[] = [
  [
    `held: a tensor can be used as long as its runtime is open; got one of reference kernels, which was closed. ${how}`,
    async () => {
      const { runtime, held } = await lying();
      await runtime.close();
      openCounting();
      await held.data();
    },
  ],
  [
    `held: a tensor can be used as long as its device is there; got one of reference kernels, which was lost. ${how}`,
    async () => {
      const { device, held } = await lying();
      await device.lose();
      openCounting();
      await held.data();
    },
  ],
  [
    "recover: what is needed must have been kept by runtime.snapshot(variables); got none of held. Load it from where it was saved.",
    async () => {
      const { runtime, device, held } = await lying();
      await device.lose();
      await runtime.recover([held]);
    },
  ],
  [
    "w: its elements are gone. Load or make them again.",
    () => {
      throw new Block(4).obituary("w");
    },
  ],
  [
    "runtime: the device has been closed. Call init() to open one.",
    async () => {
      const { runtime } = openCounting();
      await runtime.close();
      await runtime.enqueue(() => undefined);
    },
  ],
  [
    "runtime: a tensor can only be used on the device that it lies on; got tensors of two runtimes, reference kernels and reference kernels. Move a model with moveTo(runtime), or read a tensor with data() and make a new one.",
    async () => {
      const { held: one } = await lying();
      const { held: other } = await lying();
      await add(one, other).data();
    },
  ],
  [
    "memory: the budget of 4000 bytes must not be exceeded; got 512 held and 400000 more asked for. Use a smaller batch or window, dispose of tensors, or raise memoryBudget in init().",
    async () => {
      openCounting({ memoryBudget: 4000 });
      await add(ones([100_000]), zeros([100_000])).data();
    },
  ],
  [
    "reference: the device must be open; got a call after close(). Open a device again.",
    async () => {
      const device = new ReferenceDevice();
      await device.close();
      device.allocate(4);
    },
  ],
  [
    "reference: the device must be open; got closed. Open a device again.",
    async () => {
      const device = new ReferenceDevice();
      await device.close();
      throw await device.lost;
    },
  ],
];

describe("errors of devices and their tensors", () => holdTexts(rows));
