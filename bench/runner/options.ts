/** The command line, and nothing else. */
import { parseArgs } from "node:util";
import { ENGINE_NAMES, type EngineName, isEngineName } from "./engines.ts";

export interface BenchOptions {
  readonly only: readonly string[];
  readonly engines: readonly EngineName[];
  readonly rounds: number;
  readonly json: string | undefined;
  readonly html: string | undefined;
  readonly runner: "node" | "chrome";
  readonly threads: number | undefined;
  readonly limitSeconds: number;
  readonly list: boolean;
  readonly help: boolean;
  /** Least work that shows that everything runs; nothing about how fast. */
  readonly smoke: boolean;
}

/** @param command what people write: "npm run bench --" */
export const usage = (command: string) => `${command} [options]
  --only NAMES       cases whose names begin so, or groups: steps, kernels, overheads, growth (comma-separated)
  --engines NAMES    ${ENGINE_NAMES.join(", ")}
  --rounds N         samples of each engine, taken in turns (7)
  --json FILE        where the rows go (out/bench/report.json)
  --html FILE        where the page goes (beside the rows)
  --runner R         chrome (default) or node
  --threads N        threads of every CPU engine (as many as the machine has)
  --limit S          seconds after which a run is cut off and reported as "over S s" (60)
  --list             the cases
  --smoke            a minute: that it runs, not how fast`;

const list = (text: string | undefined) =>
  (text ?? "")
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");

function count(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (!(Number.isFinite(value) && value > 0)) {
    throw new Error(`--${name}: must be a number above 0; got "${text}".`);
  }
  return value;
}

/** @throws Error that says which option is wrong */
export function parseOptions(args: readonly string[]): BenchOptions {
  const text = { type: "string" } as const;
  const flag = { type: "boolean", default: false } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: text,
      engines: text,
      rounds: text,
      json: text,
      html: text,
      runner: text,
      threads: text,
      limit: text,
      list: flag,
      help: flag,
      smoke: flag,
    },
  });
  const names = list(values.engines);
  const unknown = names.find((name) => !isEngineName(name));
  if (unknown !== undefined) {
    throw new Error(`--engines: there is no "${unknown}". There are ${ENGINE_NAMES.join(", ")}.`);
  }
  const runner = values.runner ?? "chrome";
  if (runner !== "node" && runner !== "chrome") {
    throw new Error(`--runner: must be chrome or node; got "${runner}".`);
  }
  const threads = values.threads === undefined ? undefined : count("threads", values.threads, 1);
  return {
    only: list(values.only),
    engines: names.filter(isEngineName),
    rounds: Math.ceil(count("rounds", values.rounds, values.smoke ? 2 : 7)),
    json: values.json,
    html: values.html,
    runner,
    threads,
    limitSeconds: count("limit", values.limit, 60),
    list: values.list,
    help: values.help,
    smoke: values.smoke,
  };
}

/** The engines of a run: those asked for, and ours on the same devices, which the others are checked against. */
export function withOurs(asked: readonly EngineName[]): EngineName[] {
  if (asked.length === 0) return [...ENGINE_NAMES];
  const needsCpu = asked.some((name) => name === "torch" || name.endsWith("-wasm"));
  const needsGpu = asked.some((name) => name.endsWith("-webgpu"));
  const ours: EngineName[] = [];
  if (needsCpu) ours.push("gradgpu-cpu");
  if (needsGpu) ours.push("gradgpu-webgpu");
  return [...new Set<EngineName>([...ours, ...asked])];
}
