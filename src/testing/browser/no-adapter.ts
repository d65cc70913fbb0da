/** The error of a browser whose pages do not get the adapter that was asked for. */
import type { AdapterNames } from "../../devices/webgpu/adapter-info.ts";
import { DeviceUnavailableError } from "../../errors.ts";
import { type AdapterWish, testAdapter } from "../adapter.ts";

/** What pages of `browser` got. */
export function describeFound(info: AdapterNames | undefined, browser: string): string {
  return `${info === undefined ? "none" : testAdapter(info).description} in ${browser}`;
}

const SWIFTSHADER =
  "Take a Chrome or Chromium that brings SwiftShader, by executablePath or PUPPETEER_EXECUTABLE_PATH.";
const REMEDIES: Readonly<Record<AdapterWish, string>> = {
  hardware:
    'Look at chrome://gpu and the machine\'s drivers there, or ask for adapter: "software" where there is no GPU.',
  software: SWIFTSHADER,
  auto: SWIFTSHADER,
};

/** @param found what each browser that was tried gave, in words */
export function noSuchAdapter(
  caller: string,
  wish: AdapterWish,
  found: readonly string[],
): DeviceUnavailableError {
  return new DeviceUnavailableError(
    `${caller}: there must be a ${wish === "auto" ? "WebGPU" : wish} adapter; got ${found.join(", ")}. ${REMEDIES[wish]}`,
  );
}
