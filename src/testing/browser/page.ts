/** A page, what went wrong in it, and calls into its modules. */
import type { Page } from "puppeteer-core";
import type { AdapterNames } from "../../devices/webgpu/adapter-info.ts";

/** Uncaught errors, console errors and failed requests, in order, from now on. */
export function collectErrors(page: Page): readonly string[] {
  const errors: string[] = [];
  page.on("pageerror", (error) => {
    errors.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  });
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  page.on("requestfailed", (request) => {
    errors.push(`${request.url()}: ${request.failure()?.errorText ?? "failed"}`);
  });
  return errors;
}

/**
 * Calls an exported function of a module inside the page and returns what it returns, as JSON.
 * The call travels as text because vitest rewrites `import()` inside functions it has loaded.
 */
export async function callInPage(
  page: Pick<Page, "evaluate">,
  module: string,
  exportName: string,
  ...args: readonly unknown[]
): Promise<unknown> {
  const parameters = args.map((arg) => JSON.stringify(arg)).join(", ");
  return await page.evaluate(
    `import(${JSON.stringify(module)}).then((module) => module[${JSON.stringify(exportName)}](${parameters}))`,
  );
}

/** What `navigator.gpu` gives a page, undefined where it gives nothing. As text, for the reason above. */
export const ADAPTER_OF_PAGE = `(async () => {
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) return undefined;
  const { vendor, architecture, device, description, isFallbackAdapter } = adapter.info;
  return { vendor, architecture, device, description, isFallbackAdapter };
})()`;

export async function adapterInPage(
  page: Pick<Page, "evaluate">,
): Promise<AdapterNames | undefined> {
  return (await page.evaluate(ADAPTER_OF_PAGE)) as AdapterNames | undefined; // JSON out of the page
}
