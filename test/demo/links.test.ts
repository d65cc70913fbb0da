import { afterAll, describe, expect, test } from "vitest";
import { endDemos, openDemo, press, stateOf, trainTo } from "./open-demo.ts";

afterAll(endDemos);

/** What is measured now and then, as the test set's accuracy, comes when there is time for it: only these come every step. */
const PANELS = {
  digits: { settings: "filters=4&size=3&seed=7", values: ["cnn.loss", "dense.loss"] },
  text: { settings: "window=24&learningRate=0.005&seed=3", values: ["bits"] },
  memory: {
    settings: "lag=10&window=5&seed=4",
    values: ["rnnLoss", "gruLoss", "lstmLoss", "ownLoss"],
  },
  machine: { settings: "network=lstm&seed=2", values: ["loss"] },
} as const;

const STEPS = 10;

async function curvesOf(query: string, values: readonly string[]) {
  const { page, errors, close } = await openDemo(query);
  try {
    await trainTo(page, STEPS);
    const points = (await page.evaluate("gradgpuDemo.points()")) as {
      values: Record<string, number>;
    }[];
    expect(errors).toEqual([]);
    const address = new URL(page.url()).search;
    const curves = points.slice(0, STEPS).map((point) => values.map((name) => point.values[name]));
    return { curves, address };
  } finally {
    await close();
  }
}

describe("a link", () => {
  test.each(Object.entries(PANELS))(
    "opens the same run of %s elsewhere: the same curves, bit for bit",
    async (panel, { settings, values }) => {
      const query = `?panel=${panel}&device=cpu&pace=full&${settings}`;
      const here = await curvesOf(query, values);
      const there = await curvesOf(here.address, values);
      expect(here.curves).toHaveLength(STEPS);
      expect(here.curves.flat().every(Number.isFinite)).toBe(true);
      expect(there.curves).toEqual(here.curves);
      expect((await curvesOf(`${query}1`, values)).curves).not.toEqual(here.curves);
    },
  );
});

test("a panel that is left pauses, or trains on where the visitor wants that", async () => {
  const { page, close } = await openDemo("?panel=memory&device=cpu&pace=full");
  const leave = async (to: string) => {
    await page.evaluate(`globalThis.behind = document.querySelector("article")`);
    await press(page, `[data-link=${to}]`);
    await page.waitForFunction(`!behind.isConnected`);
  };
  try {
    await press(page, "[data-run=play]");
    await leave("machine");
    await page.waitForFunction(`behind.dataset.state === "paused"`);
    await press(page, "[data-link=memory]");
    await page.waitForSelector("article[data-state=running]");
    await press(page, ".settings > summary");
    await press(page, "[data-run=background]");
    const from = Number((await stateOf(page)).step);
    await leave("machine");
    await page.waitForFunction(`Number(behind.dataset.step) > ${from + 50}`);
    expect(await page.evaluate(`behind.dataset.state`)).toBe("running");
  } finally {
    await close();
  }
});
