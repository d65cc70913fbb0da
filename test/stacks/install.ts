/**
 * The stacks that are no development dependency, since they are large: browsers and Mesa's software GPU from Debian's
 * packages, Deno and Bun from npm, in a folder of their own beside the repository's. `npm run stacks` installs what is
 * missing; a stack that is missing fails.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const STACKS_FOLDER = fileURLToPath(new URL("../../.stacks", import.meta.url));

export const NPM_PACKAGES = ["deno@2.9.6", "bun@1.4.5"] as const;

/** Mesa's Vulkan driver for the processor, which Dawn refuses and wgpu takes. */
export const LAVAPIPE = "/usr/share/vulkan/icd.d/lvp_icd.x86_64.json";

const FILES = {
  firefox: "/usr/bin/firefox-esr",
  lavapipe: LAVAPIPE,
  webkit: "/usr/bin/WebKitWebDriver",
  /** The browser that it drives. */
  miniBrowser: "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser",
  xvfb: "/usr/bin/Xvfb",
  deno: join(STACKS_FOLDER, "node_modules/@deno/linux-x64-glibc/deno"),
  bun: join(STACKS_FOLDER, "node_modules/@oven/bun-linux-x64/bin/bun"),
} as const;

export type StackFile = keyof typeof FILES;

export const DEBIAN_PACKAGES: Readonly<Partial<Record<StackFile, string>>> = {
  firefox: "firefox-esr",
  lavapipe: "mesa-vulkan-drivers",
  webkit: "webkit2gtk-driver",
  miniBrowser: "webkit2gtk-driver",
  xvfb: "xvfb",
};

export function missing(): StackFile[] {
  return (Object.keys(FILES) as StackFile[]).filter((name) => !existsSync(FILES[name]));
}

/** @throws Error where it is not installed */
export function stackPath(name: StackFile): string {
  if (existsSync(FILES[name])) return FILES[name];
  throw new Error(`${FILES[name]} is missing. Install the stacks: npm run stacks.`);
}
