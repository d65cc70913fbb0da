import { fileURLToPath } from "node:url";

/** What stands around a block, so that it can run by itself. */
export interface BlockFrame {
  /** Ahead of the block: imports, data, models. */
  readonly before: string;
  /** Behind it: throws where the block did not do what the page says. */
  readonly after: string;
}

/** The device of all of them, unless they open their own. */
export const OPEN = `await init({ device: "cpu", threads: 1, seed: 1 });`;

/** The repository's root, as a text. */
export const ROOT = JSON.stringify(fileURLToPath(new URL("../../..", import.meta.url)));

/** Paths of a block are those of a folder of its own. */
export const FOLDER = `
  const { mkdtempSync, rmSync, writeFileSync } = await import("node:fs");
  const home = ${ROOT};
  const own = mkdtempSync(\`\${home}/out/block-\`);
  process.chdir(own);`;
export const LEAVE = `
  process.chdir(home);
  rmSync(own, { recursive: true });`;
