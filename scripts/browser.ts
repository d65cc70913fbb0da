import { existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** The browser's path, or undefined where none is installed. @throws Error where the user names one that is not there */
export function findInstalledBrowser(): string | undefined {
  const named = process.env.PUPPETEER_EXECUTABLE_PATH;
  if (named !== undefined) {
    if (existsSync(named)) return named;
    throw new Error(`PUPPETEER_EXECUTABLE_PATH names a file that does not exist: ${named}.`);
  }
  return [
    "/usr/bin/google-chrome",
    "/usr/bin/google-chrome-stable",
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
    ...downloaded(),
  ].find((path) => existsSync(path));
}

/** The browser's path. Throws, with the ways to install one, where there is none. */
export function findBrowser(): string {
  const found = findInstalledBrowser();
  if (found !== undefined) return found;
  throw new Error(
    "No Chrome or Chromium found. Run `npm run browser`, which tries to install one, or set PUPPETEER_EXECUTABLE_PATH.",
  );
}

/** What `npm run browser` downloads, in the folder that puppeteer uses too. */
export const BROWSER_CACHE = join(homedir(), ".cache/puppeteer");

function downloaded(): string[] {
  const cache = join(BROWSER_CACHE, "chrome");
  if (!existsSync(cache)) return [];
  return readdirSync(cache).map((version) => join(cache, version, "chrome-linux64/chrome"));
}
