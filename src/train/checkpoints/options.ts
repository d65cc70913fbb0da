/** What a fit is told about checkpoints. */
import { callable, checkOptions, count, positive, required, rule } from "../../arguments.ts";
import { ArgumentError } from "../../errors.ts";
import type { Folder } from "../../io/index.ts";

/** Where checkpoints are written, how often, and how many are kept. */
export interface CheckpointOptions<M extends string = never> {
  /**
   * A folder of this training's own, as `folder` and `opfs` of gradgpu/io give it; a text is a path in Node, and the name of a folder
   * of OPFS on a page.
   */
  readonly to: Folder | string;
  /** A checkpoint after so many steps. */
  readonly everySteps?: number;
  /** A checkpoint after so many seconds; 30 where neither is given. Whichever comes first. */
  readonly everySeconds?: number;
  /** How many are kept, the newest; 3. Older ones are removed when a new one is safe. */
  readonly keep?: number;
  /**
   * A score of the validation, "validation.loss": after an epoch with the smallest so far the checkpoint is kept as
   * best.safetensors as well. Of what should be large: `{ on: "validation.accuracy", mode: "max" }`.
   */
  readonly best?: ValidationScore<M> | BestScore<M>;
  /** Called when a checkpoint is safe. */
  readonly onWritten?: (written: WrittenCheckpoint) => unknown;
  /**
   * Called when one cannot be written: a full disk, a permission that was withdrawn. Training goes on, and the next is
   * tried when it is due. Without it such an error ends the fit.
   */
  readonly onError?: (error: unknown) => unknown;
}

/** A score of the validation by its path: "validation.loss", or of a Trainer's metrics M. */
export type ValidationScore<M extends string = never> = `validation.${"loss" | M}`;

/** Which score decides, and whether small or large is good: "min" where nothing is said. */
export interface BestScore<M extends string = never> {
  /** By its path. */
  readonly on: ValidationScore<M>;
  /** "max" of an accuracy. */
  readonly mode?: "min" | "max";
}

/** A checkpoint that is safe. */
export interface WrittenCheckpoint {
  /** Of the file in the folder: step-000001200.safetensors, best.safetensors. */
  readonly name: string;
  /** After how many steps. */
  readonly step: number;
  /** In which epoch. */
  readonly epoch: number;
}

/** The score that decides which checkpoint is best. */
export interface Wanted {
  readonly score: string;
  readonly mode: "min" | "max";
}

const PREFIX = "validation.";
const isScore = (value: unknown) => typeof value === "string" && value.startsWith(PREFIX);
const wanted = rule(
  'a score, "validation.loss", or { on: "validation.accuracy", mode: "max" }',
  (value) => {
    if (isScore(value)) return true;
    const { on, mode = "min" } = Object(value);
    return isScore(on) && (mode === "min" || mode === "max");
  },
);
const aFolder = rule("a folder, or its path", (value) => {
  if (typeof value === "string") return value !== "";
  const { names, place } = Object(value);
  return typeof names === "function" && typeof place === "function";
});

/** `scores`: those that a validation has. @throws ArgumentError */
export function checkCheckpoint(
  options: CheckpointOptions<string> | undefined,
  hasValidation: boolean,
  scores: readonly string[],
): void {
  if (options === undefined) return;
  checkOptions<CheckpointOptions<string>>("fit: checkpoint", options, {
    to: required(aFolder),
    everySteps: count,
    everySeconds: positive,
    keep: count,
    best: wanted,
    onWritten: callable,
    onError: callable,
  });
  const score = wantedOf(options.best)?.score;
  if (score === undefined) return;
  if (!hasValidation) {
    throw new ArgumentError(
      "fit: checkpoint.best must have something to compare; got no validation. Give { validation: data }.",
    );
  }
  if (scores.includes(score)) return;
  throw new ArgumentError(
    `fit: checkpoint.best must be one of the validation's scores, ${scores.join(", ")}; got ${score}. Name one of them, or add it to the Trainer's metrics.`,
  );
}

export function wantedOf(best: CheckpointOptions<string>["best"]): Wanted | undefined {
  if (best === undefined) return undefined;
  const { on, mode = "min" } = typeof best === "string" ? { on: best } : best;
  return { score: on.slice(PREFIX.length), mode };
}
