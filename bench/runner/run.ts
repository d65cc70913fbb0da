/** A run of the suite from the command line: measures cases one after the other and leaves rows (JSON) and a page (HTML). */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { allCases, GROUPS } from "../cases/index.ts";
import { needsFreshSession } from "../cases/overheads.ts";
import type { BenchCase } from "../contract.ts";
import { renderReport } from "../report/html.ts";
import { describeOthers } from "../report/others.ts";
import { contendersOf, type Starter } from "./contenders.ts";
import type { EngineName } from "./engines.ts";
import { describeMachine } from "./machine.ts";
import { Measuring, messageOf } from "./measure.ts";
import type { BenchOptions } from "./options.ts";
import { describeRow, type Progress } from "./progress.ts";
import type { Report, Row } from "./rows.ts";
import { withShares } from "./shares.ts";

const SAMPLE_MS = 200;
/** PyTorch's threads spin for about 110 ms after their last work. */
const PAUSE_MS = 250;

/** What is measured, and by what it runs. */
export interface World {
  readonly starter: Starter;
  readonly host: string;
  /** gradgpu's own, and the commit where it is a checkout. */
  readonly gradgpu: string;
  readonly commit?: string;
  /** Where the rows go where nothing is said. */
  readonly json: string;
  /** Reports of other machines, to be compared with. */
  readonly others: readonly Report[];
  /** The row of what a page loads; undefined where there are no sources to bundle. */
  readonly measureBundles?: (benchCase: BenchCase) => Promise<Row>;
  /** Ends what ran so far where the next case must not find anything warm. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export interface Watching {
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

export function printCases(): void {
  for (const [group, cases] of Object.entries(GROUPS)) {
    process.stdout.write(`${group}\n${cases.map(({ name }) => `  ${name}\n`).join("")}`);
  }
  process.stdout.write(`${allCases.length} cases\n`);
}

/** The first Ctrl-C keeps what was measured, the second one does not wait. */
export function stopOnInterrupt(progress: Progress): AbortSignal {
  const controller = new AbortController();
  process.on("SIGINT", () => {
    if (controller.signal.aborted) process.exit(130);
    progress.line("stopping after the sample under way; Ctrl-C again to leave at once");
    controller.abort();
  });
  return controller.signal;
}

export async function measureAll(
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
    gradgpu: world.gradgpu,
    ...(world.commit !== undefined && { commit: world.commit }),
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
    const isBundle = benchCase.params.what === "bundle";
    if (isBundle && world.measureBundles === undefined) continue;
    progress.line(`[${i + 1}/${cases.length}] ${benchCase.name}`);
    const isFresh = needsFreshSession(benchCase);
    if (isFresh) await world.restart();
    const measured =
      isBundle && world.measureBundles !== undefined
        ? [await world.measureBundles(benchCase)]
        : await measuring.measure(benchCase, isFresh);
    rows.push(...measured);
    for (const row of withShares(rows).slice(-measured.length)) progress.line(describeRow(row));
    // After every case, so that whatever ends the run leaves what was measured.
    write(options, world, report(false), progress, false);
  }
  await measuring.close();
  const done = report(!signal.aborted);
  write(options, world, done, progress, true);
  return done;
}

function write(
  options: BenchOptions,
  world: World,
  report: Report,
  progress: Progress,
  isLast: boolean,
): void {
  const json = options.json ?? world.json;
  const html = options.html ?? json.replace(/(\.json)?$/, ".html");
  mkdirSync(dirname(json), { recursive: true });
  writeFileSync(json, `${JSON.stringify(report, undefined, 1)}\n`);
  if (!isLast) return;
  mkdirSync(dirname(html), { recursive: true });
  writeFileSync(html, renderReport(report, world.others));
  for (const line of describeOthers(report, world.others)) progress.line(line);
  progress.line(`${report.rows.length} rows: ${json}, ${html}`);
}

/** 0 where every engine of ours measured every case of the smoke run. */
export function smokeVerdict({ rows }: Report, progress: Progress): number {
  const wrong = rows.filter(({ outcome }) => outcome !== "measured" && outcome !== "counted");
  for (const row of wrong) progress.line(`smoke: ${row.case} on ${row.engine} was not measured`);
  return wrong.length === 0 && rows.length > 0 ? 0 : 1;
}

/** Ends the process with what `main` says. */
export function exitWith(main: Promise<number>): void {
  main.then(
    (code) => process.exit(code),
    (error: unknown) => {
      process.stderr.write(`bench: ${messageOf(error)}\n`);
      process.exit(1);
    },
  );
}
