/** `npm run experiment:memory`: how far back RNN, GRU and LSTM remember, and what truncation costs and hides. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { GradgpuError, init } from "gradgpu";
import { duration } from "../shared/progress.ts";
import { formatTable } from "../shared/table.ts";
import { HELP, type Options, parseArguments } from "./arguments.ts";
import { measureAccuracy } from "./measure/accuracy.ts";
import { measureCost, measureGrowth } from "./measure/cost.ts";
import { measureGradient } from "./measure/gradient.ts";
import { measureTruncation } from "./measure/truncation.ts";
import { CELLS } from "./model.ts";
import { readOwnCell } from "./own-cell.ts";
import { renderReport } from "./report/report.ts";
import { summaryRows } from "./report/summary.ts";
import type { Results } from "./results.ts";
import { FULL, QUICK } from "./settings.ts";

const EXIT = { failed: 1, usage: 2 } as const;

async function main(argv: readonly string[]): Promise<number> {
  const parsed = parseArguments(argv);
  if (parsed.kind === "help") {
    console.log(HELP);
    return 0;
  }
  if (parsed.kind === "error") {
    console.error(parsed.message);
    return EXIT.usage;
  }
  try {
    const { options } = parsed;
    const results = await measure(options);
    console.log(`\n${formatTable(summaryRows(results))}`);
    await mkdir(dirname(options.out), { recursive: true });
    await writeFile(options.out, renderReport(results));
    await writeFile(jsonFile(options.out), `${JSON.stringify(results, undefined, 1)}\n`);
    console.log(
      `In all ${duration(1000 * results.run.seconds)}. See ${pathToFileURL(resolve(options.out)).href}`,
    );
    return 0;
  } catch (error) {
    // Our own errors say what to do; the stack of anything else is worth having.
    console.error(error instanceof GradgpuError ? error.message : error);
    return EXIT.failed;
  }
}

async function measure(options: Options): Promise<Results> {
  const { seed, quick } = options;
  const startMs = performance.now();
  const base = quick ? QUICK : FULL;
  const settings = { ...base, lags: options.lags ?? base.lags };
  const own = options.cell === undefined ? [] : [await readOwnCell(options.cell)];
  const run = { settings, seed, cells: [...CELLS, ...own], terminal: process.stderr };
  const opened = await init({ device: options.device ?? "auto", seed });
  const { device, description, why, runtime } = opened;
  console.log(`Device: ${device} (${description}), because ${why}.`);
  const flow = await measureGradient(run);
  const truncation = await measureTruncation(run);
  const accuracy = await measureAccuracy(run);
  await runtime.close();
  const kind = device === "webgpu" ? "webgpu" : "cpu";
  const cost = await measureCost(run, kind);
  const growth = await measureGrowth(run, kind);
  const seconds = (performance.now() - startMs) / 1000;
  const shared = { date: new Date(), seed, isQuick: quick, device: description, why, seconds };
  return { run: shared, settings, accuracy, flow, truncation, cost, growth };
}

/** The numbers behind the page: memory.html has its memory.json. */
function jsonFile(page: string): string {
  return `${page.replace(/\.html$/, "")}.json`;
}

process.exitCode = await main(process.argv.slice(2));
