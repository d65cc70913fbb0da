/** Runs that were kept to compare with: settings and curves, newest first, over reloads. */
import { History, type Point } from "../history.ts";
import type { PanelName } from "../panels.ts";
import type { AnyValues } from "../settings.ts";
import { load, save } from "../store.ts";

export interface KeptRun {
  readonly title: string;
  readonly settings: AnyValues;
  readonly steps: number;
  readonly history: History;
}

interface Stored {
  readonly title: string;
  readonly settings: AnyValues;
  readonly steps: number;
  readonly points: readonly Point[];
}

const MOST_RUNS = 6;
const MOST_POINTS = 400;

export async function keptRuns(panel: PanelName): Promise<KeptRun[]> {
  // The page's own writing: see `store`.
  const stored = ((await load("runs", panel)) ?? []) as Stored[];
  return stored.map(({ points, ...run }) => ({ ...run, history: new History(points) }));
}

/** Puts a run in front of the kept ones; the oldest goes where there are many. */
export async function keepRun(
  panel: PanelName,
  runs: readonly KeptRun[],
  settings: AnyValues,
  history: History,
): Promise<KeptRun[]> {
  const steps = history.points.at(-1)?.step ?? 0;
  const number = 1 + Math.max(0, ...runs.map(({ title }) => Number(title.slice(1)) || 0));
  const kept = { title: `#${number}`, settings, steps, history: thinned(history) };
  const all = [kept, ...runs].slice(0, MOST_RUNS);
  await store(panel, all);
  return all;
}

export async function dropRun(
  panel: PanelName,
  runs: readonly KeptRun[],
  run: KeptRun,
): Promise<KeptRun[]> {
  const all = runs.filter((one) => one !== run);
  await store(panel, all);
  return all;
}

async function store(panel: PanelName, runs: readonly KeptRun[]): Promise<void> {
  const stored: Stored[] = runs.map(({ history, ...run }) => ({ ...run, points: history.points }));
  await save("runs", panel, stored);
}

/** What measurements there are, and of the other points so many that a curve of the page's width shows the same. */
function thinned({ points }: History): History {
  const stride = Math.ceil(points.length / MOST_POINTS);
  return new History(points.filter((_, i) => i % stride === 0 || i === points.length - 1));
}
