import type { Browser } from "puppeteer-core";
import { importPeer } from "../peer.ts";
import { adapterFlags, COMMON } from "./flags.ts";
import { ensureBrowser, type InstallOptions } from "./install.ts";

export interface LaunchOptions extends InstallOptions {
  readonly adapter?: "software" | "hardware";
  /** Further flags. */
  readonly flags?: readonly string[];
  /** The profile's folder. Default: one of its own, which is removed at the end. */
  readonly userDataDir?: string;
}

/** A software GPU on a busy machine can keep one call waiting for minutes. */
const CALL_MS = 600_000;
/** A start, or a page's, takes seconds, and on a busy machine more than the half minute that puppeteer waits for it. */
export const START_MS = 180_000;

/** A headless Chrome with WebGPU on `adapter`, SwiftShader where nothing is said. */
export async function launchBrowser(options: LaunchOptions = {}): Promise<Browser> {
  const { adapter = "software", flags = [], userDataDir } = options;
  const { launch } = await importPeer<typeof import("puppeteer-core")>(
    "openTestBrowser",
    "puppeteer-core",
  );
  return await launch({
    executablePath: await ensureBrowser(options),
    headless: true,
    // Not a socket: the browser ends with the process that opened it, whatever ends that.
    pipe: true,
    args: [...COMMON, ...adapterFlags(adapter), ...flags],
    ...(userDataDir !== undefined && { userDataDir }),
    timeout: START_MS,
    protocolTimeout: CALL_MS,
  });
}
