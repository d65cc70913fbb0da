/** Sees to it that there is a Chrome or Chromium: downloaded or, where that does not work, by Debian's package manager. */
import { DeviceUnavailableError, GradgpuError } from "../../errors.ts";
import { childProcess, fs } from "../builtins.ts";
import { importPeer } from "../peer.ts";
import { browserCache, downloadPlatform, findInstalledBrowser } from "./executable.ts";

/** A firewall may swallow what is asked for without an answer. */
const ANSWER_MS = 30_000;

export interface InstallOptions {
  /** Whose errors they are. Default "openTestBrowser". */
  readonly caller?: string;
  readonly executablePath?: string;
  /** Whether one is installed where there is none. Default true. */
  readonly install?: boolean;
  /** Told what is being done. Default: the console. */
  readonly say?: (text: string) => void;
}

/** The browser's path. @throws DeviceUnavailableError where there is none and none can be installed */
export async function ensureBrowser(options: InstallOptions = {}): Promise<string> {
  const { caller = "openTestBrowser", executablePath, install = true, say = console.log } = options;
  const found = findInstalledBrowser(caller, executablePath);
  if (found !== undefined) return found;
  const faults: string[] = [];
  for (const way of install ? [download, installChromium] : []) {
    try {
      await way(say, caller);
      const installed = findInstalledBrowser(caller);
      if (installed !== undefined && starts(installed, faults)) return installed;
    } catch (error) {
      faults.push(error instanceof Error ? error.message : String(error));
    }
  }
  const tried = faults.length === 0 ? "" : `; installing one failed: ${faults.join("; ")}`;
  throw new DeviceUnavailableError(
    `${caller}: there must be a Chrome or Chromium; got none in the usual places and in ${browserCache()}${tried}. Install one, or name it by PUPPETEER_EXECUTABLE_PATH.`,
  );
}

async function download(say: (text: string) => void, caller: string): Promise<void> {
  const platform = downloadPlatform();
  if (platform === undefined)
    throw new GradgpuError("there is no Chrome to download for this platform");
  const { Browser, BrowserTag, install, resolveBuildId } = await importPeer<
    typeof import("@puppeteer/browsers")
  >(caller, "@puppeteer/browsers");
  const cacheDir = browserCache();
  say(`Downloading Chrome to ${cacheDir} …`);
  // The package's enumeration of platforms has these very names.
  const named = platform as Parameters<typeof resolveBuildId>[1];
  const buildId = await inTime(resolveBuildId(Browser.CHROME, named, BrowserTag.STABLE));
  await install({ browser: Browser.CHROME, buildId, cacheDir, platform: named });
}

async function inTime<T>(answer: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new GradgpuError("no answer")), ANSWER_MS);
  });
  try {
    return await Promise.race([answer, silence]);
  } finally {
    clearTimeout(timer);
  }
}

/** What was downloaded may lack libraries of the system, which Debian's package brings along. */
function starts(executable: string, faults: string[]): boolean {
  if (process.platform !== "linux") return true;
  const { status, stderr } = childProcess().spawnSync(executable, ["--version"], {
    encoding: "utf8",
  });
  if (status === 0) return true;
  faults.push(`${executable} does not start: ${stderr.trim().split("\n").at(-1)}`);
  // Else it would be found again, by the next way too.
  fs().rmSync(executable, { force: true });
  return false;
}

async function installChromium(say: (text: string) => void): Promise<void> {
  installPackages(["chromium"], say);
}

/** Debian's packages, where there are such. @throws GradgpuError where they cannot be installed */
export function installPackages(
  names: readonly string[],
  say: (text: string) => void = console.log,
): void {
  if (!fs().existsSync("/usr/bin/apt-get") || process.getuid?.() !== 0)
    throw new GradgpuError(`only root on Debian can install ${names.join(", ")} as a package`);
  say(`Installing Debian's ${names.join(", ")} …`);
  apt("update", "-qq");
  apt("install", "-y", "-qq", "--no-install-recommends", ...names);
}

/** Quiet, but for what it says when it fails. */
function apt(...args: readonly string[]): void {
  const { status, stderr } = childProcess().spawnSync("apt-get", args, {
    encoding: "utf8",
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });
  if (status !== 0) throw new GradgpuError(`apt-get ${args[0]} failed:\n${stderr}`);
}
