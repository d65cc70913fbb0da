/** Loaded programs, kept for the next time; those used longest ago are given back first. */

export interface CachedProgram {
  /** What it holds beside the temporaries, which all programs share. */
  readonly bytes: number;
  /** Gives everything back. Called once. */
  unload(): void;
}

/** Bounded by bytes, but so many are kept whatever they hold: a loop goes through a few steps in turn. */
const ALWAYS_KEPT = 8;
const MAX_BYTES = 64 * 2 ** 20;

export class ProgramCache {
  readonly #maximum: number;
  /** In the order of use. */
  readonly #programs = new Set<CachedProgram>();
  #bytes = 0;

  /** Keeps at most `maximum` programs. */
  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  /** Beside the temporaries. */
  get bytes(): number {
    return this.#bytes;
  }

  /** `program` is used now; it is added where it is new. */
  use(program: CachedProgram): void {
    if (!this.#programs.delete(program)) this.#bytes += program.bytes;
    this.#programs.add(program);
    for (const oldest of this.#programs) {
      const count = this.#programs.size;
      if (count <= this.#maximum && (count <= ALWAYS_KEPT || this.#bytes <= MAX_BYTES)) return;
      this.drop(oldest);
    }
  }

  drop(program: CachedProgram): void {
    if (!this.#programs.delete(program)) return;
    this.#bytes -= program.bytes;
    program.unload();
  }

  /** Gives back all programs. */
  empty(): void {
    for (const program of this.#programs) this.drop(program);
  }

  /** Gives back all programs but the one used last, which may be about to run. */
  clear(): void {
    const last = [...this.#programs].at(-1);
    for (const program of this.#programs) if (program !== last) this.drop(program);
  }
}
