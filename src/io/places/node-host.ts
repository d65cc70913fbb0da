/**
 * Paths of Node, Deno and Bun, and their modules for files. These come from `process.getBuiltinModule`, so that a bundler
 * for pages finds nothing to include.
 */
import { check, rule } from "../../arguments.ts";
import { ArgumentError, FileError } from "../../errors.ts";

/** @throws ArgumentError for what is no path, such as another URL, which would be made a folder of that name */
export function pathOf(caller: string, path: string | URL): string {
  const given = path instanceof URL ? path.href : path;
  check(caller, "the path", given, aPath, "Give it as text: ./models/mine.safetensors.");
  if (!/^file:/i.test(given)) return given;
  const { fileURLToPath } = globalThis.process?.getBuiltinModule?.("node:url") ?? {};
  try {
    return fileURLToPath?.(given) ?? given;
  } catch (cause) {
    const { message } = Object(cause);
    throw new ArgumentError(
      `${caller}: the URL must be that of a file of this machine; got ${given.slice(0, 80)}: ${message}. Write file:///tmp/mine.safetensors, or the path.`,
    );
  }
}
const aPath = rule(
  "a text, or a file: URL",
  (value) =>
    typeof value === "string" &&
    value !== "" &&
    !value.includes("\0") &&
    !/^(?!file:)[a-z][a-z0-9+.-]+:\/\//i.test(value),
);

/** @throws FileError on a page */
export function modules(caller: string) {
  const host = (globalThis as { process?: NodeJS.Process }).process;
  const fs = host?.getBuiltinModule?.("node:fs/promises");
  const path = host?.getBuiltinModule?.("node:path");
  if (host !== undefined && fs !== undefined && path !== undefined)
    return { fs, platform: host.platform, ...path };
  throw new FileError(
    `${caller}: paths must be those of Node, Deno or Bun; got a host without their files. On a page take opfs, indexedDb, http or a File.`,
    "failed",
  );
}
