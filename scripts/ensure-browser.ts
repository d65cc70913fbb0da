/**
 * `npm run browser`: sees to it that there is a Chrome or Chromium for the tests. Where none is installed it is
 * downloaded, or, where that is not possible, installed by Debian's package manager.
 */
import { Browser, BrowserTag, install, resolveBuildId } from "@puppeteer/browsers";
import { installPackages } from "./apt.ts";
import { BROWSER_CACHE, downloadPlatform, findInstalledBrowser } from "./browser.ts";

/** A firewall may swallow what is asked for without an answer. */
const ANSWER_MS = 30_000;

async function download(): Promise<void> {
  const platform = downloadPlatform();
  if (platform === undefined) throw new Error("there is no Chrome to download for this platform");
  console.log(`Downloading Chrome to ${BROWSER_CACHE} …`);
  const silence = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error("no answer")), ANSWER_MS).unref();
  });
  const buildId = await Promise.race([
    resolveBuildId(Browser.CHROME, platform, BrowserTag.STABLE),
    silence,
  ]);
  await install({ browser: Browser.CHROME, buildId, cacheDir: BROWSER_CACHE, platform });
}

async function ensure(): Promise<void> {
  if (findInstalledBrowser() !== undefined) return;
  console.log("No Chrome or Chromium is installed; the tests need one.");
  for (const way of [download, () => installPackages(["chromium"])]) {
    try {
      await way();
    } catch (error) {
      console.log(`That did not work: ${error instanceof Error ? error.message : error}.`);
    }
    if (findInstalledBrowser() !== undefined) return;
  }
  throw new Error(
    "No browser could be installed. Install Chrome or Chromium yourself, or set PUPPETEER_EXECUTABLE_PATH.",
  );
}

try {
  await ensure();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
// A request that nobody answers must not keep the process.
process.exit();
