/** dist/bench: what `npx gradgpu bench` runs, and its pages. Part of `npm run build`, behind all else. */
import { chmodSync, cpSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { buildSite, repository, writeFacts } from "../bench/runner/build.ts";
import { ENGINE_NAMES, ENGINES } from "../bench/runner/engines.ts";

const folder = join(repository, "dist/bench");
const own = ENGINE_NAMES.filter((name) => ENGINES[name].isOwn);
const site = join(folder, "site");
const failures = await buildSite(
  site,
  own.flatMap((name) => ENGINES[name].module ?? []),
  // Peers' threads need names; there are none here.
  { minify: true },
);
for (const [module, why] of failures) throw new Error(`${module}: ${why}`);
writeFacts(site, own);
cpSync(join(repository, "bench/engines/pytorch.py"), join(folder, "pytorch.py"));
const cli = join(folder, "cli.js");
await build({
  absWorkingDir: repository,
  entryPoints: ["bench/installed.ts"],
  outfile: cli,
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20",
  // Looked for in the project that runs.
  external: ["puppeteer-core", "webgpu", "vite", "@puppeteer/browsers"],
  define: { __GRADGPU_DEBUG__: "false" },
  banner: { js: "#!/usr/bin/env node" },
  minify: true,
});
chmodSync(cli, 0o755);
