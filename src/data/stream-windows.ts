/**
 * Sequences longer than memory, window by window: each row of the batch reads sequences of its own as they arrive, and
 * goes on where it ended in the window before. Nothing is read before the window that needs it is asked for, so that
 * memory holds a window and the chunk that each row is reading, however long the sequences are.
 *
 *   row 0    a a a a | a a a · | c c c c | …      · padded: ignored targets
 *   row 1    b b · · | d d d d | d d d d | …      a row's next sequence begins with the next window
 *   start    yes yes | no  yes | yes no  | …
 */
import { checkOptions, count, number, required, shown } from "../arguments.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import { sizeOf } from "../functions.ts";
import { hostArray } from "../internals.ts";
import type { Values } from "./dataset.ts";
import {
  isIterable,
  iteratorOf,
  type Piece,
  piecesOf,
  refused,
  type Sequence,
  type StepForm,
} from "./pieces.ts";
import { IGNORED_LABEL } from "./sequences.ts";
import { aVocabulary, type Vocabulary } from "./vocabulary.ts";

/** What one row of the batch reads: sequences one after the other. */
export type Sequences = Iterable<Sequence> | AsyncIterable<Sequence>;

/** How sequences that arrive are cut into windows. */
export interface StreamOptions {
  /** How many steps one window has: T. */
  readonly window: number;
  /** Turns text into ids; a word that two chunks have halves of is one. */
  readonly vocabulary?: Vocabulary;
  /**
   * The target of steps that are not there, which the loss leaves out; IGNORED_LABEL. Targets in f32 need one, and a
   * loss that says what it counts: `{ sum, count }`.
   */
  readonly ignored?: number;
}

/** A window of B rows: what a Trainer takes. */
export interface StreamWindow {
  /** [T, B, …]; 0 where there is no step. */
  readonly x: Values;
  /** [T, B, …] */
  readonly y: Values;
  /** Steps that are there. */
  readonly count: number;
  /** For each row, whether a sequence begins with this window. */
  readonly start: readonly boolean[];
}

/**
 * Windows over `rows`, one for each row of the batch, until every row has come to its end; a row that is there earlier
 * is padded. Sequences of fewer than two ids have no target and are passed over.
 *
 * The same generator given for several rows deals its sequences out to them, in the order in which they are needed.
 * @throws ArgumentError for a row, sequence or chunk that is none, ShapeError where steps are not all of one form
 */
export function streamWindows(
  rows: readonly Sequences[],
  options: StreamOptions,
): AsyncGenerator<StreamWindow, void, void> {
  check(rows, options);
  return windowsOver(rows, options);
}

async function* windowsOver(
  rows: readonly Sequences[],
  options: StreamOptions,
): AsyncGenerator<StreamWindow, void, void> {
  const readers = rows.map((row) => new RowReader(row, options.vocabulary));
  let form: Piece["form"] | undefined;
  try {
    while (true) {
      const parts: Part[][] = [];
      for (const reader of readers) parts.push(await reader.read(options.window));
      form ??= parts.flat()[0]?.piece.form;
      if (form === undefined || parts.every((part) => part.length === 0)) return;
      const start = readers.map(({ begins }) => begins);
      yield windowOf(parts, form, start, options);
    }
  } finally {
    for (const reader of readers) await reader.close();
  }
}

/** `steps` steps of a piece, from `from` on, that belong at step `at` of a window. */
interface Part {
  readonly piece: Piece;
  readonly from: number;
  readonly at: number;
  readonly steps: number;
}

class RowReader {
  readonly #sequences: Iterator<Sequence> | AsyncIterator<Sequence>;
  readonly #vocabulary: Vocabulary | undefined;
  #pieces: AsyncGenerator<Piece, void, void> | undefined;
  #piece: Piece | undefined;
  #from = 0;
  /** Whether the window that was read last begins a sequence. */
  begins = true;

  constructor(row: Sequences, vocabulary: Vocabulary | undefined) {
    this.#sequences = iteratorOf("a row", row);
    this.#vocabulary = vocabulary;
  }

  /** Up to `window` steps of one sequence; none at the row's end. */
  async read(window: number): Promise<Part[]> {
    const parts: Part[] = [];
    this.begins = false;
    let at = 0;
    while (at < window) {
      const piece = await this.#current(at === 0);
      if (piece === undefined) break;
      const steps = Math.min(window - at, piece.steps - this.#from);
      parts.push({ piece, from: this.#from, at, steps });
      this.#from += steps;
      at += steps;
    }
    return parts;
  }

  /** The piece that has steps left, of the next sequence only where `mayBegin`. */
  async #current(mayBegin: boolean): Promise<Piece | undefined> {
    while (this.#piece === undefined || this.#from >= this.#piece.steps) {
      const next = await this.#pieces?.next();
      this.#piece = next?.value ?? undefined;
      this.#from = 0;
      if (this.#piece !== undefined) continue;
      this.#pieces = undefined;
      if (!mayBegin) return undefined;
      this.begins = true;
      const sequence = await this.#sequences.next();
      if (sequence.done === true) return undefined;
      this.#pieces = piecesOf(sequence.value, this.#vocabulary);
    }
    return this.#piece;
  }

  async close(): Promise<void> {
    await this.#pieces?.return();
    await this.#sequences.return?.();
  }
}

function windowOf(
  parts: readonly (readonly Part[])[],
  form: Piece["form"],
  start: readonly boolean[],
  { window, ignored }: StreamOptions,
): StreamWindow {
  const rows = parts.length;
  const x = emptyWindow(form.x, window, rows);
  const y = emptyWindow(form.y, window, rows);
  y.data.fill(paddingFor(form.y, parts, window, ignored));
  let count = 0;
  parts.forEach((ofRow, row) => {
    for (const { piece, from, at, steps } of ofRow) {
      checkForm(piece.form, form);
      for (const [target, source, size] of [
        [x.data, piece.x, sizeOf(form.x.shape)],
        [y.data, piece.y, sizeOf(form.y.shape)],
      ] as const) {
        for (let i = 0; i < steps; i++) {
          const own = source.subarray((from + i) * size, (from + i + 1) * size);
          target.set(own, ((at + i) * rows + row) * size);
        }
      }
      count += steps;
    }
  });
  return { x, y, count, start };
}

function emptyWindow({ dtype, shape }: StepForm, window: number, rows: number): Values {
  const whole = [window, rows, ...shape];
  return { data: hostArray(dtype, sizeOf(whole)), shape: whole, dtype, time: 0 };
}

/** Only labels have a value that every loss of gradgpu leaves out. */
function paddingFor(
  { dtype }: StepForm,
  parts: readonly (readonly Part[])[],
  window: number,
  ignored: number | undefined,
): number {
  if (dtype === "i32" || ignored !== undefined) return ignored ?? IGNORED_LABEL;
  const short = parts.findIndex((ofRow) => ofRow.reduce((n, { steps }) => n + steps, 0) < window);
  if (short < 0) return 0;
  throw new ArgumentError(
    `streamWindows: a window that a sequence does not fill is padded with targets that are ignored, and ${dtype} has none of its own; got the end of a sequence in row ${short}. Pass { ignored } and a loss that leaves such targets out, or cut sequences into whole windows of ${window} steps.`,
  );
}

function checkForm(given: Piece["form"], first: Piece["form"]): void {
  for (const name of ["x", "y"] as const) {
    const [a, b] = [given[name], first[name]];
    if (a.dtype === b.dtype && a.shape.join() === b.shape.join()) continue;
    throw new ShapeError(
      `streamWindows: all steps must be of one form; got ${name} ${a.dtype}[${a.shape.join(", ")}] after ${b.dtype}[${b.shape.join(", ")}]. Ids and frames cannot be mixed.`,
    );
  }
}

function check(rows: readonly Sequences[], options: StreamOptions): void {
  checkOptions<StreamOptions>("streamWindows", options, {
    window: required(count),
    vocabulary: aVocabulary,
    ignored: number,
  });
  if (!Array.isArray(rows) || rows.length === 0) {
    throw new ArgumentError(
      `streamWindows: there must be a list of rows, one at least; got ${Array.isArray(rows) ? "an empty list" : shown(rows)}. Pass an iterable of sequences for each row of the batch.`,
    );
  }
  const wrong = rows.findIndex((row) => !isIterable(row));
  if (wrong >= 0) throw refused("a row", rows[wrong]);
}
