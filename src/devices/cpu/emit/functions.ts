import { emitModule, type ModuleForm } from "./module.ts";
import type { Structure } from "./structure.ts";

/**
 * The emitted functions of a device, by the text of their structure. Plans of the same structures share them, and load
 * without compiling anything. Slots are never used again: a program that is loaded may call any of them.
 */
export class EmittedFunctions {
  readonly #form: ModuleForm;
  readonly #slots = new Map<string, number>();
  /** Texts that have a slot and no function yet. */
  #wanted: string[] = [];

  constructor(form: ModuleForm) {
    this.#form = form;
  }

  slotOf(structure: string): number {
    const known = this.#slots.get(structure);
    if (known !== undefined) return known;
    const slot = this.#slots.size;
    this.#slots.set(structure, slot);
    this.#wanted.push(structure);
    return slot;
  }

  /** Emits what was asked for since, if anything; it stays wanted where `adopt` throws. */
  emit(adopt: (module: Uint8Array<ArrayBuffer>, functions: number) => void): void {
    if (this.#wanted.length === 0) return;
    // Each is the text of a structure.
    const structures = this.#wanted.map((text) => JSON.parse(text) as Structure);
    adopt(emitModule(structures, this.#form), structures.length);
    this.#wanted = [];
  }
}
