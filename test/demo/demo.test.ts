import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Demo, openDemo } from "./open-demo.ts";

/** A software GPU takes a few hundred milliseconds for a step that the cpu device makes in ten. */
const devices = [
  { device: "cpu", steps: 40 },
  { device: "webgpu", steps: 15 },
] as const;

describe.each(devices)("the demo page in headless Chrome on $device", ({ device, steps }) => {
  let chrome: Demo | undefined;
  beforeAll(async () => {
    chrome = await openDemo(`?device=${device}`);
  });
  afterAll(async () => {
    await chrome?.close();
  });

  test("says which device it opened and why", async () => {
    const [body, status] = await read(chrome, "body", "#device");
    expect(body?.data).toMatchObject({ device, why: "asked for by name" });
    expect(status?.text).toContain(`Device: ${device} (`);
  });

  test.each(["digits", "text"])("trains the network of %s until it is stopped", async (network) => {
    const page = chrome?.page;
    if (page === undefined) throw new Error("The browser did not start.");
    const card = `[data-network=${network}]`;
    await page.waitForSelector(`${card}[data-state=ready]`);
    await page.click(`${card} button`);
    await page.waitForFunction(
      `Number(document.querySelector("${card}").dataset.step) >= ${steps} || document.querySelector("${card}[data-state=failed]")`,
      { timeout: 90_000 },
    );
    await page.click(`${card} button`);
    await page.waitForSelector(`${card}[data-state=stopped], ${card}[data-state=failed]`);
    const [shown, message, curve] = await read(
      chrome,
      card,
      `${card} .message`,
      `${card} svg.chart`,
    );
    const { state, firstLoss, loss, score, msPerStep } = shown?.data ?? {};
    console.log(`demo, ${device}, ${network}: loss ${firstLoss} → ${loss}, ${msPerStep} ms a step`);
    expect(`${state} ${message?.text}`).toBe("stopped ");
    // A few dozen steps from random weights: far below where it began.
    expect(Number(loss)).toBeLessThan(0.9 * Number(firstLoss));
    expect(Number(score)).toBeGreaterThan(0);
    expect(Number(msPerStep)).toBeGreaterThan(0);
    expect(curve).toBeDefined();
    expect(chrome?.errors).toEqual([]);
  });
});

test("the demo page says so where no device can be opened", async () => {
  const withoutWebgpu = 'Object.defineProperty(navigator, "gpu", { value: undefined })';
  const chrome = await openDemo("?device=webgpu", withoutWebgpu);
  try {
    const [body] = await read(chrome, "body");
    expect(body?.data.device).toBe("none");
    const [status] = await read(chrome, "#device");
    expect(status?.text).toMatch(/WebGPU/i);
  } finally {
    await chrome.close();
  }
});

interface Seen {
  readonly data: Readonly<Record<string, string | undefined>>;
  readonly text: string;
}

/** Data attributes and text of the elements; undefined for those that are not there. */
async function read(
  chrome: Demo | undefined,
  ...selectors: readonly string[]
): Promise<(Seen | undefined)[]> {
  if (chrome === undefined) throw new Error("The browser did not start.");
  const found = await chrome.page.evaluate(
    `${JSON.stringify(selectors)}.map((selector) => {
      const element = document.querySelector(selector);
      return element && { data: { ...element.dataset }, text: element.textContent };
    })`,
  );
  // JSON out of the page, in the form that the lines above give it.
  return (found as (Seen | null)[]).map((seen) => seen ?? undefined);
}
