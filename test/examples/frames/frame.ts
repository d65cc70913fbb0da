import { fileURLToPath } from "node:url";

/** What stands around a block, so that it can run by itself. */
export interface BlockFrame {
  /** Ahead of the block: imports, data, models. */
  readonly before: string;
  /** Behind it: throws where the block did not do what the page says. */
  readonly after: string;
  /** What it imports that is a block of its own, by the name of that block's program. */
  readonly imports?: Readonly<Record<string, string>>;
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

/** What docs/worker.md says is trained, for whoever starts it: in a thread, bundled as a page's worker would be. */
export const IN_A_WORKER: BlockFrame = {
  imports: { "./training.ts": "./docs-worker-md-1.ts" },
  before: `
    const { Worker: Thread } = await import("node:worker_threads");
    const { fileURLToPath } = await import("node:url");
    const { buildSync } = await import("esbuild");
    globalThis.Worker = class {
      constructor(module: URL) {
        const [entry, outfile] = [module, new URL("training.mjs", module)].map((url) => fileURLToPath(url));
        buildSync({
          entryPoints: [entry ?? ""], outfile: outfile ?? "", conditions: ["gradgpu-source"],
          bundle: true, format: "esm", platform: "node", external: ["webgpu"],
        });
        return new Thread(outfile ?? "") as never;
      }
    } as never;
    const told: unknown[] = [];
    const console = { log: (...said: unknown[]) => told.push(said) };`,
  after: `
    const { steps: all } = await remote.done;
    if (told.length !== all || all < 5) throw new Error(\`told of \${told.length} steps of \${all}\`);
    remote.close();
    Reflect.deleteProperty(globalThis, "Worker");`,
};
