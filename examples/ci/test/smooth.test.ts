import {
  expectClose,
  gradcheck,
  leakcheck,
  openTestBrowser,
  seeded,
  withLostDevice,
} from "gradgpu/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { smooth } from "../src/smooth.ts";

/** What the shader must give, as a loop. */
function expected(x: ArrayLike<number>): number[] {
  const at = (i: number) => x[Math.min(Math.max(i, 0), x.length - 1)] ?? 0;
  return Array.from({ length: x.length }, (_, i) => (at(i - 1) + 2 * at(i) + at(i + 1)) / 4);
}

describe("in Node, by Dawn", () => {
  let device: GPUDevice;
  beforeAll(async () => {
    const adapter = await navigator.gpu.requestAdapter();
    if (adapter === null) throw new Error("there is no WebGPU adapter");
    device = await adapter.requestDevice();
    console.log(`adapter: ${adapter.info.description || adapter.info.vendor}`);
  });
  afterAll(() => device.destroy());

  test.each(seeded(10))("smooths as a loop does, %s", async (draw) => {
    const x = draw.floats(draw.integer(1, 200), -10, 10);
    expectClose(await smooth(device, x), expected(x), { terms: 3 });
  });

  test("is its own gradient: the filter is symmetric", () =>
    gradcheck(
      { value: (x) => smooth(device, x), gradient: async (u) => [await smooth(device, u)] },
      [[1, 4, 2, 8, 5, 7]],
    ));

  test("leaves no buffer behind", () =>
    leakcheck(() => smooth(device, Float32Array.of(1, 2, 3)), { device }));

  test("ends with the device", () =>
    withLostDevice(async ({ device: doomed, lose }) => {
      const smoothing = smooth(doomed, Float32Array.of(1, 2, 3));
      lose();
      await expect(smoothing).rejects.toThrow();
    }));
});

test("in Chrome", async () => {
  const browser = await openTestBrowser({ adapter: "auto" });
  try {
    console.log(`adapter: ${browser.adapter.description}, in ${browser.version}`);
    const x = [3, 1, 4, 1, 5, 9, 2, 6];
    expectClose((await browser.run("/src/smooth.ts", "smoothInPage", x)) as number[], expected(x));
  } finally {
    await browser.close();
  }
});
