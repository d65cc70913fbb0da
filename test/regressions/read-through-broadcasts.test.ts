/**
 * A group that is joined with another in another space may read through a broadcast that it has read as it was stored. What
 * the broadcast shows had been read by that one alone, and was stored no more: "a value is read before it has a place".
 */
import { afterAll, expect, it } from "vitest";
import type { Device } from "../../src/devices/device.ts";
import { CheckedFunction } from "../support/graphs/check-function.ts";
import { devices, use } from "../training/open.ts";

let device: Device | undefined;
afterAll(() => device?.close());

it("a group reads nothing of which only a broadcast is stored", async () => {
  device = await devices.webgpu();
  use(device);
  // Norms, logSumExp and a standard deviation, repeated and flipped, differentiated twice: compiled, with numbers as data.
  const checked = new CheckedFunction(20311136);
  const { ops, failure } = await checked.check(1);
  expect(failure).toBeUndefined();
  expect(ops).toContain("repeat");
  checked.dispose();
});
