import type { Module, Parameter } from "./module.ts";

/** The module and all below it, parents first, with the path that leads there: "" for the module itself. */
export function descendants(root: Module, path = ""): { path: string; module: Module }[] {
  const below = root.children.flatMap(([name, child]) => descendants(child, join(path, name)));
  return [{ path, module: root }, ...below];
}

/** Every parameter of the module and all below it. `prefix` is the path of the module that owns it. */
export function pathsOf(
  root: Module,
): { path: string; prefix: string; name: string; parameter: Parameter }[] {
  return descendants(root).flatMap(({ path: prefix, module }) =>
    Object.entries(module.own).map(([name, parameter]) => ({
      path: join(prefix, name),
      prefix,
      name,
      parameter,
    })),
  );
}

export function join(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}
