/** Chrome, one page an engine. A hardware GPU is used where Chrome finds one, else SwiftShader, marked as such. */
import type { Browser, CDPSession, Page } from "puppeteer-core";
import { isSoftware } from "../../src/devices/webgpu/adapter-info.ts";
import { adapterFlags, COMMON } from "../../src/testing/browser/flags.ts";
import { ensureBrowser } from "../../src/testing/browser/install.ts";
import { adapterInPage } from "../../src/testing/browser/page.ts";
import { importPeer } from "../../src/testing/peer.ts";
import type { EngineName } from "./engines.ts";
import { withLimit } from "./limit.ts";
import type { Host } from "./session.ts";

const FLAGS = [
  ...COMMON,
  // Pages that wait their turn must not be slowed down for being behind another.
  "--disable-background-timer-throttling",
  "--disable-backgrounding-occluded-windows",
  "--disable-renderer-backgrounding",
  "--disable-features=WebGPUTimestampQueryQuantization",
  "--enable-dawn-features=allow_unsafe_apis",
];

export class ChromeRunner {
  readonly #origin: string;
  #browser: Browser | undefined;
  #isHardware: boolean | undefined;

  constructor(origin: string) {
    this.#origin = origin;
  }

  /** A page with `engine` in it. */
  async start(engine: EngineName): Promise<Host> {
    const browser = await this.#running();
    const page = await browser.newPage();
    await page.goto(`${this.#origin}/session.html?engine=${engine}`);
    await page.waitForFunction("typeof window.ask === 'function'");
    return pageHost(page, await page.createCDPSession(), () => this.#abandon());
  }

  async version(): Promise<string> {
    return (await this.#running()).version();
  }

  /** A new browser for the next page: no cache of the last one is there. */
  async close(): Promise<void> {
    const browser = this.#browser;
    this.#browser = undefined;
    await browser?.close().catch(() => undefined);
  }

  async #running(): Promise<Browser> {
    if (this.#browser?.connected === true) return this.#browser;
    if (this.#isHardware !== false) {
      const browser = await launchWith("hardware");
      this.#isHardware ??= await hasHardware(browser, this.#origin);
      if (this.#isHardware) {
        this.#browser = browser;
        return browser;
      }
      await browser.close();
    }
    this.#browser = await launchWith("software");
    return this.#browser;
  }

  /** Ends the whole browser: a page that computes does not close. The next page starts another. */
  async #abandon(): Promise<void> {
    this.#browser?.process()?.kill("SIGKILL");
    this.#browser = undefined;
  }
}

async function launchWith(adapter: "software" | "hardware"): Promise<Browser> {
  const { launch } = await importPeer<typeof import("puppeteer-core")>("bench", "puppeteer-core");
  return launch({
    executablePath: await ensureBrowser(),
    headless: true,
    args: [...FLAGS, ...adapterFlags(adapter)],
    // The limit is the runner's.
    protocolTimeout: 0,
    handleSIGINT: false,
  });
}

async function hasHardware(browser: Browser, origin: string): Promise<boolean> {
  const page = await browser.newPage();
  try {
    await page.goto(`${origin}/session.html?engine=none`);
    const info = await withLimit(adapterInPage(page), 20_000);
    return info !== undefined && !isSoftware(info);
  } catch {
    return false;
  } finally {
    await page.close().catch(() => undefined);
  }
}

function pageHost(page: Page, crasher: CDPSession, abandon: () => Promise<void>): Host {
  let isBusy = false;
  const ended = new Promise<never>((_, reject) => {
    page.once("close", () => reject(new Error("its page was closed.")));
    page.once("error", (error) => reject(new Error(`its page crashed: ${error.message}`)));
  });
  ended.catch(() => undefined);
  return {
    ask: async (command) => {
      await page.bringToFront();
      isBusy = true;
      const answer = page.evaluate((given) => window.ask(given), command);
      // The answer's type is the command's: see `Answers`, which the page keeps to.
      const given = (await Promise.race([answer, ended])) as never;
      isBusy = false;
      return given;
    },
    kill: async () => {
      if (page.isClosed()) return;
      // A page that computes hears nothing, but its process can be crashed from outside of its main thread.
      if (isBusy) {
        crasher.send("Page.crash").catch(() => undefined);
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
      const closed = page.close().then(
        () => true,
        () => true,
      );
      const waited = new Promise<false>((resolve) => setTimeout(() => resolve(false), 5_000));
      if (!(await Promise.race([closed, waited]))) await abandon();
    },
  };
}
