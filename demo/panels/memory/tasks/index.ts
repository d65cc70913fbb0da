/** The tasks of the panel by name, and how a sequence of each is written. */
import { less, losses, reshape, where } from "gradgpu";
import type { TrainingBatch } from "gradgpu/train";
import { adding as plainAdding } from "../../../../examples/memory/tasks/adding.ts";
import { ANSWERS, recall, WORDS } from "../../../../examples/memory/tasks/recall.ts";
import type { Task } from "../../../../examples/memory/tasks/task.ts";
import { SYMBOLS as BRACKETS, brackets, CLOSING } from "./brackets.ts";
import { copy, LENGTH, LETTERS, SYMBOLS as LETTERS_AND_GAPS } from "./copy.ts";
import { SYMBOLS as MARKS, ORDERS, order } from "./order.ts";
import { SYMBOLS as BITS, PARITIES, parity } from "./parity.ts";

/** Windows in front of the last one have no targets: −1. */
const adding: Task<"adding"> = {
  ...plainAdding,
  loss(output, targets) {
    const said = reshape(output, targets.shape);
    return losses.meanSquaredError(said, where(less(targets, 0), said, targets));
  },
};

export const TASKS = { recall, copy, adding, order, parity, brackets } as const satisfies Record<
  string,
  Task
>;
export type TaskName = keyof typeof TASKS;

/** What ids and classes are called; the adding problem has neither. */
const NAMES: Readonly<
  Record<
    TaskName,
    { readonly symbols: readonly string[]; readonly answers: readonly string[] } | undefined
  >
> = {
  recall: { symbols: WORDS, answers: ANSWERS },
  copy: { symbols: LETTERS_AND_GAPS, answers: LETTERS },
  adding: undefined,
  order: { symbols: MARKS, answers: ORDERS },
  parity: { symbols: BITS, answers: PARITIES },
  brackets: { symbols: BRACKETS, answers: CLOSING },
};

/** What row `b` of a batch reads, step by step; of the adding problem the numbers, those that count with a star. */
export function written(task: TaskName, { x }: TrainingBatch, b: number): string[] {
  const [steps = 0, count = 1] = x.shape;
  const symbols = NAMES[task]?.symbols;
  return Array.from({ length: steps }, (_, t) => {
    const at = t * count + b;
    if (symbols !== undefined) return symbols[Number(x.data[at])] ?? "";
    const [value, mark] = x.data.subarray(2 * at, 2 * at + 2);
    return `${Number(value).toFixed(2)}${mark ? "*" : ""}`;
  });
}

/** What is asked of row `b` in the end, as text: of copying all letters. */
export function answerOf(task: TaskName, { y }: TrainingBatch, b: number): string {
  const count = y.shape.at(-1) ?? 1;
  const first = y.data.length - answersOf(task) * count;
  const targets = Array.from({ length: answersOf(task) }, (_, i) =>
    Number(y.data[first + i * count + b]),
  );
  return targets.map((target) => NAMES[task]?.answers[target] ?? target.toFixed(2)).join(" ");
}

/** Steps at the end whose answers count together. */
export function answersOf(task: TaskName): number {
  return task === "copy" ? LENGTH : 1;
}

/** What outputs of the last steps, [answers, outputs], say, as text, and how sure they are of it; of a number nothing. */
export function saidBy(
  task: TaskName,
  outputs: Float32Array,
): { readonly said: string; readonly probability: number | undefined } {
  const answers = NAMES[task]?.answers;
  if (answers === undefined) return { said: (outputs[0] ?? 0).toFixed(2), probability: undefined };
  const each = Array.from({ length: answersOf(task) }, (_, i) =>
    likeliest(outputs.subarray(i * answers.length, (i + 1) * answers.length)),
  );
  return {
    said: each.map(({ best }) => answers[best] ?? "").join(" "),
    probability: each.reduce((product, { probability }) => product * probability, 1),
  };
}

function likeliest(logits: Float32Array): { readonly best: number; readonly probability: number } {
  const largest = Math.max(...logits);
  const sum = logits.reduce((total, logit) => total + Math.exp(logit - largest), 0);
  return { best: logits.indexOf(largest), probability: 1 / sum };
}
