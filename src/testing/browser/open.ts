import type { Browser } from "puppeteer-core";
import { checkOptions, flag, list, record, text } from "../../arguments.ts";
import type { AdapterNames } from "../../devices/webgpu/adapter-info.ts";
import { GradgpuError } from "../../errors.ts";
import { type AdapterWish, adapterWish, suits, testAdapter } from "../adapter.ts";
import { candidates } from "./flags.ts";
import { launchBrowser, START_MS } from "./launch.ts";
import { describeFound, noSuchAdapter } from "./no-adapter.ts";
import { adapterInPage, callInPage, collectErrors } from "./page.ts";
import { BLANK, type PageServer, servePages } from "./serve.ts";
import type { TestBrowser, TestBrowserOptions, TestPage } from "./types.ts";

/** See `openTestBrowser` of gradgpu/testing. */
export async function openBrowser(options: TestBrowserOptions = {}): Promise<TestBrowser> {
  checkOptions("openTestBrowser", options, {
    adapter: adapterWish,
    isolated: flag,
    root: text,
    vite: record,
    flags: list,
    executablePath: text,
    install: flag,
  });
  const { adapter = "auto", flags = [] } = options;
  const server = await servePages(options);
  try {
    // Collected by hand on a page without a GPU of its own to run out of: leakcheck asks for it.
    const wanted = { ...options, flags: ["--js-flags=--expose-gc", ...flags] };
    const found = await launchWithAdapter(adapter, wanted, server);
    return await testBrowser(found.browser, found.info, server);
  } catch (error) {
    await server.close();
    throw error;
  }
}

interface Launched {
  readonly browser: Browser;
  readonly info: AdapterNames;
}

/** The first browser of those that the wish allows whose pages get such an adapter. */
async function launchWithAdapter(
  wish: AdapterWish,
  options: TestBrowserOptions,
  { origin }: PageServer,
): Promise<Launched> {
  const found: string[] = [];
  for (const adapter of candidates(wish)) {
    const browser = await launchBrowser({ ...options, adapter });
    try {
      const info = await adapterOf(browser, `${origin}${BLANK}`);
      if (info !== undefined && suits(adapter, info)) return { browser, info };
      found.push(describeFound(info, await browser.version()));
    } catch (error) {
      await browser.close();
      throw error;
    }
    await browser.close();
  }
  throw noSuchAdapter("openTestBrowser", wish, found);
}

async function adapterOf(browser: Browser, address: string): Promise<AdapterNames | undefined> {
  const page = await browser.newPage();
  try {
    await page.goto(address, { timeout: START_MS });
    return await adapterInPage(page);
  } finally {
    await page.close();
  }
}

async function testBrowser(
  browser: Browser,
  info: AdapterNames,
  server: PageServer,
): Promise<TestBrowser> {
  const { origin } = server;
  const openPage: TestBrowser["openPage"] = async (options) => {
    checkOptions("openPage", options, { path: text });
    return openTestPage(browser, `${origin}${options?.path ?? BLANK}`);
  };
  return {
    adapter: testAdapter(info),
    version: await browser.version(),
    origin,
    browser,
    openPage,
    async run(...call) {
      const page = await openPage();
      try {
        const result = await page.call(...call);
        const [fault] = page.errors;
        if (fault === undefined) return result;
        throw new GradgpuError(
          `run: the page must report no error; got ${fault}. Use openPage and its errors where they are expected.`,
        );
      } finally {
        await page.close();
      }
    },
    async close() {
      await browser.close();
      await server.close();
    },
  };
}

/** A page of a profile of its own at `address`. */
export async function openTestPage(
  browser: Browser,
  address: string,
): Promise<TestPage & { readonly page: import("puppeteer-core").Page }> {
  const context = await browser.createBrowserContext();
  try {
    const page = await context.newPage();
    const errors = collectErrors(page);
    await page.goto(address, { timeout: START_MS });
    return {
      page,
      errors,
      call: (module, exportName, ...args) => callInPage(page, module, exportName, ...args),
      close: () => context.close(),
    };
  } catch (error) {
    await context.close();
    throw error;
  }
}
