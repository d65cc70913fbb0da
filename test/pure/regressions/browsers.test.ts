import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Browser, BrowserPlatform, computeExecutablePath } from "@puppeteer/browsers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { downloadedChromes, downloadPlatform } from "../../../scripts/browser.ts";
import { findSwiftShader } from "../../../src/devices/webgpu/swiftshader.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gradgpu-browsers-"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

function put(...parts: readonly string[]): string {
  const path = join(folder, ...parts);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, "");
  return path;
}

const BUILD = "140.0.1.2";

describe("a Chrome that puppeteer has downloaded is found", () => {
  test.each([
    BrowserPlatform.LINUX,
    BrowserPlatform.MAC,
    BrowserPlatform.MAC_ARM,
    BrowserPlatform.WIN32,
    BrowserPlatform.WIN64,
  ])("on %s, and not where it does not run", (platform) => {
    const path = computeExecutablePath({
      browser: Browser.CHROME,
      buildId: BUILD,
      cacheDir: folder,
      platform,
    });
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, "");
    expect(downloadedChromes(folder, downloadPlatform(platform))).toEqual([path]);
    expect(downloadedChromes(folder, BrowserPlatform.LINUX_ARM)).toEqual([]);
  });

  test("but not one whose download was cut short", () => {
    mkdirSync(join(folder, "chrome", `linux-${BUILD}`), { recursive: true });
    expect(downloadedChromes(folder, BrowserPlatform.LINUX)).toEqual([]);
  });
});

test("there is no Chrome to download for Linux on ARM", () => {
  expect(downloadPlatform(BrowserPlatform.LINUX_ARM)).toBeUndefined();
  expect(downloadPlatform(BrowserPlatform.MAC_ARM)).toBe(BrowserPlatform.MAC_ARM);
});

describe("SwiftShader is found", () => {
  const icd = "vk_swiftshader_icd.json";
  const framework = [
    "Google Chrome for Testing.app/Contents",
    "Frameworks/Google Chrome for Testing Framework.framework/Versions",
    BUILD,
    "Libraries",
    icd,
  ];

  test.each([
    ["beside the browser on Linux", ["chrome"], [icd]],
    ["beside the browser's versions on Windows", ["chrome.exe"], [BUILD, icd]],
    [
      "inside the app on macOS",
      ["Google Chrome for Testing.app/Contents/MacOS/Google Chrome for Testing"],
      framework,
    ],
  ])("%s", (_, executable, driver) => {
    vi.stubEnv("PUPPETEER_EXECUTABLE_PATH", put(...executable));
    const path = put(...driver);
    expect(findSwiftShader()).toEqual({ folder: dirname(path), icd: path });
  });
});
