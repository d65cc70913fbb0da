/** Files of a user's own that a program is given on its command line: found and imported, with errors that help. */
import { existsSync } from "node:fs";
import { register } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { shown } from "../src/arguments.ts";
import { ArgumentError, GradgpuError } from "../src/errors.ts";

/** What a file exports, and where it lies. */
export interface OwnFile {
  readonly path: string;
  readonly exports: Readonly<Record<string, unknown>>;
}

/**
 * Imports `name`, as seen from where npm was called. `remedy` says what to give instead.
 *
 * @throws GradgpuError in words for whoever wrote the file
 */
export async function importOwn(program: string, name: string, remedy: string): Promise<OwnFile> {
  // npm runs scripts in the package's folder, and says where it was called.
  const folder = process.env.npm_lifecycle_event === program ? process.env.INIT_CWD : undefined;
  const path = resolve(folder ?? process.cwd(), name);
  if (!existsSync(path)) {
    throw new ArgumentError(
      `${program}: the file must be there; got ${name}, which would be ${path}. ${remedy}`,
    );
  }
  shareThisGradgpu();
  const exports = await telling(
    `${program}: ${name} must be importable`,
    path,
    () => import(pathToFileURL(path).href) as Promise<Record<string, unknown>>,
  );
  return { path, exports };
}

/** What a file exports in place of what was expected. */
export function exportsOf({ default: own, ...others }: OwnFile["exports"]): string {
  if (own !== undefined) return shown(own);
  const names = Object.keys(others);
  return names.length === 0 ? "no export" : `only ${names.join(", ")}`;
}

/** What `action` gives; its error is told with what it is about, and with the line of the user's file that it came by. */
export async function telling<T>(
  rule: string,
  path: string,
  action: () => T | Promise<T>,
): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof Error)) throw new ArgumentError(`${rule}; got ${shown(error)} thrown.`);
    const line = error.stack
      ?.split("\n")
      .find((text) => /^ +at /.test(text) && text.includes(path));
    const kind = error instanceof GradgpuError ? "" : `${error.name}: `;
    throw new ArgumentError(
      `${rule}; got ${kind}${error.message}${line === undefined ? "" : `\n${line}`}`,
    );
  }
}

/**
 * "gradgpu" is this one, wherever the file lies and whatever is installed there: tensors of another are not understood.
 * TypeScript is read as modules, also where no package.json says so: what tsx adds to the address of a file that another one
 * imports, to read it as CommonJS, is taken off again.
 */
function shareThisGradgpu(): void {
  const hook = `export async function resolve(name, context, next) {
    const own = /^gradgpu(\\/|$)/.test(name) ? { ...context, parentURL: ${JSON.stringify(import.meta.url)} } : context;
    const found = await next(name, own);
    const url = found.url.replace(/(\\?|%3F)tsx-commonjs.*/, "");
    return /\\.ts(\\?|$)/.test(url) ? { ...found, url, format: "module" } : found;
  }`;
  register(`data:text/javascript,${encodeURIComponent(hook)}`);
}
