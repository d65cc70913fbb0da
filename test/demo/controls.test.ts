/** Every slider acts, and whatever else can be used: controls are found in the DOM, so that none can be forgotten. */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ElementHandle, KeyInput, Page } from "puppeteer-core";
import { afterAll, describe, expect, test } from "vitest";
import { START_MS } from "../../src/testing/browser/launch.ts";
import { type Control, controlsOf, looksOf, rest, selectorOf } from "./controls.ts";
import { endDemos, openDemo, stateOf, trainTo } from "./open-demo.ts";

afterAll(endDemos);

/** Small networks: the controls are meant. */
const PANELS = {
  digits: "digits=1000&filters=4&size=3",
  text: "units=32&window=24",
  memory: "lag=10",
  machine: "batchSize=8",
} as const;

/** What is typed; any other field is given a letter. */
const TYPED: Readonly<Record<string, string>> = {
  "text: own": "산에는 꽃 피네 꽃이 피네 갈 봄 여름 없이 꽃이 피네\n".repeat(20),
  "setting: own": "c = 0.9 * c + 0.1 * tanh(x @ Wn + h @ Rn)\nh = tanh(c)",
};
/** They take half a minute, and nothing stands still meanwhile. */
const LONG = ["do: sweep", "do: cost", "machine: bench"];
/** Those that cannot be used here, and the tests that use them. */
const ELSEWHERE = ["machine: lose"];

describe.each(Object.entries(PANELS))("the panel of %s", (panel, settings) => {
  test("has no control without an effect", { timeout: 600_000 }, async () => {
    const demo = await openDemo(`?panel=${panel}&lang=en&device=cpu&pace=full&${settings}`);
    const { page, errors, address, close } = demo;
    const folder = await mkdtemp(join(tmpdir(), "gradgpu-controls-"));
    try {
      await page
        .browserContext()
        .overridePermissions(new URL(address).origin, ["clipboard-read", "clipboard-write"]);
      const session = await page.createCDPSession();
      await session.send("Browser.setDownloadBehavior", {
        behavior: "allow",
        downloadPath: folder,
        browserContextId: page.browserContext().id ?? "",
      });
      // Everything is on screen, so that everything is drawn.
      await page.setViewport({ width: 1280, height: 7000 });
      await page.evaluate(
        "document.querySelectorAll('.settings').forEach((one) => { one.open = true; })",
      );
      await trainTo(page, 3);
      const acted = await useAll(new Visitor(page, folder));
      console.log(`${panel}: ${acted.length} controls`);
      // What the panel declares has controls, and they were among those that were found.
      expect(
        acted.filter(({ data }) => data.startsWith("setting: ")).length,
      ).toBeGreaterThanOrEqual(3);
      expect(acted.length).toBeGreaterThan(20);
      expect(errors).toEqual([]);
    } finally {
      await close();
      await rm(folder, { recursive: true });
    }
  });
});

test("a control that does nothing would be found out", async () => {
  const { page, close } = await openDemo("?panel=machine&lang=en&device=cpu&pace=full&batchSize=8");
  try {
    await page.evaluate(`document.querySelector(".settings").open = true;
      document.querySelector(".controls").insertAdjacentHTML(
        "beforeend",
        '<div class="field"><label for="idle">Idle</label><input id="idle" type="range" data-setting="idle"></div>',
      )`);
    const visitor = new Visitor(page, tmpdir(), 5000);
    const idle = (await controlsOf(page)).find(({ data }) => data === "setting: idle");
    if (idle === undefined) throw new Error("It is on the page.");
    await expect(visitor.use(idle)).rejects.toThrow(/does nothing|idle is not in the address/);
  } finally {
    await close();
  }
});

/** Uses one after the other, and those that have come meanwhile, until there is none that has not been used. */
async function useAll(visitor: Visitor): Promise<readonly Control[]> {
  const used = new Map<string, Control>();
  // Settings begin anew, so they come first; what is looked into needs a network that has learned and was measured.
  const rank = ({ data }: Control) =>
    LONG.includes(data) ? 2 : /^(setting|run): (?!own|link)/.test(data) ? 0 : 1;
  let isTrained = false;
  for (;;) {
    // What is still to come of the one before may take away what would be found now. What takes long goes on meanwhile.
    const settles = !LONG.some((data) => [...used.values()].some((one) => one.data === data));
    if (settles) await visitor.settled();
    const all = await controlsOf(visitor.page);
    const open = all.filter(({ key, isDisabled }) => !used.has(key) && !isDisabled);
    const [next] = open.sort((a, b) => rank(a) - rank(b));
    if (next === undefined) {
      const never = all.filter(({ key, data }) => !used.has(key) && !ELSEWHERE.includes(data));
      expect(never.map(({ key }) => key)).toEqual([]);
      return [...used.values()];
    }
    const trains: boolean = !isTrained && rank(next) > 0;
    if (trains) await trainTo(visitor.page, 60);
    isTrained ||= trains;
    await visitor.use(next, settles && !trains);
    used.set(next.key, next);
  }
}

/** Someone who uses a control as it is used, and looks whether the page has changed. */
class Visitor {
  readonly page: Page;
  readonly #folder: string;
  readonly #patience: number;

  /** @param patience how long something may take to come of a control, in milliseconds */
  constructor(page: Page, folder: string, patience = START_MS) {
    this.page = page;
    this.#folder = folder;
    this.#patience = patience;
  }

  /**
   * @param isSettled whether nothing has moved since the control was found
   * @throws Error where nothing comes of it
   */
  async use(control: Control, isSettled = false): Promise<void> {
    const { data } = control;
    const isPrepared = (await this.#fill(control)) || (await this.#chooseAnother(control));
    // What was found is made anew by the choice of another.
    if (isPrepared) await controlsOf(this.page);
    const before =
      isSettled && !isPrepared ? await looksOf(this.page, control) : await this.settled(control);
    const idle = await this.#textOf(control);
    if (data.startsWith("file: ")) await this.#useFiles(control);
    else {
      if (data === "run: background") return await this.#leave(control);
      await this.#act(control);
      await this.#until(
        async () => (await looksOf(this.page, control)) !== before,
        `${control.key} does nothing`,
      );
    }
    if (data === "run: link") await this.#hasLink(control);
    const isSetting = data.startsWith("setting: ") && control.tag !== "textarea";
    if (isSetting) {
      const name = data.slice("setting: ".length);
      await this.#until(
        async () => new URL(this.page.url()).searchParams.has(name),
        `${name} is not in the address`,
      );
    }
    // What is written is looked at by the worker before a button can be pressed.
    if (data === "setting: own") await this.page.waitForSelector("[data-do=own-run]:enabled");
    await this.#rest(control);
    // A film, a filter that slides: where it has not come to its end, it stops when it is pressed again.
    if (/play|slide/.test(data) && data !== "run: play" && (await this.#textOf(control)) !== idle)
      await this.#press(control);
  }

  async #act(control: Control): Promise<void> {
    const { page } = this;
    const { tag, type, data } = control;
    const element = await this.#find(control);
    const keyboard = page.keyboard;
    if (tag === "input" && type === "range") {
      await element.focus();
      const isAtEnd = await element.evaluate((one) => {
        const { value, max } = one as unknown as HTMLInputElement;
        return Number(value) >= Number(max);
      });
      const step = isAtEnd ? "ArrowLeft" : "ArrowRight";
      // A setting begins anew at every step, and takes one only. Of another slider a step need not change anything else: units
      // that are on from 0.5 may all be on from 0.55. Then it goes on to its ends.
      if (data.startsWith("setting: ")) await keyboard.press(step);
      else await this.#step(control, step, "End", "Home");
    } else if (tag === "select") {
      const value = await element.evaluate((one) => {
        const { options, value: now } = one as unknown as HTMLSelectElement;
        return [...options].find((option) => option.value !== now)?.value ?? "";
      });
      await page.select(selectorOf(control), value);
    } else if (tag === "textarea" || (tag === "input" && type === "text")) {
      await element.focus();
      await keyboard.down("Control");
      await keyboard.press("a");
      await keyboard.up("Control");
      await keyboard.sendCharacter(TYPED[data] ?? "e");
      // A field that is no text's own is sent by Enter.
      if (tag === "input") await keyboard.press("Enter");
    } else if (tag === "canvas") {
      await element.focus();
      // With Shift letters are marked on the way; to all others it is the same.
      await keyboard.down("Shift");
      await this.#step(control, "ArrowRight", "ArrowDown", "ArrowLeft", "ArrowLeft");
      await keyboard.up("Shift");
    } else {
      await this.#press(control);
    }
  }

  /** The first of the keys that leads on: at an edge none does, and some lead to nothing that is told apart. */
  async #step(control: Control, ...keys: readonly KeyInput[]): Promise<void> {
    const before = await looksOf(this.page, control);
    for (const key of keys) {
      await this.page.keyboard.press(key);
      await rest(this.page);
      for (let i = 0; i < 5; i++) {
        await new Promise((resolve) => setTimeout(resolve, 150));
        if ((await looksOf(this.page, control)) !== before) return;
      }
    }
  }

  /** Of a choice that is made already another one is made first, so that something comes of it. Whether that was so. */
  async #chooseAnother(control: Control): Promise<boolean> {
    const { page } = this;
    const [isMade, isAlone] = await (await this.#find(control)).evaluate((one) => {
      if (one.getAttribute("aria-pressed") !== "true") return [false, false];
      const other = one.parentElement?.querySelector<HTMLElement>("[aria-pressed=false]");
      other?.click();
      return [true, !other];
    });
    if (!isAlone) return isMade === true;
    // One unit was found, and it is the one that is followed: another one is, in the map.
    await page.focus("[data-text=map]");
    do {
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("Enter");
    } while ((await page.$(".found [aria-pressed=true]")) !== null);
    return true;
  }

  /** Presses a button. What was found is made anew by the choice of another, and has to be marked again. */
  async #press(control: Control): Promise<void> {
    await controlsOf(this.page);
    await (await this.#find(control)).click();
  }

  async #useFiles(control: Control): Promise<void> {
    const { page } = this;
    const { data } = control;
    const before = await readdir(this.#folder);
    const names = async () =>
      (await readdir(this.#folder)).filter(
        (name) => !before.includes(name) && !name.endsWith(".crdownload"),
      );
    if (data === "file: import") {
      const saved = (await readdir(this.#folder)).filter((name) => name.endsWith(".safetensors"));
      const network = await page.$eval(
        "[data-file=network]",
        (one) => (one as unknown as HTMLSelectElement).value,
      );
      const file = saved.find((name) => name.includes(`-${network}.`));
      if (file === undefined) throw new Error(`${network} was saved; got ${saved.join(", ")}`);
      const input = (await this.#find(control)) as unknown as ElementHandle<HTMLInputElement>;
      await input.uploadFile(join(this.#folder, file));
      await this.#until(
        async () =>
          (await page.$eval("[data-file=told]", (one) => one.textContent ?? "")).includes(
            "are in place",
          ),
        "a file that was saved is not loaded",
      );
      return;
    }
    if (data === "file: network") {
      await this.#act(control);
      await page.click("[data-file=export]");
      const network = await page.$eval(
        "[data-file=network]",
        (one) => (one as unknown as HTMLSelectElement).value,
      );
      await this.#until(
        async () => (await names()).some((name) => name.includes(`-${network}.`)),
        `${network} is not what is saved`,
      );
      return;
    }
    const ending = data === "file: onnx" ? ".onnx" : ".safetensors";
    const saved = async () => (await readdir(this.#folder)).filter((name) => name.endsWith(ending));
    // A file of the same name would be written over.
    for (const name of await saved()) await rm(join(this.#folder, name));
    await this.#act(control);
    await this.#until(async () => (await saved()).length > 0, `${control.key} saves nothing`);
  }

  /** A panel that is to train on trains on when it is left. */
  async #leave(control: Control): Promise<void> {
    const { page } = this;
    const here = await page.$eval("article", (article) => article.getAttribute("data-panel") ?? "");
    await this.#press(control);
    await page.click("[data-run=play]");
    await page.waitForSelector("article[data-state=running]");
    await page.evaluate(`globalThis.behind = document.querySelector("article")`);
    const from = Number((await stateOf(page)).step);
    await page.click(`[data-link=${here === "machine" ? "memory" : "machine"}]`);
    await page.waitForFunction(`!behind.isConnected && Number(behind.dataset.step) > ${from} + 5`);
    await page.click(`[data-link=${here}]`);
    await page.waitForFunction(`behind.isConnected`);
    await this.#rest(control);
    await this.#press(control);
  }

  /** The page's address was copied, or is shown where this browser copies nothing. */
  async #hasLink(control: Control): Promise<void> {
    const told = await (await this.#find(control)).evaluate(
      (one) => one.closest("section")?.querySelector("[role=status]")?.textContent ?? "",
    );
    const copied = await this.page.evaluate("navigator.clipboard.readText().catch(() => '')");
    expect([copied, told]).toContain(this.page.url());
  }

  /** Writes another text into the field of a form that is sent by this. Whether there is one. */
  async #fill(control: Control): Promise<boolean> {
    if (control.type !== "submit") return false;
    await (await this.#find(control)).evaluate((one) => {
      const field = one.closest("form")?.querySelector<HTMLInputElement>("input[type=text]");
      if (field) field.value = "It was the";
    });
    return true;
  }

  /** What was set going is stopped. */
  async #rest(control: Control): Promise<void> {
    const { page } = this;
    if (LONG.includes(control.data)) return;
    await page.waitForFunction(`document.querySelector("article").dataset.state !== "loading"`);
    expect((await stateOf(page)).state).not.toBe("failed");
    if ((await stateOf(page)).state === "running") {
      await page.click("[data-run=play]");
      await page.waitForSelector("article[data-state=paused]");
    }
  }

  /** What is seen, but for a control, when nothing moves any more. */
  async settled(control?: Control): Promise<string> {
    let [before, same] = ["", 0];
    const isSettled = async () => {
      // What takes long goes on beside what comes behind it.
      const isLong = control !== undefined && LONG.includes(control.data);
      const isAtRest = isLong || (await rest(this.page));
      const now = await looksOf(this.page, control);
      same = isAtRest && now === before ? same + 1 : 0;
      before = now;
      return same === 2 || isLong;
    };
    await this.#until(isSettled, "the page does not come to rest", START_MS);
    return before;
  }

  async #textOf(control: Control): Promise<string> {
    return (await this.#find(control)).evaluate((one) => one.textContent ?? "");
  }

  async #find(control: Control): Promise<ElementHandle<Element>> {
    const element = await this.page.$(selectorOf(control));
    if (element === null) throw new Error(`${control.key} is not there any more`);
    return element;
  }

  async #until(
    isSo: () => Promise<boolean>,
    otherwise: string,
    patience = this.#patience,
  ): Promise<void> {
    const end = performance.now() + patience;
    while (!(await isSo())) {
      if (performance.now() > end) throw new Error(`controls: ${otherwise}`);
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  }
}
