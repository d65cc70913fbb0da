/** The reference, as Markdown made of docstrings: a page for every entry point and for every module within one. */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Application } from "typedoc";
import { entryPoints, ROOT } from "./entry-points.ts";

/** Writes the pages into `folder`. @throws Error for what TypeDoc complains of, such as a link that leads nowhere */
export async function writeReference(folder) {
  const entries = entryPoints();
  /** @type {Partial<import("typedoc-plugin-markdown").PluginOptions>} */
  const options = {
    router: "module",
    entryFileName: "index",
    hidePageHeader: true,
    hideBreadcrumbs: true,
    useCodeBlocks: true,
    expandParameters: true,
    parametersFormat: "table",
    interfacePropertiesFormat: "table",
    classPropertiesFormat: "table",
    typeAliasPropertiesFormat: "table",
    propertyMembersFormat: "table",
    typeDeclarationFormat: "table",
    sanitizeComments: true,
  };
  const app = await Application.bootstrapWithPlugins({
    ...options,
    name: "Reference",
    entryPoints: entries.map(({ file }) => file),
    tsconfig: join(ROOT, "tsconfig.json"),
    plugin: ["typedoc-plugin-markdown"],
    readme: "none",
    // `npm run typecheck` is where errors are told.
    skipErrorChecking: true,
    excludeInternal: true,
    excludePrivate: true,
    excludeExternals: true,
    outputs: [{ name: "markdown", path: folder }],
    logLevel: "Warn",
  });
  const project = await app.convert();
  if (project === undefined) throw new Error("TypeDoc could not read the sources.");
  nameModules(project, entries);
  await app.generateOutputs(project);
  if (app.logger.hasErrors() || app.logger.hasWarnings())
    throw new Error("TypeDoc has complaints, see above.");
  const pages = new Map();
  for (const path of await readdir(folder, { recursive: true })) {
    if (path.endsWith(".md")) pages.set(path, tidied(await readFile(join(folder, path), "utf8")));
  }
  for (const [path, page] of pages)
    await writeFile(join(folder, path), relinked(path, page, pages));
}

/** By what users import: `gradgpu/nn`, where TypeDoc says "nn/index". */
function nameModules(project, entries) {
  for (const [i, module] of (project.children ?? []).entries()) {
    const source = module.sources?.[0]?.fullFileName;
    const entry = entries.find(({ file }) => file === source) ?? entries[i];
    if (entry !== undefined) module.name = entry.name;
  }
}

/** What stands under every name is no heading: an outline and a search full of "Parameters" help nobody. */
const PARTS =
  /^#{4,6} (Accessors|Call Signature|Constructors|Default Value|Example|Extended by|Extends|Get Signature|Implementation of|Implemented by|Implements|Index Signature|Inherited from|Methods|Overrides|Parameters|Properties|Returns|Throws|Type Declaration|Type Parameters)$/gm;

function tidied(page) {
  return page.replaceAll(PARTS, "**$1**").replaceAll(/^\*\*\*$\n\n/gm, "");
}

/**
 * A heading that is there once has its own name as its anchor. The plugin numbers it where another one would have the same
 * that it does not write, as it does for some properties.
 */
function relinked(path, page, pages) {
  return page.replaceAll(/\]\(([^)#\s]*)#([\w-]+)-\d+\)/g, (link, to, anchor) => {
    const target = to === "" ? page : (pages.get(join(dirname(path), to)) ?? "");
    const headings = target.matchAll(/^#+ (.*)$/gm);
    const same = [...headings].filter(
      ([, text = ""]) => text.toLowerCase().replaceAll(/[^\w-]/g, "") === anchor,
    );
    return same.length === 1 ? `](${to}#${anchor})` : link;
  });
}
