import { afterAll, afterEach, describe, expect, test } from "vitest";
import { Batches } from "../../../demo/panels/memory/batches.ts";
import { columnsOf, modelOf } from "../../../demo/panels/memory/columns.ts";
import { flowOf } from "../../../demo/panels/memory/flow.ts";
import type { FilmAnswer, GradientAnswer } from "../../../demo/panels/memory/pictures.ts";
import { type memorySettings, OWN_CELL } from "../../../demo/panels/memory/settings.ts";
import type { ValuesOf } from "../../../demo/settings.ts";
import { recall } from "../../../examples/memory/tasks/recall.ts";
import { init } from "../../../src/index.ts";
import { START_MS } from "../../../src/testing/browser/launch.ts";
import { type Demo, endDemos, openDemo, press, stateOf, trainTo } from "../open-demo.ts";

let demo: Demo | undefined;
afterEach(async () => {
  expect(demo?.errors ?? []).toEqual([]);
  await demo?.close();
  demo = undefined;
});
afterAll(endDemos);

const LAG = 10;
const settings: ValuesOf<typeof memorySettings> = {
  task: "recall",
  lag: LAG,
  window: "whole",
  gates: "open",
  own: OWN_CELL,
  seed: 3,
};
const link = (device: string, more = "") =>
  `?panel=memory&lang=en&pace=full&device=${device}&lag=${LAG}&seed=${settings.seed}${more}`;

/**
 * The numbers of a picture as they were drawn last, once `condition` holds of them (`it`); typed arrays come as lists. What
 * is not on screen is not drawn.
 */
async function shown<T>(page: Demo["page"], selector: string, condition = "true"): Promise<T> {
  await page.$eval(selector, (canvas) => canvas.scrollIntoView({ block: "center" }));
  const canvas = `document.querySelector(${JSON.stringify(selector)})`;
  await page.waitForFunction(`((it) => it && (${condition}))(${canvas}.shown)`);
  const json = await page.evaluate(
    `JSON.stringify(${canvas}.shown, (_, of) => ArrayBuffer.isView(of) ? Array.from(of) : of)`,
  );
  return JSON.parse(String(json)) as T;
}
const GRADIENT = '[data-picture="gradient"]';
const FILM = '[data-picture="film"]';

const near = (left: ArrayLike<number> | undefined, right: ArrayLike<number> | undefined) => {
  const largest = Math.max(...Array.from(right ?? [Number.NaN]));
  expect(left?.length).toBe(right?.length);
  for (let i = 0; i < (left?.length ?? 0); i++)
    // Other kernels add up in another order, and products of ten steps pass that on.
    expect(Math.abs((left?.[i] ?? Number.NaN) - (right?.[i] ?? 0))).toBeLessThanOrEqual(
      1e-3 * (right?.[i] ?? 0) + 1e-6 * largest,
    );
};

/** What gradientFlow tells in Node, of networks that have not learned yet. */
async function inNode() {
  const { runtime } = await init({ device: "cpu", seed: settings.seed });
  const batches = new Batches(recall, LAG, settings.seed);
  const columns = [];
  for (const column of columnsOf(settings.own).columns) {
    const model = modelOf(column, { ...settings, task: recall });
    columns.push({
      name: column.name,
      batch: await flowOf(model, recall, batches.at(0), undefined),
      sequence: await flowOf(model, recall, batches.shown(0, LAG), undefined),
    });
  }
  await runtime.close();
  return columns;
}

describe.each(["cpu", "webgpu"])("the memory panel in headless Chrome on %s", (device) => {
  test("draws the gradients that gradientFlow tells in Node, and every network learns", async () => {
    const wanted = await inNode();
    demo = await openDemo(link(device));
    const { page } = demo;
    const film = await shown<FilmAnswer>(page, FILM);
    near(film.gradients.h, wanted[2]?.sequence.h);
    near(film.gradients.c, wanted[2]?.sequence.c);
    await press(page, "[data-run=step]");
    await page.waitForSelector("article[data-step='1']");
    const { columns, steps } = await shown<GradientAnswer>(page, GRADIENT, "it.columns[0].now");
    expect(steps).toBe(LAG + 1);
    expect(columns.map(({ name }) => name)).toEqual(["rnn", "gru", "lstm", "own"]);
    for (const [i, { start, now }] of columns.entries())
      for (const [state, norms] of Object.entries(wanted[i]?.batch ?? {})) {
        near(start[state], norms);
        near(now?.[state], norms);
      }
    await trainTo(page, device === "cpu" ? 150 : 12);
    const { state } = await stateOf(page);
    expect(state).toBe("paused");
    if (device !== "cpu") return;
    const right = await page.$eval("[data-figure=gruAccuracy]", (figure) => figure.textContent);
    expect(Number.parseInt(String(right), 10)).toBeGreaterThan(80);
  });
});

describe("what a visitor does", () => {
  test("every control acts: film, sequence, network, cost, lags, and a window that cannot see", async () => {
    demo = await openDemo(link("cpu"));
    const { page } = demo;
    await shown<FilmAnswer>(page, FILM);
    const told = () => page.$eval(".told", (one) => String(one.textContent));
    await press(page, "[data-do=film-back]");
    const before = await told();
    expect(before).toMatch(/^Back at step 2: .* along c/);
    await page.focus("[data-do=film-position]");
    await page.keyboard.press("Home");
    expect(await told()).toMatch(/^Forward, step 1: reads/);
    await page.keyboard.press("ArrowRight");
    expect(await told()).toMatch(/^Forward, step 2/);
    await press(page, "[data-do=film-rnn]");
    const rnn = await shown<FilmAnswer>(page, FILM, "it.lanes === undefined");
    expect(Object.keys(rnn.values)).toEqual(["h"]);

    // What is pressed is on screen from then on.
    await press(page, "[data-do=other-sequence]");
    await page.waitForSelector("[data-answer]");
    const answer = () => page.$eval("[data-answer]", (one) => one.getAttribute("data-answer"));
    const first = await answer();
    // One in eight has the same answer.
    const other = async () => {
      await press(page, "[data-do=other-sequence]");
      return await answer();
    };
    await expect.poll(other, { timeout: START_MS }).not.toBe(first);

    await press(page, "[data-do=cost]");
    await page.waitForSelector("[data-done=true]");
    await press(page, "[data-do=sweep]");
    await page.waitForFunction(
      `Number(document.querySelector("[data-points]")?.dataset.points) >= 2`,
    );
    await press(page, "[data-do=sweep]");

    await press(page, "[data-do=blind]");
    await page.waitForFunction(`location.search.includes("window=5")`);
    expect((await shown<FilmAnswer>(page, FILM, "it.cuts.length > 0")).cuts).toEqual([5, 10]);
    expect(
      await page.$eval("[data-setting=lag]", (slider) => slider.getAttribute("aria-valuetext")),
    ).toBe("15");
    await page.waitForSelector("article[data-state=paused]");
    expect(new URL(page.url()).searchParams.get("lag")).toBe("15");
  });

  test("a cell that leaves the numbers, and one that ONNX cannot say, are told of; the others go on", async () => {
    demo = await openDemo(link("cpu", `&own=${encodeURIComponent("h = tanh(x @ W) / (h - h)")}`));
    const { page } = demo;
    await press(page, "[data-do=own-run]");
    await page.waitForFunction(
      `document.querySelector("[data-wrong] .told").textContent.startsWith("This cell is the one")`,
    );
    await trainTo(page, 30);
    await page.waitForSelector("[data-told=lost]:not([hidden])");
    expect((await stateOf(page)).state).toBe("paused");
    const loss = await page.evaluate(`gradgpuDemo.points().at(-1).values.gruLoss`);
    expect(Number(loss)).toBeGreaterThan(0);

    await page.select("[data-file=network]", "own");
    await press(page, "[data-file=onnx]");
    await page.waitForFunction(`document.querySelector("[data-file=told]").textContent !== ""`);
    expect(await page.$eval("[data-file=told]", (one) => one.textContent)).toMatch(
      /^toOnnx: .*own/,
    );
  });

  test("a shape that does not fit is shown at its line; a cell that is trained is in the link, and runs elsewhere after a click", async () => {
    demo = await openDemo(link("cpu"));
    const { page } = demo;
    const write = async (code: string) => {
      await page.$eval("textarea[data-setting=own]", (field) => {
        (field as unknown as { value: string }).value = "";
      });
      await page.type("textarea[data-setting=own]", code);
    };
    await write("a = tanh(x @ Wa)\nh = a @ Wa");
    await page.waitForSelector("[data-wrong='2']");
    expect(await page.$eval("[data-wrong] .told", (one) => one.textContent)).toMatch(
      /^Line 2, place 7: matmul/,
    );
    await write("h = tanh(x @ W + h @ R)");
    await page.waitForSelector("[data-do=own-run]:not(:disabled)");
    await press(page, "[data-do=own-run]");
    await page.waitForFunction(`location.search.includes("own=")`);
    await page.waitForSelector("article[data-state=paused]");
    const query = new URL(page.url()).search;
    await page.waitForFunction(
      `document.querySelector("[data-wrong] .told").textContent.startsWith("This cell is the one")`,
    );

    const other = await openDemo(query);
    try {
      const said = () => other.page.$eval("[data-wrong] .told", (one) => String(one.textContent));
      await other.page.waitForFunction(
        `document.querySelector("[data-wrong] .told").textContent !== ""`,
      );
      expect(await said()).toMatch(/came with the link/);
      const own = async (condition: string) =>
        (await shown<GradientAnswer>(other.page, GRADIENT, condition)).columns.at(-1);
      const offered = await own("it.columns.length === 4");
      expect(Object.keys(offered?.start ?? {})).toEqual(["h", "c"]);
      await press(other.page, "[data-do=own-run]");
      const run = await own('it.columns.length === 4 && !("c" in it.columns[3].start)');
      expect(run?.name).toBe("own");
      expect(other.errors).toEqual([]);
    } finally {
      await other.close();
    }
  });
});
