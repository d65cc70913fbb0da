/** Reports are sent together: a page draws no more often than that. */
const BETWEEN_MS = 16;

/** Reports that are sent together. */
export class Reports {
  readonly #post: (reports: readonly unknown[]) => void;
  #reports: unknown[] = [];
  #sentMs = Number.NEGATIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(post: (reports: readonly unknown[]) => void) {
    this.#post = post;
  }

  add(report: unknown): void {
    this.#reports.push(report);
    const waitMs = this.#sentMs + BETWEEN_MS - performance.now();
    if (waitMs <= 0) this.send();
    else this.#timer ??= setTimeout(() => this.send(), waitMs);
  }

  send(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#reports.length === 0) return;
    this.#sentMs = performance.now();
    this.#post(this.#reports);
    this.#reports = [];
  }
}
