import { checkOptions, flag, list, text } from "../arguments.ts";
import { type AdapterWish, adapterWish } from "./adapter.ts";

/** Which browser is launched. */
export interface LaunchWish {
  /** Default "auto": a GPU where the machine seems to have one. Which it is, a page says: `adapter.info`. */
  readonly adapter?: AdapterWish;
  /** Further flags. */
  readonly flags?: readonly string[];
  /** The browser to take. Default: PUPPETEER_EXECUTABLE_PATH, or one that is found. */
  readonly executablePath?: string;
  /** Whether one is installed where there is none. Default true. */
  readonly install?: boolean;
}

/** What puppeteer's `launch`, Playwright's `use.launchOptions` and its provider for Vitest take. */
export interface BrowserLaunch {
  /** The browser. */
  readonly executablePath: string;
  /** Its flags. */
  readonly args: string[];
  /** Without a window. */
  readonly headless: true;
}

/**
 * How a headless Chrome with WebGPU is started, for whoever starts it: the browser's path, found or installed, and the
 * flags. `use: { launchOptions: await launchOptions() }` in Playwright's configuration.
 * @throws DeviceUnavailableError where there is no browser and none can be installed
 */
export async function launchOptions(options: LaunchWish = {}): Promise<BrowserLaunch> {
  checkOptions("launchOptions", options, {
    adapter: adapterWish,
    flags: list,
    executablePath: text,
    install: flag,
  });
  const { adapter = "auto", flags = [] } = options;
  const [{ ensureBrowser }, { adapterFlags, candidates, COMMON }] = await Promise.all([
    import("./browser/install.ts"),
    import("./browser/flags.ts"),
  ]);
  const [kind = "software"] = candidates(adapter);
  return {
    executablePath: await ensureBrowser(options),
    args: [...COMMON, ...adapterFlags(kind), ...flags],
    headless: true,
  };
}
