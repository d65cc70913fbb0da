/** Packages that only some users need: looked for when they are wanted, beside gradgpu and in the project that runs. */
import { GradgpuError } from "../errors.ts";
import { path } from "./builtins.ts";

/** The module `name`. @throws GradgpuError with the command that installs it */
export async function importPeer<T>(caller: string, name: string): Promise<T> {
  const found = (await tryImport(name)) ?? (await tryImport(fromProject(name)));
  if (found !== undefined) return found as T;
  throw new GradgpuError(
    `${caller}: the package ${name} must be installed; got none beside gradgpu or in ${process.cwd()}. Run \`npm install --save-dev ${name}\`.`,
  );
}

/** The address of `name` as the project in the working directory sees it; undefined where it has none. */
function fromProject(name: string): string | undefined {
  const { createRequire } = process.getBuiltinModule("node:module");
  const { pathToFileURL } = process.getBuiltinModule("node:url");
  const require = createRequire(path().join(process.cwd(), "package.json"));
  try {
    return pathToFileURL(require.resolve(name)).href;
  } catch {
    return undefined;
  }
}

async function tryImport(specifier: string | undefined): Promise<unknown> {
  if (specifier === undefined) return undefined;
  try {
    return await import(/* webpackIgnore: true */ /* @vite-ignore */ specifier);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND") return undefined;
    throw error;
  }
}
