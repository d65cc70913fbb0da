import { emitModule, type ModuleForm } from "./module.ts";
import type { Structure } from "./structure.ts";
import type { WalkStructure } from "./walk-structure.ts";

/** So many functions that no program calls are kept for one that may come. */
const IDLE_FUNCTIONS = 1000;

interface Emitted {
  readonly slot: number;
  /** Loaded programs that call it. */
  users: number;
}

/**
 * The emitted functions of a device, by the text of their structure. Plans of the same structures share them, and load
 * without compiling anything. A slot is never used again: the engine gives back the code of those that are forgotten.
 */
export class EmittedFunctions {
  readonly #form: ModuleForm;
  readonly #functions = new Map<string, Emitted>();
  /** Texts that have a slot and no function yet. */
  #wanted: string[] = [];
  #slots = 0;

  constructor(form: ModuleForm) {
    this.#form = form;
  }

  slotOf(structure: string): number {
    let known = this.#functions.get(structure);
    if (known === undefined) {
      known = { slot: this.#slots++, users: 0 };
      this.#functions.set(structure, known);
      this.#wanted.push(structure);
    }
    return known.slot;
  }

  /** Emits what was asked for since, if anything; it stays wanted where `adopt` throws. */
  emit(adopt: (module: Uint8Array<ArrayBuffer>, functions: number) => void): void {
    if (this.#wanted.length === 0) return;
    // Each is the text of a structure.
    const structures = this.#wanted.map((text) => JSON.parse(text) as Structure | WalkStructure);
    adopt(emitModule(structures, this.#form), structures.length);
    this.#wanted = [];
  }

  /** A program that calls them is loaded. */
  use(structures: Iterable<string>): void {
    for (const structure of structures) {
      const known = this.#functions.get(structure);
      if (known !== undefined) known.users++;
    }
  }

  /** It is not any longer. */
  release(structures: Iterable<string>): void {
    for (const structure of structures) {
      const known = this.#functions.get(structure);
      if (known !== undefined) known.users--;
    }
  }

  /** Forgets functions that no program calls, if they are too many: `forget` gets their slots. */
  forgetIdle(forget: (slots: readonly number[]) => void): void {
    const wanted = new Set(this.#wanted);
    const idle = [...this.#functions].filter(
      ([structure, { users }]) => users === 0 && !wanted.has(structure),
    );
    if (idle.length <= IDLE_FUNCTIONS) return;
    forget(idle.map(([, { slot }]) => slot));
    for (const [structure] of idle) this.#functions.delete(structure);
  }
}
