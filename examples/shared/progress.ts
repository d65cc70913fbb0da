/** Where progress is shown: process.stderr, or a list of lines in a test. */
export interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface ProgressOptions {
  readonly label: string;
  /** Steps in all. */
  readonly total: number;
  readonly terminal: Terminal;
  /** Milliseconds from any origin. */
  readonly now?: () => number;
}

/** A bar is drawn at most this often; it would otherwise cost more than a step. */
const REDRAW_MS = 80;
/** Lines in all where the output is no terminal, such as a log. */
const LINES = 10;
/** The rate is that of about this long before now. */
const RATE_WINDOW_MS = 5000;
const LONGEST_BAR = 24;
const SHORTEST_BAR = 10;
const DEFAULT_COLUMNS = 80;
const ERASE_LINE = "\r\u001b[2K";

/**
 * Progress of a training run: a bar that redraws itself on a terminal, ten lines anywhere else, both with rate, loss
 * and the time left.
 */
export class Progress {
  readonly #options: ProgressOptions;
  readonly #now: () => number;
  readonly #startMs: number;
  /** Recent moments and the step reached, oldest first. */
  #marks: { readonly atMs: number; readonly step: number }[];
  #drawnMs = Number.NEGATIVE_INFINITY;
  #tenth = 0;
  #line = "";

  constructor(options: ProgressOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#startMs = this.#now();
    this.#marks = [{ atMs: this.#startMs, step: 0 }];
  }

  /** Says that `step` steps are done. `note` is whatever else there is to tell, such as "accuracy 97.1 %". */
  update(step: number, loss: number, note = ""): void {
    const atMs = this.#now();
    this.#mark(atMs, step);
    this.#line = this.#describe(step, loss, note);
    const { total, terminal } = this.#options;
    if (terminal.isTTY) {
      if (atMs - this.#drawnMs < REDRAW_MS && step < total) return;
      this.#drawnMs = atMs;
      this.#draw(step);
      return;
    }
    const tenth = Math.floor((step / total) * LINES);
    if (tenth === this.#tenth) return;
    this.#tenth = tenth;
    terminal.write(`${this.#line}\n`);
  }

  /** Leaves `message` (the last state where nothing is said) as a finished line; the bar goes. */
  finish(message?: string): void {
    const { terminal } = this.#options;
    if (terminal.isTTY) terminal.write(`${ERASE_LINE}${message ?? this.#line}\n`);
    else if (message !== undefined) terminal.write(`${message}\n`);
  }

  #mark(atMs: number, step: number): void {
    const last = this.#marks.at(-1);
    // Marks a twentieth of the window apart keep the list short.
    if (last === undefined || atMs - last.atMs >= RATE_WINDOW_MS / 20) {
      this.#marks.push({ atMs, step });
    }
    while (this.#marks.length > 2 && atMs - (this.#marks[1]?.atMs ?? atMs) > RATE_WINDOW_MS) {
      this.#marks.shift();
    }
  }

  #describe(step: number, loss: number, note: string): string {
    const { label, total } = this.#options;
    const [first] = this.#marks;
    const elapsedMs = this.#now() - (first?.atMs ?? this.#startMs);
    const rate = elapsedMs > 0 ? ((step - (first?.step ?? 0)) * 1000) / elapsedMs : 0;
    const left = rate > 0 ? `, ${duration(((total - step) * 1000) / rate)} left` : "";
    // What can best be missed comes last: a narrow terminal cuts it off.
    const more = note === "" ? "" : `, ${note}`;
    return `${label}  step ${step}/${total}, loss ${loss.toFixed(4)}, ${speed(rate)}${left}${more}`;
  }

  #draw(step: number): void {
    const { total, terminal } = this.#options;
    // A line that wraps could not be erased.
    const room = (terminal.columns || DEFAULT_COLUMNS) - 1;
    const width = Math.max(SHORTEST_BAR, Math.min(LONGEST_BAR, room - this.#line.length - 1));
    const filled = Math.round((Math.min(step, total) / total) * width);
    const bar = "█".repeat(filled) + "░".repeat(width - filled);
    terminal.write(`${ERASE_LINE}${`${bar} ${this.#line}`.slice(0, room)}`);
  }
}

/** "1 min 5 s", "12 s", "0.4 s". */
export function duration(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

function speed(stepsPerSecond: number): string {
  return `${stepsPerSecond < 10 ? stepsPerSecond.toFixed(1) : Math.round(stepsPerSecond)} steps/s`;
}
