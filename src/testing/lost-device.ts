import { callable, check, checkOptions, positive } from "../arguments.ts";
import { type AdapterWish, adapterWish } from "./adapter.ts";
import { CheckFailedError } from "./check-failed.ts";
import { openGpuDevice } from "./gpu-device.ts";
import type { Gpu } from "./node-adapter.ts";

/** What `withLostDevice` is told. */
export interface LostDeviceOptions {
  /** Default "auto". In a page the adapter is the page's. */
  readonly adapter?: AdapterWish;
  /** Milliseconds in which everything must have settled after the loss. Default 2,000. */
  readonly limitMs?: number;
}

/** A device that can be lost when the test wants it. */
export interface DoomedDevice {
  /** A GPUDevice, which works until `lose()`. */
  readonly device: Gpu;
  /** As a driver's reset does it: `device.lost` settles with the reason "unknown", and the device is gone. */
  lose(): void;
}

/**
 * Runs `fn` with a GPUDevice that it loses by `lose()`, for whatever uses it: `init({ device })`, or WebGPU code of any
 * kind. What `fn` gives is given on. `fn` itself says what is expected: that work under way is rejected, that a page says
 * so, that another device takes over.
 * @throws CheckFailedError where `fn` does not lose the device, or has not settled in time after the loss, which is what
 *   waiting for work that never ends looks like; DeviceUnavailableError; what `fn` throws
 */
export async function withLostDevice<T>(
  fn: (doomed: DoomedDevice) => T | Promise<T>,
  options: LostDeviceOptions = {},
): Promise<T> {
  check("withLostDevice", "fn", fn, callable);
  checkOptions("withLostDevice", options, { adapter: adapterWish, limitMs: positive });
  const { adapter = "auto", limitMs = 2000 } = options;
  const device = await openGpuDevice("withLostDevice", adapter);
  let settleLost: (info: object) => void = () => {};
  // A device that is destroyed says that it was, and programs rightly take that for their own doing.
  const lost = new Promise<object>((resolve) => {
    settleLost = resolve;
  });
  Object.defineProperty(device, "lost", { value: lost });
  let startLimit: () => void = () => {};
  const late = new Promise<"late">((resolve) => {
    startLimit = () => setTimeout(() => resolve("late"), limitMs);
  });
  let isLost = false;
  const lose = () => {
    if (isLost) return;
    isLost = true;
    device.destroy();
    settleLost({ reason: "unknown", message: "lost by withLostDevice" });
    startLimit();
  };
  try {
    const running = (async () => ({ result: await fn({ device, lose }) }))();
    const ended = await Promise.race([running, late]);
    if (ended === "late") {
      running.catch(() => undefined);
      throw new CheckFailedError(
        `withLostDevice: everything must settle within ${limitMs} ms of the loss; got something that still waits. Race what is awaited against device.lost.`,
      );
    }
    if (!isLost) {
      throw new CheckFailedError(
        "withLostDevice: fn must lose the device; got an end without it. Call lose() where the loss is to come.",
      );
    }
    return ended.result;
  } finally {
    device.destroy();
  }
}
