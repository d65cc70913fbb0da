/** Rows too long for a case: beyond a thread's own memory on the cpu, and many merges on a GPU. */
import { afterEach, describe, expect, it } from "vitest";
import type { Device } from "../../src/devices/device.ts";
import { argsort, tensor } from "../../src/functions.ts";
import { deviceNames, devices, use } from "../training/open.ts";

let device: Device | undefined;
afterEach(() => device?.close());

describe.each(deviceNames)("argsort on %s", (name) => {
  it.each([
    [2, 2 ** 16 + 1],
    [1, 2 ** 20],
  ])("puts %i × %i numbers in order, equal ones as they stand", async (rows, n) => {
    device = await devices[name]();
    use(device);
    // Some 2,000 different numbers, so that most have equals.
    const x = Float32Array.from({ length: rows * n }, (_, i) => Math.trunc(1e3 * Math.sin(i * i)));
    const order = await argsort(tensor(x, [rows, n])).data();
    for (let row = 0; row < rows; row++) {
      const own = x.subarray(row * n, (row + 1) * n);
      // Array.prototype.sort is stable.
      const wanted = Int32Array.from(own.keys()).sort(
        (a, b) => (own[a] ?? 0) - (own[b] ?? 0) || a - b,
      );
      const got = Int32Array.from(order.subarray(row * n, (row + 1) * n));
      expect(got.findIndex((place, i) => place !== wanted[i])).toBe(-1);
    }
  });
});
