import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Browser, type BrowserPlatform, computeExecutablePath } from "@puppeteer/browsers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { findSwiftShader } from "../../../src/devices/webgpu/swiftshader.ts";
import {
  downloadedChromes,
  downloadPlatform,
  type Platform,
} from "../../../src/testing/browser/executable.ts";

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
  const platforms: readonly Platform[] = ["linux", "mac", "mac_arm", "win32", "win64"];
  test.each(platforms)("on %s, and not where it does not run", (platform) => {
    const path = computeExecutablePath({
      browser: Browser.CHROME,
      buildId: BUILD,
      cacheDir: folder,
      platform: platform as BrowserPlatform,
    });
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, "");
    expect(downloadedChromes(folder, downloadPlatform(platform))).toEqual([path]);
    expect(downloadedChromes(folder, downloadPlatform("linux_arm"))).toEqual([]);
  });

  test("the newest of several first", () => {
    const [old, young] = ["99.0.1.2", BUILD].map((version) =>
      put("chrome", `linux-${version}`, "chrome-linux64/chrome"),
    );
    expect(downloadedChromes(folder, "linux")).toEqual([young, old]);
  });

  test("but not one whose download was cut short", () => {
    mkdirSync(join(folder, "chrome", `linux-${BUILD}`), { recursive: true });
    expect(downloadedChromes(folder, "linux")).toEqual([]);
  });
});

test("there is no Chrome to download for Linux on ARM", () => {
  expect(downloadPlatform("linux_arm")).toBeUndefined();
  expect(downloadPlatform("mac_arm")).toBe("mac_arm");
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
