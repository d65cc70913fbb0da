import { afterAll, afterEach, describe, expect, test } from "vitest";
import { en } from "../../demo/panels/machine/words/en.ts";
import { startNode } from "../examples/run-node.ts";
import { type Demo, endDemos, openDemo, press, stateOf } from "./open-demo.ts";

let demo: Demo | undefined;
afterEach(async () => {
  expect(demo?.errors ?? []).toEqual([]);
  await demo?.close();
  demo = undefined;
});
afterAll(endDemos);

const link = (device: string, more = "") =>
  `?panel=machine&lang=en&pace=full&batchSize=8&device=${device}${more}`;

async function open(query: string): Promise<Demo["page"]> {
  demo = await openDemo(query);
  // All of it is on screen, so that all of it is drawn.
  await demo.page.setViewport({ width: 1280, height: 5000 });
  return demo.page;
}

const until = (page: Demo["page"], condition: string) => page.waitForFunction(condition);
const textOf = (page: Demo["page"], selector: string) =>
  page.$eval(selector, (element) => element.textContent ?? "");
const threadsOf = async (page: Demo["page"]) =>
  /(\d+) threads?/.exec(await textOf(page, "[data-fact=description]"))?.[1];
const dataOf = async (page: Demo["page"], selector: string, name: string) =>
  Number(await page.$eval(selector, (element, of) => element.getAttribute(of), `data-${name}`));

describe.each(["cpu", "webgpu"] as const)("the machine's panel on %s", (device) => {
  test("shows a step's kernels in time and as a plan, and who holds the memory", async () => {
    const page = await open(link(device));
    expect(await textOf(page, "[data-fact=why]")).toBe("asked for by name");
    await press(page, "[data-run=step]");
    await until(page, `document.querySelector("[data-machine=summary]").dataset.kernels > 4`);
    const kernels = await dataOf(page, "[data-machine=summary]", "kernels");
    const elapsed = await dataOf(page, "[data-machine=summary]", "elapsed");
    expect(elapsed).toBeGreaterThan(0);
    const rows = await page.$$eval(".machine-plan tbody tr", (all) =>
      all.map((row) => [...row.children].map((cell) => cell.textContent ?? "")),
    );
    expect(rows).toHaveLength(kernels);
    // Every row says what it computes and why; the times are those of the step.
    expect(rows.every(([, computes, , kernel, , , , why]) => computes && kernel && why)).toBe(true);
    expect(
      rows.some(([, computes = "", fused]) => /conv2d/.test(computes) && Number(fused) > 1),
    ).toBe(true);
    const sum = rows.reduce((total, [, , , , time]) => total + Number(time), 0);
    expect(Math.abs(sum / elapsed - 1)).toBeLessThan(0.05);
    expect(await textOf(page, "[data-fact=clock]")).not.toBe("–");

    // The picked kernel is one and the same in both, by keys and by pointer.
    await page.focus("canvas[role=slider]");
    await page.keyboard.press("Home");
    expect(await textOf(page, "[data-machine=picked]")).toMatch(/^1\. /);
    await page.keyboard.press("ArrowRight");
    expect(await textOf(page, "[data-machine=picked]")).toMatch(/^2\. /);
    expect(await textOf(page, "tr[data-picked] td")).toBe("2");
    await page.hover(".machine-plan tbody tr:nth-child(4)");
    expect(await textOf(page, "[data-machine=picked]")).toMatch(/^4\. /);

    await until(page, `document.querySelector("[data-machine=bytes]").dataset.bytes > 0`);
    const held = await page.$$eval("tr[data-owner]", (all) =>
      all.map((row) => [
        row.getAttribute("data-owner") ?? "",
        Number(row.querySelector("td")?.getAttribute("data-bytes")),
      ]),
    );
    const owners: Record<string, number> = Object.fromEntries(held);
    // 20,490 weights, each with two moments; and a few numbers of the optimizer's.
    expect(owners.parameters).toBe(4 * 20_490);
    expect(owners.optimizer).toBeGreaterThanOrEqual(2 * 4 * 20_490);
    const { free, ...rest } = owners;
    expect(free).toBeGreaterThanOrEqual(0);
    const total = Object.values(rest).reduce((a, b) => a + b, 0);
    expect(total).toBe(await dataOf(page, "[data-machine=bytes]", "bytes"));
  });
});

describe.each(["cpu", "webgpu"] as const)("the benchmark on %s", (device) => {
  test("runs between two steps of the training, which goes on, and stands beside other machines", async () => {
    const page = await open(link(device, "&network=lstm"));
    await press(page, "[data-run=play]");
    await press(page, "[data-machine=bench]");
    await until(page, `document.querySelector("[data-machine=bench]").disabled === false`);
    const cases = await page.$$eval("[data-case]", (all) =>
      all.map((one) =>
        [...one.querySelectorAll("li")].map((line) => ({
          who: line.firstElementChild?.textContent ?? "",
          ms: Number(line.lastElementChild?.getAttribute("data-ms")),
          text: line.lastElementChild?.textContent ?? "",
        })),
      ),
    );
    // Where a case fails this says why.
    const said = await page.$eval("[data-machine=bench]", (button) => {
      const status = button.closest("section")?.querySelector("[role=status]");
      return status?.textContent;
    });
    expect(said).toBe(en.bench.others);
    expect(cases).toHaveLength(Object.keys(en.bench.cases).length);
    const own = `gradgpu-${device} ${device === "cpu" ? "(2t)" : "(software)"}`;
    for (const [here, ...there] of cases) {
      expect(here?.who).toBe(
        `this tab, ${device === "cpu" ? `gradgpu-cpu (${await threadsOf(page)}t)` : own}`,
      );
      expect(here?.text).toMatch(/^[\d.,]+ ± [\d.,]+ ms$/);
      expect(here?.ms).toBeGreaterThan(0);
      // What is committed in bench/history, the fastest first.
      expect(there.map(({ who }) => who)).toContain(own);
      expect(there.length).toBeGreaterThan(2);
      expect(there.map(({ ms }) => ms)).toEqual(
        there.map(({ ms }) => ms).toSorted((a, b) => a - b),
      );
    }
    const { step } = await stateOf(page);
    const more = device === "cpu" ? 5 : 1;
    await until(
      page,
      `Number(document.querySelector("article").dataset.step) > ${Number(step) + more}`,
    );
    const lose = await page.$eval("[data-machine=lose]", (one) => one.hasAttribute("disabled"));
    expect(lose).toBe(device === "cpu");
  });
});

test("a GPU device that is destroyed on purpose is told of, and training goes on", async () => {
  const page = await open(link("webgpu"));
  await press(page, "[data-run=play]");
  await until(page, `Number(document.querySelector("article").dataset.step) >= 3`);
  await press(page, "[data-machine=lose]");
  await until(page, `document.querySelector(".machine-events li")`);
  expect(await textOf(page, ".machine-events li")).toMatch(
    /^Lost at step \d+ .* went on from step/,
  );
  const { step } = await stateOf(page);
  await until(
    page,
    `Number(document.querySelector("article").dataset.step) >= ${Number(step) + 3}`,
  );
});

test.each(["profile", "memory", "recovery"])(
  "the code that is shown of %s runs as it stands",
  async (name) => {
    const { ended } = startNode(`demo/panels/machine/snippets/${name}.ts`, [], process.cwd());
    const { code, stdout, stderr } = await ended;
    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(stdout).toMatch(
      { profile: /matmul.* ms by /, memory: /parameters: \d+/, recovery: /loss \d/ }[name] ?? /./,
    );
  },
);
