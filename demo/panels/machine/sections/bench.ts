/** The short benchmark, a round at a time between two steps, beside what the same cases took on other machines. */
import { labelOf } from "../../../../bench/report/label.ts";
import { digits } from "../../../../bench/report/markup.ts";
import { elsewhere } from "../../../../bench/report/others.ts";
import type { MeasuredRow, Report } from "../../../../bench/runner/rows.ts";
import { quantile, summarise } from "../../../../bench/runner/statistics.ts";
import { h, on } from "../../../page/dom.ts";
import { BENCH_CASES, type BenchName, benchCase } from "../bench-cases.ts";
import type { BenchRound } from "../pictures.ts";
import type { MachineContext } from "./context.ts";

const ROUNDS = 9;
const NAMES = Object.keys(BENCH_CASES) as BenchName[];

interface Line {
  readonly who: string;
  readonly ms: number;
  /** Half of what lies between the quarters; of this tab alone. */
  readonly spread?: number;
  readonly where?: string;
}

export function benchSection({ section, words, remote }: MachineContext): void {
  const { bench: own } = words;
  const body = section({ title: own.title, text: own.text, isWide: true });
  const button = h("button", { type: "button", "data-machine": "bench" }, own.run);
  const said = h("p", { class: "quiet", role: "status" });
  const results = h("div", { class: "machine-bench" });
  const places = new Map(
    NAMES.map((name) => {
      const place = h("div", {}, h("p", { class: "quiet" }, "–"));
      results.append(h("div", { "data-case": name }, h("h3", {}, own.cases[name]), place));
      return [name, place] as const;
    }),
  );
  body.append(h("div", { class: "buttons" }, button), said, results);
  on(button, "click", () => void run());

  async function run(): Promise<void> {
    button.disabled = true;
    try {
      const others = await committed();
      for (const [i, name] of NAMES.entries()) {
        said.textContent = own.running(i + 1, NAMES.length);
        const rounds: BenchRound[] = [];
        while (rounds.length < ROUNDS) rounds.push(await remote.ask("bench", { name }));
        places.get(name)?.replaceChildren(bars(linesOf(name, rounds, others)));
      }
      said.textContent = own.others;
    } catch (error) {
      said.textContent = error instanceof Error ? error.message : String(error);
    } finally {
      button.disabled = false;
    }
  }

  /** This tab's line, then those of the same kind of device elsewhere, the fastest first. */
  function linesOf(name: BenchName, rounds: readonly BenchRound[], others: readonly Report[]) {
    const row = rowOf(name, rounds);
    const samples = rounds.map(({ elapsedMs }) => elapsedMs);
    const here: Line = {
      who: own.here(labelOf(row)),
      ms: row.medianMs,
      spread: (quantile(samples, 0.75) - quantile(samples, 0.25)) / 2,
    };
    const there = elsewhere({ rows: [row] }, others)
      .filter(({ device }) => device === row.device)
      .map(({ engine, thereMs, there: where }): Line => ({ who: engine, ms: thereMs, where }));
    return [here, ...there.toSorted((a, b) => a.ms - b.ms)];
  }

  function bars(lines: readonly Line[]): HTMLElement {
    // As in the suite's reports: a logarithmic axis has no zero, so bars begin left of the fastest.
    const logs = lines.map(({ ms }) => Math.log(ms));
    const low = Math.min(...logs) - 0.5;
    const share = (ms: number) => (Math.log(ms) - low) / (Math.max(...logs) - low);
    const list = lines.map(({ who, ms, spread, where }) => {
      const around = spread === undefined ? "" : ` ± ${Number(spread.toPrecision(2))}`;
      return h(
        "li",
        { title: where ?? "", class: where === undefined ? "here" : "" },
        h("span", {}, who),
        h("i", { style: `--share:${share(ms)}` }),
        h("span", { class: "number", "data-ms": ms }, `${digits(ms)}${around} ms`),
      );
    });
    return h("ul", {}, ...list);
  }
}

let loaded: Promise<readonly Report[]> | undefined;

/** The runs of bench/history, as they lie beside the page. */
function committed(): Promise<readonly Report[]> {
  loaded ??= fetch(new URL("data/bench.json", document.baseURI)).then((response) => {
    if (response.ok) return response.json() as Promise<readonly Report[]>;
    loaded = undefined;
    throw new Error(`data/bench.json could not be loaded: ${response.status}.`);
  });
  return loaded;
}

/** What was measured as a row of the suite's reports. */
function rowOf(name: BenchName, rounds: readonly BenchRound[]): MeasuredRow {
  const [{ device, description, times } = { device: "cpu", description: "", times: 1 }] = rounds;
  const { name: own, kind } = benchCase(name);
  return {
    case: own,
    kind,
    engine: `gradgpu-${device}`,
    device: device === "webgpu" ? device : "cpu",
    runner: "page",
    outcome: "measured",
    ...(device === "webgpu" ? { isFallbackAdapter: description.endsWith(", software") } : {}),
    ...threadsOf(description),
    ...summarise(rounds.map(({ elapsedMs }) => elapsedMs)),
    runsPerSample: times,
    isChecked: false,
  };
}

function threadsOf(description: string): { threads?: number } {
  const [, threads] = /(\d+) threads?/.exec(description) ?? [];
  return threads === undefined ? {} : { threads: Number(threads) };
}
