/** Pictures of a page in headless Chrome: values are the colours that were drawn, whatever shows them. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type * as picturesPage from "../browser/pictures-page.ts";
import { callInPage, openPage, type TestPage } from "../support/chrome.ts";

type Page = typeof picturesPage;

let chrome: TestPage;
const call = async <Name extends keyof Page>(name: Name, ...args: Parameters<Page[Name]>) =>
  (await callInPage(chrome.page, "/test/browser/pictures-page.ts", name, ...args)) as Awaited<
    ReturnType<Page[Name]>
  >;

beforeAll(async () => {
  chrome = await openPage();
});
afterAll(() => chrome.close());

const kinds = ["canvas", "offscreen", "bitmap", "imageData", "image", "frame", "video"] as const;

describe.each(["webgpu", "cpu"] as const)("on %s", (device) => {
  it.each(kinds)("the pixels of a picture are what was drawn: %s", async (kind) => {
    const { steps, reads, sized } = await call("measure", device, kind);
    // A byte holds whole steps; a browser that goes by way of luminance and colour rounds once more.
    for (const [what, far] of Object.entries(steps)) expect(far, what).toBeLessThanOrEqual(1.001);
    expect(sized).toEqual([1, 3, 5, 3]);
    // A GPU takes them itself; of videos Chromium without a GPU's drivers gives it none, and the host reads them.
    const isTaken = device === "webgpu" && kind !== "frame" && kind !== "video";
    if (isTaken && kind !== "imageData") expect(reads).toBe(0);
  });

  it("what was taken of a canvas or a frame stays when they change", async () => {
    expect(await call("takenIsKept", device)).toBeLessThanOrEqual(1.001);
  });
});

it("what has nothing to see is refused, and what is no picture", async () => {
  const [video, image, bitmap, record, number] = await call("refusals");
  expect(video).toMatch(
    /^ArgumentError: fromPixels: a picture must have something to see; got HTMLVideoElement of 0 × 0, readyState 0\. Images and videos are waited for/,
  );
  expect(image).toMatch(/got HTMLImageElement of 0 × 0\./);
  expect(bitmap).toMatch(/got ImageBitmap of 0 × 0\./);
  expect(record).toBe(
    "ArgumentError: fromPixels: a picture must be ImageData, a canvas, an ImageBitmap, a VideoFrame, an image or a video; got {  }. Pixels in an array are new ImageData(pixels, width), or a tensor of their own.",
  );
  expect(number).toMatch(/got 5\. Pixels in an array are/);
  expect(chrome.errors).toEqual([]);
});
