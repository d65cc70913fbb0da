/** The browser of tests: one that is installed, or that was downloaded by puppeteer or playwright. */
import { DeviceUnavailableError } from "../../errors.ts";
import { fs, os, path } from "../builtins.ts";

/** Puppeteer's names of platforms, which are also those of Chrome's downloads. */
export type Platform = "linux" | "linux_arm" | "mac" | "mac_arm" | "win32" | "win64";

/** Puppeteer's own folder, so that what it has downloaded is found, and the reverse. */
export function browserCache(): string {
  return process.env.PUPPETEER_CACHE_DIR ?? path().join(os().homedir(), ".cache", "puppeteer");
}

function thisPlatform(): Platform {
  const { platform, arch } = process;
  if (platform === "darwin") return arch === "arm64" ? "mac_arm" : "mac";
  if (platform === "win32") return arch === "ia32" ? "win32" : "win64";
  return arch === "arm64" ? "linux_arm" : "linux";
}

/** The platform whose Chrome for Testing runs on `platform`; there is none for Linux on ARM. */
export function downloadPlatform(platform: Platform = thisPlatform()): Platform | undefined {
  return platform === "linux_arm" ? undefined : platform;
}

/**
 * The browser's path, or undefined where none is installed.
 * @param caller whose errors they are
 * @param named where the user says that it is; PUPPETEER_EXECUTABLE_PATH where nothing is said
 * @throws DeviceUnavailableError where the user names one that is not there
 */
export function findInstalledBrowser(
  caller: string,
  named = process.env.PUPPETEER_EXECUTABLE_PATH,
): string | undefined {
  if (named !== undefined) {
    if (fs().existsSync(named)) return named;
    throw new DeviceUnavailableError(
      `${caller}: executablePath or PUPPETEER_EXECUTABLE_PATH must name a file that exists; got ${named}. Leave both out to have one found.`,
    );
  }
  return (
    packagedBrowsers().find((file) => fs().existsSync(file)) ??
    downloadedChromes(browserCache(), downloadPlatform())[0] ??
    playwrightChromiums()[0]
  );
}

function packagedBrowsers(): string[] {
  const { env, platform } = process;
  const windows = [env.PROGRAMFILES, env["PROGRAMFILES(X86)"], env.LOCALAPPDATA];
  if (platform === "win32")
    return windows.flatMap((folder) =>
      folder === undefined ? [] : [path().join(folder, "Google/Chrome/Application/chrome.exe")],
    );
  if (platform === "darwin")
    return ["/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"];
  return [
    "/usr/bin/google-chrome",
    "/usr/bin/google-chrome-stable",
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
  ];
}

const MAC = "Google Chrome for Testing.app/Contents/MacOS/Google Chrome for Testing";

const DOWNLOADED: Readonly<Record<Platform, string>> = {
  linux: "chrome-linux64/chrome",
  linux_arm: "chrome-linux64/chrome",
  mac: `chrome-mac-x64/${MAC}`,
  mac_arm: `chrome-mac-arm64/${MAC}`,
  win32: "chrome-win32/chrome.exe",
  win64: "chrome-win64/chrome.exe",
};

/** The executables of the Chromes for `platform` in puppeteer's folder, the newest first. */
export function downloadedChromes(
  folder: string,
  platform: Platform | undefined,
): readonly string[] {
  if (platform === undefined) return [];
  return executablesIn(path().join(folder, "chrome"), `${platform}-`, [DOWNLOADED[platform]]);
}

const PLAYWRIGHT = [
  "chrome-linux/chrome",
  "chrome-linux64/chrome",
  `chrome-mac-arm64/${MAC}`,
  `chrome-mac-x64/${MAC}`,
  "chrome-mac/Chromium.app/Contents/MacOS/Chromium",
  "chrome-win/chrome.exe",
  "chrome-win64/chrome.exe",
];

function playwrightChromiums(): readonly string[] {
  const home = os().homedir();
  const caches: Partial<Record<NodeJS.Platform, string>> = {
    darwin: path().join(home, "Library/Caches"),
    win32: path().join(home, "AppData/Local"),
  };
  const cache = caches[process.platform] ?? path().join(home, ".cache");
  const folder = process.env.PLAYWRIGHT_BROWSERS_PATH ?? path().join(cache, "ms-playwright");
  return executablesIn(folder, "chromium-", PLAYWRIGHT);
}

/** `folder`/`prefix`VERSION/`file`, where there is such a file. */
function executablesIn(folder: string, prefix: string, files: readonly string[]): string[] {
  if (!fs().existsSync(folder)) return [];
  const versions = fs()
    .readdirSync(folder)
    .filter((name) => name.startsWith(prefix))
    .sort((a, b) => b.localeCompare(a, "en", { numeric: true }));
  return versions
    .flatMap((version) => files.map((file) => path().join(folder, version, file)))
    .filter((file) => fs().existsSync(file));
}
