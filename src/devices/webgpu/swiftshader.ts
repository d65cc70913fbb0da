/**
 * SwiftShader, the software GPU that every Chromium brings along. Its Vulkan driver file lies beside the executable on
 * Linux, in a folder of the version beside it on Windows, and deep inside the app on macOS.
 *
 * On Windows and macOS Dawn takes Direct3D and Metal before Vulkan, and Windows has a software adapter of its own: a
 * driver that is found there does no harm.
 */

export interface SwiftShader {
  readonly folder: string;
  /** The driver file, for VK_ICD_FILENAMES. */
  readonly icd: string;
}

const ICD = "vk_swiftshader_icd.json";

/** The first that is found: beside the browser that the user names, in the usual places, in puppeteer's cache. */
export function findSwiftShader(): SwiftShader | undefined {
  const fs = globalThis.process.getBuiltinModule("node:fs");
  const path = globalThis.process.getBuiltinModule("node:path");
  for (const folder of browserFolders()) {
    const beside = path.join(folder, ICD);
    if (fs.existsSync(beside)) return { folder, icd: beside };
    // Only browsers' own folders are searched, never /usr/lib.
    const inside = fs.existsSync(folder)
      ? fs.readdirSync(folder, { recursive: true, encoding: "utf8" })
      : [];
    const found = inside.find((file) => path.basename(file) === ICD);
    if (found !== undefined) {
      const icd = path.join(folder, found);
      return { folder: path.dirname(icd), icd };
    }
  }
  return undefined;
}

function browserFolders(): string[] {
  const { env, platform } = globalThis.process;
  const fs = globalThis.process.getBuiltinModule("node:fs");
  const os = globalThis.process.getBuiltinModule("node:os");
  const path = globalThis.process.getBuiltinModule("node:path");
  const named = env.PUPPETEER_EXECUTABLE_PATH;
  const cache = env.PUPPETEER_CACHE_DIR ?? path.join(os.homedir(), ".cache", "puppeteer");
  const installed: Partial<Record<NodeJS.Platform, string[]>> = {
    linux: ["/usr/lib/chromium", "/usr/lib/chromium-browser", "/opt/google/chrome"],
    darwin: ["/Applications/Google Chrome.app/Contents/Frameworks"],
    win32: [env.PROGRAMFILES, env.LOCALAPPDATA].flatMap((folder) =>
      folder === undefined ? [] : [path.join(folder, "Google", "Chrome", "Application")],
    ),
  };
  return [
    ...(named !== undefined && fs.existsSync(named) ? [folderOf(fs.realpathSync(named))] : []),
    ...(installed[platform] ?? []),
    path.join(cache, "chrome"),
  ];
}

/** The folder of an executable; on macOS the app's Contents, where its libraries lie too. */
function folderOf(executable: string): string {
  const path = globalThis.process.getBuiltinModule("node:path");
  const folder = path.dirname(executable);
  return path.basename(folder) === "MacOS" ? path.dirname(folder) : folder;
}
