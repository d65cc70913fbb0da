import type { AnyModule, Parameter } from "./module.ts";

/** The module and all below it, parents first, with the path that leads there: "" for the module itself. */
export function descendants(root: AnyModule, path = ""): { path: string; module: AnyModule }[] {
  const below = root.children.flatMap(([name, child]) => descendants(child, join(path, name)));
  return [{ path, module: root }, ...below];
}

/** A parameter or buffer; `prefix` is the path of the module that owns it. */
interface Place {
  readonly path: string;
  readonly prefix: string;
  readonly name: string;
  readonly parameter: Parameter;
}

/** Every parameter of the module and all below it, or what else `own` gives of each. */
export function pathsOf(root: AnyModule, own = ({ own }: AnyModule) => own): Place[] {
  return descendants(root).flatMap(({ path: prefix, module }) =>
    Object.entries(own(module)).map(([name, parameter]) => ({
      path: join(prefix, name),
      prefix,
      name,
      parameter,
    })),
  );
}

/** By path, what `own` gives of every module. */
export function variablesOf(root: AnyModule, own?: (module: AnyModule) => AnyModule["own"]) {
  return new Map(pathsOf(root, own).map(({ path, parameter }) => [path, parameter.variable]));
}

export function join(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}
