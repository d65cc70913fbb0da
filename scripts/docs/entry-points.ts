/** The entry points of the package, as package.json has them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export interface EntryPoint {
  /** What is imported: `gradgpu/nn`. */
  readonly name: string;
  /** The source behind it. */
  readonly file: string;
}

/** The main one first. */
export function entryPoints(): EntryPoint[] {
  const { name, exports } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
    name: string;
    exports: Record<string, string | Record<string, string>>;
  };
  return Object.entries(exports).flatMap(([path, told]) => {
    const own = typeof told === "string" ? undefined : told["gradgpu-source"];
    return own === undefined ? [] : [{ name: path.replace(".", name), file: join(ROOT, own) }];
  });
}
