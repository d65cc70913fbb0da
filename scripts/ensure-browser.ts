/**
 * `npm run browser`: sees to it that there is a Chrome or Chromium for the tests. Where none is installed it is
 * downloaded, or, where that is not possible, installed by Debian's package manager.
 */
import { spawnSync } from "node:child_process";
import { BROWSER_CACHE, findInstalledBrowser } from "./browser.ts";

function run(command: string, ...args: readonly string[]): boolean {
  console.log(`> ${command} ${args.join(" ")}`);
  return spawnSync(command, args, { stdio: "inherit" }).status === 0;
}

const isRoot = process.getuid?.() === 0;

const ways: readonly (() => boolean)[] = [
  () => run("npx", "browsers", "install", "chrome@stable", "--path", BROWSER_CACHE),
  () =>
    isRoot && run("apt-get", "update", "-qq") && run("apt-get", "install", "-y", "-qq", "chromium"),
];

function ensure(): string | undefined {
  const found = findInstalledBrowser();
  if (found !== undefined) return found;
  console.log("No Chrome or Chromium is installed; the tests need one.");
  for (const way of ways) {
    way();
    const installed = findInstalledBrowser();
    if (installed !== undefined) return installed;
  }
  return undefined;
}

try {
  if (ensure() === undefined) {
    throw new Error(
      "No browser could be installed. Install Chrome or Chromium yourself, or set PUPPETEER_EXECUTABLE_PATH.",
    );
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
