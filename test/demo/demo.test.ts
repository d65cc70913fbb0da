import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { init } from "gradgpu";
import { memory, saveModel } from "gradgpu/io";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { START_MS } from "../../src/testing/browser/launch.ts";
import { openDigits } from "./digits/open-digits.ts";
import { type Demo, endDemos, openDemo, press, stateOf, trainTo } from "./open-demo.ts";

let demo: Demo | undefined;
afterEach(async () => {
  expect(demo?.errors ?? []).toEqual([]);
  await demo?.close();
  demo = undefined;
});
afterAll(endDemos);

/** A software GPU takes a few hundred milliseconds for a step that the cpu device makes in ten. */
const devices = [
  { device: "cpu", steps: 40 },
  { device: "webgpu", steps: 12 },
] as const;

/** A browser that has no adapter to give. */
const WITHOUT_WEBGPU = [
  "--disable-gpu",
  "--disable-software-rasterizer",
  "--use-webgpu-adapter=default",
];

describe.each(devices)("the demo page in headless Chrome on $device", ({ device, steps }) => {
  test.each(["digits", "text"])("trains the network of %s until it is paused", async (panel) => {
    demo = await openDemo(`?panel=${panel}&device=${device}&pace=full`, { served: "sources" });
    const { page } = demo;
    expect(await stateOf(page)).toMatchObject({ device, why: "asked for by name", panel });
    await press(page, "[data-run=step]");
    await page.waitForSelector("article[data-step='1']");
    const first = Number((await stateOf(page)).loss);
    await trainTo(page, steps);
    const { state, step, loss } = await stateOf(page);
    console.log(`demo, ${device}, ${panel}: loss ${first} → ${loss} in ${step} steps`);
    expect(state).toBe("paused");
    // A few dozen steps from random weights: far below where it began.
    expect(Number(loss)).toBeLessThan(0.9 * first);
    expect(await page.$("article .chart-host canvas")).not.toBeNull();
  });
});

describe("the page", () => {
  test("takes one step for one press, and none while it is paused", async () => {
    demo = await openDemo("?panel=digits&device=cpu&pace=full");
    const { page } = demo;
    await trainTo(page, 5);
    const { step } = await stateOf(page);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect((await stateOf(page)).step).toBe(step);
    await press(page, "[data-run=step]");
    await page.waitForSelector(`article[data-step='${Number(step) + 1}']`);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect((await stateOf(page)).step).toBe(String(Number(step) + 1));
  });

  test("goes on after a reload, with the losses of a training that was never stopped", async () => {
    demo = await openDemo("?panel=digits&device=cpu&pace=full&seed=5");
    const { page } = demo;
    const stepTo = async (last: number) => {
      for (let step = Number((await stateOf(page)).step) + 1; step <= last; step++) {
        await press(page, "[data-run=step]");
        await page.waitForSelector(`article[data-step='${step}']`);
      }
    };
    await stepTo(6);
    // Reports are a few steps late: what is kept by now has taken more.
    await page.waitForSelector("article[data-kept='6']");
    await demo.go("?panel=digits&device=cpu&pace=full&seed=5");
    expect(await stateOf(page)).toMatchObject({ step: "6" });
    await stepTo(10);
    const resumed = await lossesOf(page);
    // A link to the same run, in a profile that knows nothing of it.
    const other = await openDemo("?panel=digits&device=cpu&pace=full&seed=5");
    try {
      await trainTo(other.page, 14);
      const whole = await lossesOf(other.page);
      expect(resumed.length).toBe(10);
      expect(whole.slice(0, 6)).toEqual(resumed.slice(0, 6));
      // Those that were on their way when the page was left are not told again.
      expect(whole).toEqual(expect.arrayContaining(resumed));
    } finally {
      await other.close();
    }
  });

  test("keeps a run when settings change, writes them into the address, and opens them from there", async () => {
    demo = await openDemo("?panel=digits&device=cpu&pace=full");
    const { page } = demo;
    await trainTo(page, 3);
    await page.$eval("[data-setting=learningRate]", (slider) => {
      (slider as unknown as { value: string }).value = "90";
      slider.dispatchEvent(new Event("change", { bubbles: true }));
    });
    await page.waitForSelector("article[data-state=paused][data-step='0']");
    await page.waitForSelector(".runs tbody tr");
    await page.waitForFunction(`location.search.includes("learningRate")`);
    const query = new URL(page.url()).search;
    await demo.go(query);
    expect(new URL(page.url()).search).toBe(query);
    expect(
      await page.$eval("[data-setting=learningRate]", (slider) =>
        slider.getAttribute("aria-valuetext"),
      ),
    ).toBe(new URLSearchParams(query).get("learningRate"));
    // They are read while the training is opened.
    await page.waitForSelector(".runs tbody tr");
    expect(await page.$$(".runs tbody tr")).toHaveLength(1);
  });

  test("saves the network as a file and loads it again", async () => {
    demo = await openDemo("?panel=digits&device=cpu&pace=full");
    const { page } = demo;
    await trainTo(page, 4);
    const folder = `out/demo-downloads-${process.pid}`;
    const session = await page.createCDPSession();
    await session.send("Browser.setDownloadBehavior", {
      behavior: "allow",
      downloadPath: `${process.cwd()}/${folder}`,
      browserContextId: page.browserContext().id ?? "",
    });
    await press(page, "[data-file=export]");
    const file = `${folder}/gradgpu-digits-cnn.safetensors`;
    const textOf = (path: string) => () =>
      readFile(path, "latin1").then(
        (text) => text,
        () => "",
      );
    await expect.poll(textOf(file), { timeout: START_MS }).toMatch(/conv1\.weight.{10000}/s);
    await press(page, "[data-file=onnx]");
    const onnx = textOf(`${folder}/gradgpu-digits-cnn.onnx`);
    await expect.poll(onnx, { timeout: START_MS }).toMatch(/Conv.*MaxPool.*conv1\.weight/s);
    const chooser = await page.$("[data-file=import]");
    await (chooser as unknown as { uploadFile(path: string): Promise<void> }).uploadFile(file);
    await page.waitForFunction(`document.body.innerText.includes("are in place")`);
    await (chooser as unknown as { uploadFile(path: string): Promise<void> }).uploadFile(
      "package.json",
    );
    await page.waitForFunction(`!document.body.innerText.includes("are in place")`);
  });

  test("says what happened where a step is not finite, and goes back with a lower learning rate", async () => {
    demo = await openDemo("?panel=digits&device=cpu&pace=full&learningRate=0.003");
    const { page } = demo;
    await trainTo(page, 4);
    const { step } = await stateOf(page);
    const folder = await mkdtemp(join(tmpdir(), "gradgpu-demo-"));
    const path = join(folder, "blown-up.safetensors");
    await writeFile(path, await blownUp());
    const chooser = await page.$("[data-file=import]");
    await (chooser as unknown as { uploadFile(path: string): Promise<void> }).uploadFile(path);
    await page.waitForFunction(`document.body.innerText.includes("are in place")`);
    await rm(folder, { recursive: true });

    await press(page, "[data-run=play]");
    await page.waitForSelector("article[data-state=failed]");
    expect(await page.$eval(".message", (message) => message.textContent)).toMatch(
      /^Step \d+ came to numbers that are not finite/,
    );
    await press(page, "[data-run=back]");
    await page.waitForSelector("article[data-state=paused]");
    const back = await stateOf(page);
    expect(Number(back.step)).toBeLessThanOrEqual(Number(step));
    await page.waitForFunction(`location.search.includes("learningRate=0.0003")`);
    expect(await page.$$(".runs tbody tr")).toHaveLength(1);
    await trainTo(page, Number(back.step) + 5);
    expect((await lossesOf(page)).every(Number.isFinite)).toBe(true);
  });

  test("goes on when its GPU is destroyed, and says so", async () => {
    demo = await openDemo("?panel=digits&device=webgpu&pace=full");
    const { page } = demo;
    await press(page, "[data-run=play]");
    await page.waitForFunction(`Number(document.querySelector("article").dataset.step) >= 4`);
    await page.evaluate(`gradgpuDemo.lose()`);
    await page.waitForFunction(`document.querySelector(".message[data-kind=note]:not([hidden])")`);
    const { step } = await stateOf(page);
    await page.waitForFunction(
      `Number(document.querySelector("article").dataset.step) >= ${Number(step) + 4}`,
    );
  });

  test("trains on in a tab that is hidden", async () => {
    demo = await openDemo("?panel=digits&device=cpu&pace=full");
    const { page } = demo;
    await press(page, "[data-run=play]");
    await page.waitForFunction(`Number(document.querySelector("article").dataset.step) >= 3`);
    const other = await page.browserContext().newPage();
    await other.bringToFront();
    // Not by waitForFunction: it looks at every frame, and a page that is hidden has none.
    const visibility = () => page.evaluate("document.visibilityState");
    await expect.poll(visibility, { timeout: START_MS }).toBe("hidden");
    const { step } = await stateOf(page);
    await expect
      .poll(async () => Number((await stateOf(page)).step), { timeout: START_MS })
      .toBeGreaterThan(Number(step) + 10);
  });

  test("says so where no device can be opened", async () => {
    demo = await openDemo("?panel=digits&device=webgpu", { flags: WITHOUT_WEBGPU });
    expect(await stateOf(demo.page)).toMatchObject({ device: "none", state: "failed" });
    expect(await demo.page.$eval(".message", (message) => message.textContent)).toMatch(/WebGPU/i);
  });
});

/** A file of the panel's CNN whose weights overflow in its first layer. */
async function blownUp(): Promise<Uint8Array> {
  const { runtime } = await init({ device: "cpu" });
  const training = await openDigits();
  const [network] = training.networks;
  if (network === undefined) throw new Error("There is a network.");
  const { model } = network.trainer;
  for (const weight of model.parameters())
    weight.load(new Float32Array(sizeOf(weight.shape)).fill(3e38));
  const place = memory().place("blown-up");
  await saveModel(model, place);
  training.dispose();
  await runtime.close();
  return await place.read();
}

const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** What the first curve has, step by step. */
async function lossesOf(page: Demo["page"]): Promise<number[]> {
  const points = await page.evaluate(`gradgpuDemo.points()`);
  const losses = (points as { values: Record<string, number> }[]).map(
    ({ values }) => values["cnn.loss"] ?? Number.NaN,
  );
  expect(losses).not.toContain(Number.NaN);
  return losses;
}
