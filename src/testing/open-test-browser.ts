import type { TestBrowser, TestBrowserOptions } from "./browser/types.ts";

/**
 * A headless Chrome with WebGPU, and a server of the user's modules, TypeScript included: finds a browser or installs one,
 * starts it, and answers with the adapter that its pages get. Needs puppeteer-core and vite. Close it at the end.
 * @throws DeviceUnavailableError where there is no browser, or none with such an adapter: it never answers without one
 */
export async function openTestBrowser(options: TestBrowserOptions = {}): Promise<TestBrowser> {
  return (await import("./browser/open.ts")).openBrowser(options);
}
