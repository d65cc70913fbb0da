/** What reports pass, one at a time, unless somebody has closed it. */
export class Gate {
  #opened: (() => void) | undefined;
  #passing: Promise<void> = Promise.resolve();
  #waiting: (() => void)[] = [];
  #isWaiting = false;
  #isOver = false;

  get isOpen(): boolean {
    return this.#opened === undefined;
  }

  shut(): void {
    if (this.#opened !== undefined || this.#isOver) return;
    this.#passing = new Promise((resolve) => {
      this.#opened = resolve;
    });
  }

  /** Settles when training stands still. */
  async close(): Promise<void> {
    this.shut();
    if (this.#isWaiting || this.#isOver) return;
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  open(): void {
    this.#opened?.();
    this.#opened = undefined;
    this.#passing = Promise.resolve();
  }

  async passed(): Promise<void> {
    while (!this.isOpen) {
      this.#isWaiting = true;
      this.#told();
      await this.#passing;
    }
    this.#isWaiting = false;
  }

  /** There is nothing more to wait for. */
  end(): void {
    this.#isOver = true;
    this.open();
    this.#told();
  }

  #told(): void {
    for (const told of this.#waiting.splice(0)) told();
  }
}
