import { opcodes } from "./kernel-names.ts";
import { ADOPT_BYTES, type AdoptModule, type ForgetFunctions } from "./messages.ts";

/** What the kernel module exports for emitted ones; ./emit/module.ts says what they import. */
export interface ForEmitted extends WebAssembly.ModuleImports {
  readonly table: WebAssembly.Table;
}

/**
 * What a kernel module calls to take in an emitted one, whose bytes lie in the memory: compiles it and puts its functions
 * behind those of the table. At once: a worker that follows never returns to its event loop.
 */
export function adopter(memory: WebAssembly.Memory, exportsOf: () => ForEmitted) {
  return (address: number, bytes: number, functions: number): void => {
    // A copy, for shared memory is no source.
    const source = new Uint8Array(memory.buffer, address, bytes).slice();
    const exports = exportsOf();
    const base = exports.table.grow(functions);
    const imports = { env: { ...exports, memory, base } };
    new WebAssembly.Instance(new WebAssembly.Module(source), imports);
  };
}

/** What it calls when nobody needs the function at a place of the table any longer. */
export function forgetter(exportsOf: () => ForEmitted) {
  return (index: number): void => exportsOf().table.set(index, null);
}

/** Puts the command that forgets functions into memory; returns where it ends. */
export function writeForgetting(
  buffer: ArrayBufferLike,
  { address, slots }: ForgetFunctions,
): number {
  const words = [opcodes.get("forget") ?? -1, 4 * (slots.length + 1), slots.length, ...slots];
  new Uint32Array(buffer, address, words.length).set(words);
  return address + 4 * words.length;
}

/** Puts a module and the command that adopts it into memory; returns where the command ends. */
export function writeAdoption(
  buffer: ArrayBufferLike,
  { address, module, functions }: AdoptModule,
): number {
  const first = address + ADOPT_BYTES;
  new Uint8Array(buffer, first, module.length).set(module);
  const words = [opcodes.get("adopt") ?? -1, 12, first, module.length, functions];
  new Uint32Array(buffer, address, words.length).set(words);
  return address + 4 * words.length;
}
