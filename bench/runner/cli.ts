/** npm run bench: chooses cases and engines, measures them, and leaves rows (JSON) and a page (HTML). */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { allCases, chooseCases, GROUPS } from "../cases/index.ts";
import { needsFreshSession } from "../cases/overheads.ts";
import { smokeCases } from "../cases/smoke.ts";
import type { BenchCase } from "../contract.ts";
import { renderReport } from "../report/html.ts";
import { buildSite, packages, repository, version } from "./build.ts";
import { measureBundles } from "./bundle.ts";
import { ChromeRunner } from "./chrome.ts";
import { contendersOf, type Starter } from "./contenders.ts";
import { ENGINES, type EngineModule, type EngineName } from "./engines.ts";
import { currentCommit, describeMachine } from "./machine.ts";
import { Measuring, messageOf } from "./measure.ts";
import { type BenchOptions, parseOptions, USAGE, withOurs } from "./options.ts";
import { installPeers } from "./peers.ts";
import { describeRow, type Progress, showProgress } from "./progress.ts";
import type { Report, Row } from "./rows.ts";
import { type FileServer, serveFiles } from "./serve.ts";
import { withShares } from "./shares.ts";

const SAMPLE_MS = 200;
/** PyTorch's threads spin for about 110 ms after their last work. */
const PAUSE_MS = 250;
const SMOKE_ENGINES: readonly EngineName[] = ["gradgpu-cpu", "gradgpu-webgpu", "limit-wasm"];

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(`${USAGE}\n`);
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
  const stop = stopOnInterrupt(progress);
  const world = await open(options, engines, progress);
  try {
    const report = await measureAll(options, cases, engines, world, { progress, signal: stop });
    return options.smoke ? smokeVerdict(report, progress) : 0;
  } finally {
    await world.close();
  }
}

function printCases(): void {
  for (const [group, cases] of Object.entries(GROUPS)) {
    process.stdout.write(`${group}\n${cases.map(({ name }) => `  ${name}\n`).join("")}`);
  }
  process.stdout.write(`${allCases.length} cases\n`);
}

/** The first Ctrl-C keeps what was measured, the second one does not wait. */
function stopOnInterrupt(progress: Progress): AbortSignal {
  const controller = new AbortController();
  process.on("SIGINT", () => {
    if (controller.signal.aborted) process.exit(130);
    progress.line("stopping after the sample under way; Ctrl-C again to leave at once");
    controller.abort();
  });
  return controller.signal;
}

interface World {
  readonly starter: Starter;
  readonly host: string;
  /** Ends what ran so far where the next case must not find anything warm. */
  restart(): Promise<void>;
  close(): Promise<void>;
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
  if (options.runner === "node") {
    return {
      starter: { inChrome: undefined, missing, threads, assetBase: undefined },
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
    starter: {
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

interface Watching {
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

async function measureAll(
  options: BenchOptions,
  cases: readonly BenchCase[],
  engines: readonly EngineName[],
  world: World,
  { progress, signal }: Watching,
): Promise<Report> {
  const startedAt = new Date().toISOString();
  const measuring = new Measuring(contendersOf(engines, world.starter), {
    runner: options.runner,
    rounds: options.rounds,
    limitMs: 1000 * options.limitSeconds,
    sampleMs: options.smoke ? 1 : SAMPLE_MS,
    pauseMs: options.smoke ? 0 : PAUSE_MS,
    signal,
    say: (text) => progress.now(text),
  });
  const rows: Row[] = [];
  const report = (isComplete: boolean): Report => ({
    format: 1,
    gradgpu: version(),
    ...commit(),
    startedAt,
    runner: options.runner,
    machine: describeMachine(),
    host: world.host,
    engines: [...measuring.infos].map(([engine, info]) => ({
      engine,
      version: info.version,
      backend: info.backend,
    })),
    rounds: options.rounds,
    limitSeconds: options.limitSeconds,
    isComplete,
    rows: withShares(rows),
  });
  for (const [i, benchCase] of cases.entries()) {
    if (signal.aborted) break;
    progress.line(`[${i + 1}/${cases.length}] ${benchCase.name}`);
    const isFresh = needsFreshSession(benchCase);
    if (isFresh) await world.restart();
    const measured =
      benchCase.params.what === "bundle"
        ? [await measureBundles(benchCase, options.runner)]
        : await measuring.measure(benchCase, isFresh);
    rows.push(...measured);
    for (const row of withShares(rows).slice(-measured.length)) progress.line(describeRow(row));
    // After every case, so that whatever ends the run leaves what was measured.
    write(options, report(false), progress, false);
  }
  await measuring.close();
  const done = report(!signal.aborted);
  write(options, done, progress, true);
  return done;
}

function commit(): { readonly commit?: string } {
  const found = currentCommit();
  return found === undefined ? {} : { commit: found };
}

function write(options: BenchOptions, report: Report, progress: Progress, isLast: boolean): void {
  const json = options.json ?? join(repository, "out/bench/report.json");
  const html = options.html ?? json.replace(/(\.json)?$/, ".html");
  mkdirSync(dirname(json), { recursive: true });
  writeFileSync(json, `${JSON.stringify(report, undefined, 1)}\n`);
  if (!isLast) return;
  mkdirSync(dirname(html), { recursive: true });
  writeFileSync(html, renderReport(report));
  progress.line(`${report.rows.length} rows: ${json}, ${html}`);
}

/** 0 where every engine of ours measured every case of the smoke run. */
function smokeVerdict({ rows }: Report, progress: Progress): number {
  const wrong = rows.filter(({ outcome }) => outcome !== "measured" && outcome !== "counted");
  for (const row of wrong) progress.line(`smoke: ${row.case} on ${row.engine} was not measured`);
  return wrong.length === 0 && rows.length > 0 ? 0 : 1;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`bench: ${messageOf(error)}\n`);
    process.exit(1);
  },
);
