/** The browser of the tests and benchmarks: one that is installed, or that `npm run browser` has downloaded. */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import {
  Browser,
  BrowserPlatform,
  Cache,
  ChromeReleaseChannel,
  computeSystemExecutablePath,
  detectBrowserPlatform,
} from "@puppeteer/browsers";

/** Puppeteer's own folder, so that what it has downloaded is found, and the reverse. */
export const BROWSER_CACHE =
  process.env.PUPPETEER_CACHE_DIR ?? join(homedir(), ".cache", "puppeteer");

/** The platform whose Chrome for Testing runs here; there is none for Linux on ARM, where puppeteer names x64's. */
export function downloadPlatform(platform = detectBrowserPlatform()): BrowserPlatform | undefined {
  return platform === BrowserPlatform.LINUX_ARM ? undefined : platform;
}

/** The browser's path, or undefined where none is installed. @throws Error where the user names one that is not there */
export function findInstalledBrowser(): string | undefined {
  const named = process.env.PUPPETEER_EXECUTABLE_PATH;
  if (named !== undefined) {
    if (existsSync(named)) return named;
    throw new Error(`PUPPETEER_EXECUTABLE_PATH names a file that does not exist: ${named}.`);
  }
  return (
    packaged.find((path) => existsSync(path)) ??
    systemChrome() ??
    downloadedChromes(BROWSER_CACHE, downloadPlatform())[0]
  );
}

/** The browser's path. Throws, with the ways to install one, where there is none. */
export function findBrowser(): string {
  const found = findInstalledBrowser();
  if (found !== undefined) return found;
  throw new Error(
    "No Chrome or Chromium found. Run `npm run browser`, which tries to install one, or set PUPPETEER_EXECUTABLE_PATH.",
  );
}

/** Where package managers of Linux put them; puppeteer knows Chrome's own folder only. */
const packaged = [
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
];

function systemChrome(): string | undefined {
  try {
    return computeSystemExecutablePath({
      browser: Browser.CHROME,
      channel: ChromeReleaseChannel.STABLE,
    });
  } catch {
    // Puppeteer's way to say that there is none.
    return undefined;
  }
}

/** The executables of the Chromes for `platform` in puppeteer's folder. */
export function downloadedChromes(
  folder: string,
  platform: BrowserPlatform | undefined,
): readonly string[] {
  return new Cache(folder)
    .getInstalledBrowsers()
    .filter((found) => found.browser === Browser.CHROME && found.platform === platform)
    .map(({ executablePath }) => executablePath)
    .filter((path) => existsSync(path));
}
