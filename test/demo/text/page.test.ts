import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { settled } from "../controls.ts";
import { type Demo, endDemos, openDemo, press, stateOf, trainTo } from "../open-demo.ts";

const VERSE = "산에는 꽃 피네\n꽃이 피네\n갈 봄 여름 없이\n꽃이 피네\n\n";
const QUERY = "?panel=text&lang=en&device=cpu&pace=full&units=32&window=24&seed=5";

test("on a software GPU it opens, trains, writes and is read", async () => {
  const demo = await openDemo(
    "?panel=text&lang=en&device=webgpu&pace=full&units=32&window=12&seed=5",
  );
  try {
    const { page, errors } = demo;
    await page.setViewport({ width: 1280, height: 5000 });
    await trainTo(page, 11);
    await page.waitForFunction(`document.querySelectorAll(".samples li").length >= 2`);
    await press(page, "[data-text=spaces]");
    await page.waitForFunction(
      `/correlation with spaces is −?[01]\\.\\d\\d/.test(document.querySelector(".legend").textContent)`,
    );
    expect(await stateOf(page)).toMatchObject({ device: "webgpu", state: "paused" });
    expect(errors).toEqual([]);
  } finally {
    await demo.close();
  }
});

describe("the text panel in headless Chrome on the cpu device", () => {
  let demo: Demo;
  beforeAll(async () => {
    demo = await openDemo(QUERY);
  });
  afterAll(endDemos);

  const text = (selector: string) =>
    demo.page.$eval(selector, (element) => element.textContent ?? "");
  const said = (selector: string) =>
    demo.page.$eval(selector, (element) => element.getAttribute("aria-valuetext") ?? "");
  const until = (condition: string) => demo.page.waitForFunction(condition);
  const show = async (selector: string) => {
    await demo.page.$eval(selector, (element) => element.scrollIntoView({ block: "center" }));
  };

  test("samples of steps 0, 10 and 30 appear under each other while it trains", async () => {
    await show(".samples");
    await until(`document.querySelector(".samples li[data-step='0']")`);
    await trainTo(demo.page, 40);
    // What is not on screen is not drawn, and the buttons are above.
    await show(".samples");
    await until(`document.querySelectorAll(".samples li").length >= 3`);
    // Both at once: at full pace it may have gone further, and another one may be on its way.
    const rows = await demo.page.$$eval(".samples li", (all) =>
      all.map((row) => ({
        step: row.getAttribute("data-step"),
        label: row.querySelector("canvas")?.getAttribute("aria-label") ?? "",
      })),
    );
    expect(rows.slice(-3).map(({ step }) => step)).toEqual(["30", "10", "0"]);
    expect(rows.filter(({ label }) => !label.includes("Alice was "))).toEqual([]);
    expect(new Set(rows.map(({ label }) => label)).size).toBe(rows.length);
  });

  test("a beginning is gone on with, and the temperature moves its probabilities at once", async () => {
    await show("[data-text=written]");
    const { step } = await stateOf(demo.page);
    const field = "[data-text=beginning]";
    await demo.page.$eval(field, (input) => {
      (input as HTMLInputElement).value = "the the the Ж";
    });
    await press(demo.page, "[data-text=write]");
    await until(`document.querySelector(".body .quiet[role=status]").textContent.includes("Ж")`);
    await demo.page.focus("[data-text=written]");
    for (let i = 0; i < 6; i++) await demo.page.keyboard.press("ArrowRight");
    expect(await said("[data-text=written]")).toMatch(/^.+, .*% probable$/);
    // The five likeliest, in the heat: a network may be so sure of a letter that in the cold none of them would change.
    const expected = await text(".expected");
    await demo.page.focus("[data-text=temperature]");
    await demo.page.keyboard.press("End");
    await until(`document.querySelector(".expected").textContent !== ${JSON.stringify(expected)}`);
    await until(`new URL(location.href).searchParams.get("temperature") === "2"`);
    // It writes anew, and what is below moves.
    await settled(demo.page);
    expect((await stateOf(demo.page)).step).toBe(step);
  });

  test("a letter tells gates and cell, what it hangs on, and which units are on for a range", async () => {
    await show("[data-text=passage]");
    await until(
      `document.querySelector("[data-text=passage]").getAttribute("aria-valuemax") === "255"`,
    );
    await demo.page.focus("[data-text=passage]");
    for (let i = 0; i < 9; i++) await demo.page.keyboard.press("ArrowRight");
    expect(await text(".gates")).toMatch(
      // A gate that is all open is 1.00.
      /unit \d+: f [01]\.\d\d · i [01]\.\d\d · o [01]\.\d\d · tanh\(c\) −?[01]\.\d\d/,
    );
    const unit = await text(".legend");
    await demo.page.keyboard.press("Enter");
    await until(`document.querySelector(".legend").textContent.includes("hangs on")`);
    await demo.page.keyboard.press("Enter");
    await until(`document.querySelector(".legend").textContent === ${JSON.stringify(unit)}`);
    await demo.page.keyboard.down("Shift");
    for (let i = 0; i < 3; i++) await demo.page.keyboard.press("ArrowRight");
    await demo.page.keyboard.up("Shift");
    expect(await text(".found")).toMatch(/on for exactly “.*” \(\|tanh\(c\)\|\s≥\s0\.50\)/s);
    // Whichever units it finds, the slider is seen to act.
    await demo.page.focus("[data-text=threshold]");
    await demo.page.keyboard.press("ArrowRight");
    expect(await text(".found")).toMatch(/on for exactly “.*” \(\|tanh\(c\)\|\s≥\s0\.55\)/s);
  });

  test("a unit of the map is followed, and units are sorted by what they go with", async () => {
    await show("[data-text=map]");
    const map = await demo.page.$("[data-text=map]");
    const box = await map?.boundingBox();
    if (!box) throw new Error("The map is on the page.");
    await demo.page.mouse.click(box.x + 60, box.y + 20 + 10 * 4 + 5);
    const unit = /unit (\d+)/.exec(await said("[data-text=map]"))?.[1];
    expect(await text(".legend")).toContain(`unit ${unit}`);
    await press(demo.page, "[data-text=spaces]");
    await until(`document.querySelector(".legend").textContent.includes("spaces")`);
    await press(demo.page, "[data-text=f]");
    expect(await said("[data-text=map]")).toMatch(/unit \d+: [01]\.\d\d/);
  });

  test("a pasted text is learned by its characters, and is there after a reload", async () => {
    await demo.page.select("[data-text=source]", "own");
    const area = "[data-text=own]";
    const paste = (pasted: string) =>
      demo.page.$eval(
        area,
        (field, value) => {
          (field as HTMLTextAreaElement).value = value;
          field.dispatchEvent(new Event("input"));
        },
        pasted,
      );
    await paste("짧은 글");
    await press(demo.page, "[data-text=train]");
    await until(
      `document.body.textContent.includes("At least 400 characters are needed; this text has 4.")`,
    );
    await paste(VERSE.repeat(20).normalize("NFD"));
    await press(demo.page, "[data-text=train]");
    const kinds = new Set(VERSE).size;
    const facts = `${(VERSE.length * 20).toLocaleString("en")} characters, ${kinds} different ones.`;
    await until(`document.body.textContent.includes(${JSON.stringify(facts)})`);
    await until(`new URL(location.href).searchParams.get("text")?.startsWith("own-")`);
    await demo.page.reload();
    await demo.page.waitForSelector("article[data-state=paused]");
    await until(`document.body.textContent.includes(${JSON.stringify(facts)})`);
    expect(demo.errors).toEqual([]);
  });
});
