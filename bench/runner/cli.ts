/** npm run bench: chooses cases and engines, builds what runs in Chrome, and measures. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { chooseCases } from "../cases/index.ts";
import { smokeCases } from "../cases/smoke.ts";
import { buildSite, packages, repository, version } from "./build.ts";
import { measureBundles } from "./bundle.ts";
import { ChromeRunner } from "./chrome.ts";
import { committedReports } from "./committed.ts";
import { ENGINES, type EngineModule, type EngineName } from "./engines.ts";
import { currentCommit } from "./machine.ts";
import { type BenchOptions, parseOptions, usage, withOurs } from "./options.ts";
import { installPeers } from "./peers.ts";
import { type Progress, showProgress } from "./progress.ts";
import {
  exitWith,
  measureAll,
  printCases,
  smokeVerdict,
  stopOnInterrupt,
  type World,
} from "./run.ts";
import { type FileServer, serveFiles } from "./serve.ts";

const SMOKE_ENGINES: readonly EngineName[] = ["gradgpu-cpu", "gradgpu-webgpu", "limit-wasm"];

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(`${usage("npm run bench --")}\n`);
    return 0;
  }
  if (options.list) {
    printCases();
    return 0;
  }
  const cases = options.smoke && options.only.length === 0 ? smokeCases : chooseCases(options.only);
  const asked = options.smoke && options.engines.length === 0 ? SMOKE_ENGINES : options.engines;
  const engines = withOurs(asked);
  const progress = showProgress(process.stderr);
  const signal = stopOnInterrupt(progress);
  const world = await open(options, engines, progress);
  try {
    const report = await measureAll(options, cases, engines, world, { progress, signal });
    return options.smoke ? smokeVerdict(report, progress) : 0;
  } finally {
    await world.close();
  }
}

async function open(
  options: BenchOptions,
  engines: readonly EngineName[],
  progress: Progress,
): Promise<World> {
  const modules = engines.flatMap((name) => ENGINES[name].module ?? []);
  const missing = new Map<EngineModule, string>();
  if (modules.some((module) => module.startsWith("peers/"))) {
    const why = installPeers((text) => progress.line(text));
    for (const module of modules) {
      if (why !== undefined && module.startsWith("peers/")) missing.set(module, why);
    }
  }
  const { threads } = options;
  const commit = currentCommit();
  const common = {
    gradgpu: version(),
    ...(commit !== undefined && { commit }),
    json: join(repository, "out/bench/report.json"),
    others: committedReports(),
    measureBundles: (benchCase: Parameters<typeof measureBundles>[0]) =>
      measureBundles(benchCase, options.runner),
  };
  const processes = {
    torchSession: join(repository, "bench/engines/pytorch.py"),
    nodeSession: join(repository, "bench/runner/node-session.ts"),
  };
  if (options.runner === "node") {
    return {
      ...common,
      starter: { ...processes, inChrome: undefined, missing, threads, assetBase: undefined },
      host: `Node ${process.versions.node}`,
      restart: async () => {},
      close: async () => {},
    };
  }
  progress.now("building the pages");
  // Its own, because two runs may be under way at once.
  const site = join(repository, `out/bench/site-${process.pid}`);
  const built = await buildSite(
    site,
    modules.filter((module) => !missing.has(module)),
  );
  for (const [module, why] of built) missing.set(module, why);
  const server: FileServer = await serveFiles({ "/": site, "/packages/": packages });
  const chrome = new ChromeRunner(server.origin);
  return {
    ...common,
    starter: {
      ...processes,
      inChrome: (name) => chrome.start(name),
      missing,
      threads,
      assetBase: `${server.origin}/packages/`,
    },
    host: await chrome.version(),
    restart: () => chrome.close(),
    close: async () => {
      await chrome.close();
      await server.close();
      rmSync(site, { recursive: true, force: true });
    },
  };
}

exitWith(main());
