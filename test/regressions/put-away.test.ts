/** A page that is frozen, or left and come back to, trains on by itself, to the bits of one that nobody disturbed. */
import type { Page } from "puppeteer-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { START_MS } from "../../src/testing/browser/launch.ts";
import { launchBrowser, type PageServer } from "../support/chrome.ts";
import { bundleForWeb, serveWithPolicies } from "../support/policy-server.ts";

const ISOLATED = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

let server: PageServer;
let browser: Awaited<ReturnType<typeof launchBrowser>>;
beforeAll(async () => {
  const scripts = await bundleForWeb(["put-away-page"], "esm");
  const isolated = Object.entries(scripts).map(([path, { body }]) => [
    path,
    { body, headers: ISOLATED },
  ]);
  const training = `<!doctype html><link rel="icon" href="data:,"><script type="module" src="/put-away-page.js"></script>`;
  const other = `<!doctype html><link rel="icon" href="data:,"><p>Another page.</p>`;
  server = await serveWithPolicies({
    ...Object.fromEntries(isolated),
    "/training.html": { body: training, headers: ISOLATED },
    "/other.html": { body: other, headers: ISOLATED },
  });
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser.close();
  await server.close();
});

/** What a page says, each line once, over all that are loaded in its tab. */
class Said {
  readonly lines: string[] = [];
  readonly #counts = new Map<string, number>();
  readonly #waiting = new Set<() => void>();

  constructor(page: Page) {
    const add = (line: string) => {
      this.lines.push(line);
      for (const look of this.#waiting) look();
    };
    page.on("console", (message) => {
      const [, life = "", count, line] = /^(\S+) (\d+) (.*)$/.exec(message.text()) ?? [];
      if (line === undefined || Number(count) < (this.#counts.get(life) ?? 0)) return;
      this.#counts.set(life, Number(count) + 1);
      add(line);
    });
    page.on("pageerror", (error) => add(`error ${error}`));
  }

  /** The first such line of those from `from` on. */
  next(wanted: RegExp, from = 0): Promise<string> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = this.lines
          .slice(from)
          .find((line) => /^error/.test(line) || wanted.test(line));
        if (found === undefined) return;
        this.#waiting.delete(look);
        if (found.startsWith("error")) reject(new Error(found));
        else resolve(found);
      };
      this.#waiting.add(look);
      look();
    });
  }

  steps(from = 0): number[] {
    return this.lines
      .slice(from)
      .flatMap((line) => /^step (\d+)$/.exec(line)?.slice(1).map(Number) ?? []);
  }
}

describe.each(["cpu", "webgpu"])("a page that trains on %s", (device) => {
  let whole: string;

  async function open(folder: string): Promise<{ page: Page; said: Said }> {
    const page = await browser.newPage();
    page.setDefaultTimeout(START_MS);
    const said = new Said(page);
    await page.goto(`${server.origin}/training.html?device=${device}&folder=${device}-${folder}`);
    return { page, said };
  }

  beforeAll(async () => {
    const { page, said } = await open("whole");
    whole = await said.next(/^done/);
    expect(said.steps()).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
    await page.close();
  });

  it("goes on where it was when it is frozen and comes back", async () => {
    const { page, said } = await open("frozen");
    const session = await page.createCDPSession();
    for (const step of [10, 25, 40]) {
      await said.next(new RegExp(`^step ${step}$`));
      const from = said.lines.length;
      await session.send("Page.setWebLifecycleState", { state: "frozen" });
      await said.next(/^frozen$/, from);
      await session.send("Page.setWebLifecycleState", { state: "active" });
      await said.next(/^resumed$/, from);
    }
    expect(await said.next(/^done/)).toBe(whole);
    // Nothing was trained twice: it was the same page all the time.
    expect(said.steps()).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
    await page.close();
  });

  it("goes on when it is left and comes back, where it was if the browser has kept it", async () => {
    const { page, said } = await open("left");
    await said.next(/^step 20$/);
    await page.goto(`${server.origin}/other.html`);
    const left = said.lines.length;
    await page.goBack();
    // A browser that needs the memory lets go of the pages in its back/forward cache, and loads them again.
    const isKept = (await said.next(/^shown (true|false)$/, left)) === "shown true";
    // On a busy machine it may have been done before it was left.
    expect(await said.next(/^done/, isKept ? 0 : left)).toBe(whole);
    if (isKept) expect(said.steps()).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
    await page.close();
  });

  it("goes on from its last checkpoint when it is loaded again", async () => {
    const { page, said } = await open("loaded");
    await said.next(/^written 12$/);
    const before = said.lines.length;
    await page.reload();
    await said.next(/^shown false$/, before);
    const from = said.lines.indexOf("shown false", before);
    expect(await said.next(/^done/, from)).toBe(whole);
    // On a busy machine there may have been none left to take.
    expect(said.steps(from).filter((step) => step <= 12)).toEqual([]);
    await page.close();
  });
});
