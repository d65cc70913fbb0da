import { checkOptions, flag, list, text } from "../arguments.ts";
import { type AdapterWish, adapterWish, suits } from "./adapter.ts";

/** Which browser is launched. */
export interface LaunchWish {
  /** Default "auto": a GPU where pages get one, else SwiftShader. Which it is, a page says: `adapter.info`. */
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

/** Where it stands what was found: runners load their configuration anew in each of their processes. */
const FOUND = "GRADGPU_TEST_BROWSER";

/**
 * How a headless Chrome with WebGPU is started, for whoever starts it: the browser's path, found or installed, and the
 * flags. `use: { launchOptions: await launchOptions() }` in Playwright's configuration. The browser is started once to
 * look, about a second, and said by an environment variable to the processes that this one starts.
 * @throws DeviceUnavailableError where there is no browser and none can be installed, or where its pages get no such
 * adapter
 */
export async function launchOptions(options: LaunchWish = {}): Promise<BrowserLaunch> {
  checkOptions("launchOptions", options, {
    adapter: adapterWish,
    flags: list,
    executablePath: text,
    install: flag,
  });
  const asked = JSON.stringify(options);
  const known = process.env[FOUND]?.split("\n");
  if (known?.[0] === asked) return JSON.parse(known[1] ?? "") as BrowserLaunch; // as it was written
  const found = await find(options);
  process.env[FOUND] = `${asked}\n${JSON.stringify(found)}`;
  return found;
}

/** The first way to start a browser, of those that the wish allows, whose pages get such an adapter. */
async function find(options: LaunchWish): Promise<BrowserLaunch> {
  const { adapter: wish = "auto", flags = [] } = options;
  const [{ ensureBrowser }, { adapterFlags, candidates, COMMON }, { probeAdapter }, errors] =
    await Promise.all([
      import("./browser/install.ts"),
      import("./browser/flags.ts"),
      import("./browser/probe.ts"),
      import("./browser/no-adapter.ts"),
    ]);
  const executablePath = await ensureBrowser({ ...options, caller: "launchOptions" });
  const found: string[] = [];
  for (const kind of candidates(wish)) {
    const args = [...COMMON, ...adapterFlags(kind), ...flags];
    const info = await probeAdapter("launchOptions", executablePath, args);
    if (info !== undefined && suits(kind, info)) return { executablePath, args, headless: true };
    found.push(errors.describeFound(info, executablePath));
  }
  throw errors.noSuchAdapter("launchOptions", wish, found);
}
