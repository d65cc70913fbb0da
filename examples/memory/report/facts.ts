/** What the results say, in words: every sentence is made from the numbers of the run, and none goes beyond them. */
import type {
  AccuracyRow,
  CostRow,
  FlowCurve,
  FlowResult,
  GrowthRow,
  TruncationRow,
} from "../results.ts";
import { recall } from "../tasks/recall.ts";
import { cellsOf, list, mebibytes, microseconds, percent, small, times, written } from "./words.ts";

/** A task counts as learned from this accuracy on. */
export const LEARNED = 0.9;
/** So much above chance may be luck: four standard deviations of 1024 sequences, 4·√(p·(1 − p) / 1024) with p = 0.2. */
const LUCK = 0.05;

export function isLearned({ accuracy }: { readonly accuracy: number }): boolean {
  return accuracy >= LEARNED;
}

/** One sentence for each cell. `rows` are of one task. */
export function accuracyFacts(rows: readonly AccuracyRow[], chance: number): string[] {
  return cellsOf(rows).map((cell) => {
    const own = rows.filter((row) => row.cell === cell);
    const learned = own.filter(isLearned);
    const missed = own.filter((row) => !isLearned(row));
    const guessed = missed.filter((row) => row.accuracy <= chance + LUCK);
    const partly = missed.filter((row) => row.accuracy > chance + LUCK);
    const said = [
      learned.length === 0 ? "learns it at no lag" : `learns it at ${lagsOf(learned)}`,
      ...(partly.length === 0
        ? []
        : [`reaches ${list(partly.map((row) => `${percent(row.accuracy)} at ${row.lag}`))}`]),
      ...(guessed.length === 0
        ? []
        : [
            `is no better than chance at ${lagsOf(guessed)} (at most ${percent(Math.max(...guessed.map((row) => row.accuracy)))})`,
          ]),
    ];
    const name = written(cell);
    return missed.length === 0
      ? `The ${name} learns it at every lag that was tried.`
      : `Within the budget the ${name} ${list(said)}.`;
  });
}

function lagsOf(rows: readonly AccuracyRow[]): string {
  return `lag${rows.length > 1 ? "s" : ""} ${list(rows.map(({ lag }) => lag))}`;
}

/** What is left of a gradient `distance` steps back, as a share of the last step's. */
export function leftAt(norms: readonly number[], distance: number): number {
  return (norms[Math.min(distance, norms.length - 1)] ?? 0) / (norms[0] ?? 1);
}

/** The path that carries a cell's gradient: the cell state of an lstm. */
export function pathOf({ h, c }: FlowCurve): readonly number[] {
  return c ?? h;
}

export function gradientFacts({ lag, atStart, trained }: FlowResult): string[] {
  const near = Math.min(30, lag);
  const said = (curves: readonly FlowCurve[], distance: number) =>
    list(
      curves.map(
        (curve) =>
          `${small(leftAt(pathOf(curve), distance))} in the ${written(curve.cell)}${curve.c ? "'s cell state" : ""}`,
      ),
    );
  return [
    `${near} steps back, what is left of the gradient of an untrained network is ${said(atStart, near)}; ${lag} steps back, ${said(atStart, lag)}.`,
    `After training, ${lag} steps back: ${said(trained, lag)}.`,
    ...trained.map(
      (curve) =>
        `The ${written(curve.cell)} ${isLearned(curve) ? "has learned the task" : "has not learned the task"} (${percent(curve.accuracy)}).`,
    ),
  ];
}

/** The RNN's start put to the test. */
export function controlFact({ lag, control }: FlowResult): string {
  const near = Math.min(30, lag);
  return `Is it the RNN's start? With ${control.name}, ${small(leftAt(control.h, near))} of its gradient is left ${near} steps back, ${small(leftAt(control.h, lag))} ${lag} steps back, and after the same training it recalls ${percent(control.accuracy)}; guessing gets ${percent(recall.chance)}.`;
}

export function biasFacts({ lag, biases }: FlowResult): string[] {
  return biases.map(
    (curve) =>
      `With ${curve.name}, ${small(leftAt(pathOf(curve), lag))} of the cell state's gradient is left ${lag} steps back.`,
  );
}

/** `distance` is that from the word to the question, in steps; a window must hold both. */
export function truncationFacts(
  rows: readonly TruncationRow[],
  distance: number,
  chance: number,
): string[] {
  const blind = rows.filter(({ window }) => window <= distance);
  const seeing = rows.filter(({ window }) => window > distance);
  const said = (some: readonly TruncationRow[]) =>
    list(
      some.map(
        ({ window, isWhole, accuracy }) =>
          `${percent(accuracy)} with ${isWhole ? "the whole sequence" : `windows of ${window}`}`,
      ),
    );
  const above = blind.filter(({ accuracy }) => accuracy > chance + LUCK);
  const late = seeing.filter((row) => !isLearned(row));
  return [
    `Where the word lies beyond the window's border the LSTM gets ${said(blind)}; guessing gets ${percent(chance)}.`,
    ...(above.length > 0
      ? [
          `${said(above)} is more than guessing: an untrained state still holds a trace of the word, and the last window can learn to read it.`,
        ]
      : []),
    `Where one window holds both it gets ${said(seeing)}.`,
    ...(late.length > 0
      ? [`${said(late)} is short of ${percent(LEARNED)} within the budget.`]
      : []),
  ];
}

export function costFacts(rows: readonly CostRow[]): string[] {
  const truncated = rows.filter(({ kind }) => kind === "truncated");
  const [first, last] = [truncated[0], truncated.at(-1)];
  const whole = rows.find(({ kind }) => kind === "whole");
  const checkpointed = rows.find(({ kind }) => kind === "checkpointed");
  if (first === undefined || last === undefined || whole === undefined) return [];
  const costs = truncated.map(({ msPerStep }) => msPerStep);
  const perStep = (last.bytes - first.bytes) / Math.max(1, last.window - first.window);
  return [
    `A step of the sequence costs ${microseconds(Math.min(...costs))} to ${microseconds(Math.max(...costs))} with windows of ${first.window} to ${last.window} steps and ${microseconds(whole.msPerStep)} without truncation. Every window is a submission to the device with an update of its own.`,
    `Memory goes from ${mebibytes(first.bytes)} with windows of ${first.window} to ${mebibytes(last.bytes)} with windows of ${last.window}, ${(perStep / 1024).toFixed(1)} KiB for each step of the window; the whole sequence of ${whole.window} steps takes ${mebibytes(whole.bytes)}, ${times(whole.bytes / first.bytes)} times as much as the shortest.`,
    ...(checkpointed === undefined
      ? []
      : [
          `With checkpoint: true the whole sequence takes ${mebibytes(checkpointed.bytes)} and ${times(checkpointed.msPerStep / whole.msPerStep)} times the time; its gradient is not cut anywhere.`,
        ]),
  ];
}

/** `window`: that of the truncated ones. */
export function growthFacts(rows: readonly GrowthRow[], window: number): string[] {
  return (["truncated", "whole", "checkpointed"] as const).flatMap((kind) => {
    const own = rows.filter((row) => row.kind === kind);
    const [first, last] = [own[0], own.at(-1)];
    if (first === undefined || last === undefined) return [];
    const name = {
      truncated: `Windows of ${window} steps take`,
      whole: "The whole sequence takes",
      checkpointed: "With checkpoint: true it takes",
    }[kind];
    const more =
      last.bytes === first.bytes
        ? "just as much"
        : `${times(last.bytes / first.bytes)} times as much`;
    return `${name} ${mebibytes(first.bytes)} for ${first.steps} steps and ${mebibytes(last.bytes)} for ${last.steps}: ${more} for ${times(last.steps / first.steps)} times the steps.`;
  });
}
