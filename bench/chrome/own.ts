/** The page that anyone can open to run the suite on their own GPU. The rounds are those of the command line. */
import { GROUPS } from "../cases/index.ts";
import { needsFreshSession } from "../cases/overheads.ts";
import { parseReport } from "../compare/compare.ts";
import type { BenchCase } from "../contract.ts";
import { reportBody } from "../report/html.ts";
import { STYLE } from "../report/style.ts";
import { ENGINES, type EngineName, isEngineName } from "../runner/engines.ts";
import { type Contender, Measuring } from "../runner/measure.ts";
import type { Report, Row } from "../runner/rows.ts";
import { withShares } from "../runner/shares.ts";
import { startFrame } from "./frame-host.ts";

const LIMIT_SECONDS = 60;
const SAMPLE_MS = 200;
const PAUSE_MS = 250;
const DEFAULTS: readonly string[] = [
  "steps",
  "kernels",
  "gradgpu-webgpu",
  "gradgpu-cpu",
  "limit-webgpu",
];

interface Site {
  /** What this site was built with: `site.json`, beside the page. */
  readonly engines: readonly EngineName[];
  readonly gradgpu: string;
  readonly commit?: string;
}

function element<T extends HTMLElement>(id: string, type: abstract new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`the page has no ${id}.`);
  return found;
}

const style = document.createElement("style");
style.textContent = STYLE;
document.head.append(style);
const status = element("status", HTMLParagraphElement);
const stop = element("stop", HTMLButtonElement);
const copy = element("copy", HTMLButtonElement);
const save = element("save", HTMLButtonElement);
const open = element("open", HTMLInputElement);
const choice = element("choice", HTMLFormElement);
const site = (await (await fetch("./site.json")).json()) as Site;

function offer(place: string, title: string, names: readonly string[]): void {
  const into = element(place, HTMLParagraphElement);
  into.append(`${title}: `);
  for (const name of names) {
    const [label, box] = [document.createElement("label"), document.createElement("input")];
    box.type = "checkbox";
    box.name = place;
    box.value = name;
    box.checked = DEFAULTS.includes(name);
    label.append(box, ` ${name}`);
    into.append(label);
  }
}

async function describeSetting(): Promise<string> {
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" });
  const info = adapter?.info;
  const gpu =
    info === undefined
      ? "no WebGPU adapter: only the CPU engines will run"
      : [info.vendor, info.architecture, info.device, info.description].filter(Boolean).join(" ");
  const clock = adapter?.features.has("timestamp-query") ? "" : "; no timestamp queries";
  const threads = crossOriginIsolated
    ? `${navigator.hardwareConcurrency} threads`
    : "this page is not cross-origin isolated, so CPU engines get one thread";
  return `GPU: ${gpu}${clock}. CPU: ${threads}.`;
}

function contenderOf(name: EngineName): Contender {
  const assetBase = new URL("./packages/", location.href).href;
  const frames = element("frames", HTMLDivElement);
  return { entry: ENGINES[name], assetBase, start: () => startFrame(frames, name) };
}

async function measure(chosen: FormData, signal: AbortSignal): Promise<Report> {
  const names = chosen.getAll("engines").map(String).filter(isEngineName);
  const rounds = Number(chosen.get("rounds"));
  const cases = chosen.getAll("groups").flatMap((group) => GROUPS[String(group)] ?? []);
  const wanted = [...new Map(cases.map((one) => [one.name, one])).values()].filter(
    ({ params }) => params.what !== "bundle",
  );
  const measuring = new Measuring(names.map(contenderOf), {
    runner: "page",
    rounds,
    limitMs: 1000 * LIMIT_SECONDS,
    sampleMs: SAMPLE_MS,
    pauseMs: PAUSE_MS,
    signal,
    say: (text) => {
      status.textContent = text;
    },
  });
  const startedAt = new Date().toISOString();
  const rows: Row[] = [];
  const reportNow = (isComplete: boolean): Report => ({
    format: 1,
    gradgpu: site.gradgpu,
    ...(site.commit === undefined ? {} : { commit: site.commit }),
    startedAt,
    runner: "page",
    machine: { cpu: "unknown", cores: navigator.hardwareConcurrency, system: navigator.platform },
    host: navigator.userAgent,
    engines: [...measuring.infos].map(([engine, { version, backend }]) => ({
      engine,
      version,
      backend,
    })),
    rounds,
    limitSeconds: LIMIT_SECONDS,
    isComplete,
    rows: withShares(rows),
  });
  for (const benchCase of wanted) {
    if (signal.aborted) break;
    rows.push(...(await measuring.measure(benchCase, isFresh(benchCase))));
    show(reportNow(false));
  }
  await measuring.close();
  return reportNow(!signal.aborted);
}

const isFresh = (benchCase: BenchCase) => needsFreshSession(benchCase);

let shown: Report | undefined;
/** Committed results, and those of files that the reader has opened. */
let others = (await (await fetch("./others.json")).json()) as readonly Report[];

function show(report: Report): void {
  shown = report;
  element("report", HTMLDivElement).innerHTML = reportBody(report, others);
  copy.disabled = false;
  save.disabled = false;
}

async function run(): Promise<void> {
  const controller = new AbortController();
  stop.onclick = () => controller.abort();
  stop.disabled = false;
  try {
    show(await measure(new FormData(choice), controller.signal));
    status.textContent = "Done.";
  } catch (error) {
    status.textContent = String(error);
  } finally {
    stop.disabled = true;
  }
}

choice.addEventListener("submit", (event) => {
  event.preventDefault();
  void run();
});
copy.addEventListener("click", () => {
  navigator.clipboard.writeText(JSON.stringify(shown, undefined, 1)).then(
    () => {
      status.textContent = "Copied.";
    },
    (error: unknown) => {
      status.textContent = String(error);
    },
  );
});
save.addEventListener("click", () => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(shown, undefined, 1)]));
  link.download = `gradgpu-bench-${new Date().toISOString().slice(0, 10)}.json`;
  link.click();
});
open.addEventListener("change", () => {
  const reading = [...(open.files ?? [])].map(async (file) =>
    parseReport(await file.text(), file.name),
  );
  Promise.all(reading).then(
    (reports) => {
      others = [...others, ...reports];
      status.textContent = `${reports.length} more to compare with.`;
      if (shown !== undefined) show(shown);
    },
    (error: unknown) => {
      status.textContent = String(error);
    },
  );
});
offer("groups", "Cases", Object.keys(GROUPS));
offer("engines", "Engines", site.engines);
element("setting", HTMLParagraphElement).textContent = await describeSetting();
