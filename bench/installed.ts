/**
 * `npx gradgpu bench`: the suite in someone's project, on the gradgpu that is installed there. The pages come built with
 * the package (dist/bench/site), without peers, whose packages would be a hundred times as large as it; their times are
 * those of the machines whose runs come with it, beside which the reader's own are shown.
 */
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { chooseCases } from "./cases/index.ts";
import { smokeCases } from "./cases/smoke.ts";
import { ChromeRunner } from "./runner/chrome.ts";
import { ENGINES, type EngineName } from "./runner/engines.ts";
import { parseOptions, usage, withOurs } from "./runner/options.ts";
import { showProgress } from "./runner/progress.ts";
import type { Report } from "./runner/rows.ts";
import {
  exitWith,
  measureAll,
  printCases,
  smokeVerdict,
  stopOnInterrupt,
  type World,
} from "./runner/run.ts";
import { serveFiles } from "./runner/serve.ts";

const COMMAND = "npx gradgpu bench";
const HELP = `${usage(COMMAND)}
  --serve            only serves the page that measures in whatever browser opens it`;

/** Ours and the machine's limits; PyTorch where it is asked for. */
const OWN: readonly EngineName[] = ["gradgpu-cpu", "gradgpu-webgpu", "limit-wasm", "limit-webgpu"];

const folder = fileURLToPath(new URL(".", import.meta.url));
const site = join(folder, "site");

interface Site {
  readonly gradgpu: string;
}

async function main(args: readonly string[]): Promise<number> {
  const [command, ...rest] = args;
  if (command !== "bench") {
    process.stderr.write(
      `gradgpu: the command must be bench; got ${command ?? "none"}.\n${HELP}\n`,
    );
    return 2;
  }
  if (rest.includes("--serve")) return serve();
  const options = parseOptions(rest);
  if (options.help) {
    process.stdout.write(`${HELP}\n`);
    return 0;
  }
  if (options.list) {
    printCases();
    return 0;
  }
  if (options.runner === "node") throw new Error("--runner: the installed suite runs in chrome.");
  const asked = options.engines.length === 0 ? OWN : withOurs(options.engines);
  const peer = asked.find((name) => !ENGINES[name].isOwn && name !== "torch");
  if (peer !== undefined) {
    throw new Error(
      `--engines: ${peer} is measured in gradgpu's repository (npm run bench); there are ${OWN.join(", ")}, torch.`,
    );
  }
  const cases = options.smoke && options.only.length === 0 ? smokeCases : chooseCases(options.only);
  const progress = showProgress(process.stderr);
  const signal = stopOnInterrupt(progress);
  const world = await open(options.threads);
  try {
    const report = await measureAll(options, cases, asked, world, { progress, signal });
    return options.smoke ? smokeVerdict(report, progress) : 0;
  } finally {
    await world.close();
  }
}

async function open(threads: number | undefined): Promise<World> {
  const server = await serveFiles({ "/": site });
  const chrome = new ChromeRunner(server.origin);
  return {
    gradgpu: read<Site>("site.json").gradgpu,
    json: resolve("gradgpu-bench.json"),
    others: read<readonly Report[]>("others.json"),
    starter: {
      inChrome: (name) => chrome.start(name),
      missing: new Map(),
      threads,
      assetBase: undefined,
      torchSession: join(folder, "pytorch.py"),
      nodeSession: "",
    },
    host: await chrome.version(),
    restart: () => chrome.close(),
    close: async () => {
      await chrome.close();
      await server.close();
    },
  };
}

async function serve(): Promise<number> {
  const { origin } = await serveFiles({ "/": site }, 8123);
  process.stdout.write(`open ${origin} in the browser to be measured; Ctrl-C ends\n`);
  return new Promise(() => {});
}

function read<T>(name: string): T {
  const file = join(site, name);
  if (!existsSync(file)) throw new Error(`${file} is missing. Install gradgpu again.`);
  return JSON.parse(readFileSync(file, "utf8")) as T;
}

exitWith(main(process.argv.slice(2)));
