import type { Ink } from "./pictures.ts";

/** What a visitor looks at: one for all sections. */
export interface Looked {
  /** The picture that the networks are asked about. */
  readonly ink: Ink;
  /** The digit that it is, where that is known: of a test digit. */
  readonly label: number | undefined;
  /** The digit that is explained; what the CNN takes it for where nobody has picked one. */
  readonly picked: number | undefined;
  /** What the CNN takes it for. */
  readonly answer: number;
  /** Of the first layer. */
  readonly filter: number;
  /** Where that filter lies on the picture. */
  readonly row: number;
  readonly column: number;
}

export class State {
  #looked: Looked;
  readonly #listeners: ((now: Looked, before: Looked) => void)[] = [];

  constructor(looked: Looked) {
    this.#looked = looked;
  }

  get now(): Looked {
    return this.#looked;
  }

  /** The digit that is explained. */
  get digit(): number {
    return this.#looked.picked ?? this.#looked.answer;
  }

  change(part: Partial<Looked>): void {
    const before = this.#looked;
    const isNew = Object.entries(part).some(
      ([name, value]) => before[name as keyof Looked] !== value,
    );
    if (!isNew) return;
    this.#looked = { ...before, ...part };
    for (const listener of this.#listeners) listener(this.#looked, before);
  }

  /** Called with what is looked at, whenever that changes. */
  onChange(listener: (now: Looked, before: Looked) => void): void {
    this.#listeners.push(listener);
  }
}
