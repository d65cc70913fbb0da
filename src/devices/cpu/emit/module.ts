/** One WebAssembly module of the functions that a plan's groups and walks need and the device does not have yet. */
import { floatBits } from "../../../scheduler/lowering.ts";
import { CONSTANTS_ADDRESS } from "../messages.ts";
import { Bytes } from "./bytes.ts";
import { emitColumns } from "./columns.ts";
import { I32, V128 } from "./function.ts";
import { gateConstants } from "./gates.ts";
import { callees, type Form } from "./math.ts";
import { emitRows } from "./rows.ts";
import type { Structure } from "./structure.ts";
import { emitWalk } from "./walk.ts";
import type { WalkStructure } from "./walk-structure.ts";

export interface ModuleForm extends Form {
  /** Whether the memory that it imports is shared. */
  readonly isShared: boolean;
}

const HEADER = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
/** The most pages that a memory can have, which fits any. */
const MAX_PAGES = 65536;
const FUNCTION = 0;
const TABLE = 1;
const MEMORY = 2;
const GLOBAL = 3;

/** Types of functions: emitted ones; callees of one and of two vectors. */
const TYPES = [
  { parameters: Array.from({ length: 5 }, () => I32), results: [] },
  { parameters: [V128], results: [V128] },
  { parameters: [V128, V128], results: [V128] },
];
const typeOf = (callee: string) => (callee === "sin" || callee === "cos" ? 1 : 2);

/**
 * The module's bytes. It imports from "env" the memory, the functions of the kernel module that it calls, the table that
 * it puts its functions in, one for each structure, and as `base` the place of the first.
 */
export function emitModule(
  structures: readonly (Structure | WalkStructure)[],
  form: ModuleForm,
): Uint8Array<ArrayBuffer> {
  const module = new Bytes();
  module.bytes(...HEADER);
  section(module, 1, TYPES.length, (out) => {
    for (const { parameters, results } of TYPES) {
      out.bytes(0x60, parameters.length, ...parameters, results.length, ...results);
    }
  });
  section(module, 2, callees.length + 3, (out) => {
    for (const callee of callees) {
      imported(out, callee, FUNCTION);
      out.byte(typeOf(callee));
    }
    imported(out, "memory", MEMORY);
    // With a maximum; 2 is shared.
    out.bytes(form.isShared ? 3 : 1, 0);
    out.unsigned(MAX_PAGES);
    imported(out, "table", TABLE);
    out.bytes(0x70, 0, 0);
    imported(out, "base", GLOBAL);
    out.bytes(I32, 0);
  });
  section(module, 3, structures.length, (out) => {
    for (const _ of structures) out.byte(0);
  });
  section(module, 9, 1, (out) => {
    // Active, in table 0, from the global on.
    out.bytes(0, 0x23, 0, 0x0b);
    out.unsigned(structures.length);
    structures.forEach((_, i) => {
      out.unsigned(callees.length + i);
    });
  });
  section(module, 10, structures.length, (out) => {
    for (const structure of structures) out.append(emitted(structure, form));
  });
  if (structures.some(({ template }) => template === "walk"))
    section(module, 11, 1, (out) => {
      // Active, in memory 0, from a constant address on.
      out.bytes(0, 0x41);
      out.signed(CONSTANTS_ADDRESS);
      out.byte(0x0b);
      out.unsigned(4 * gateConstants.length);
      for (const constant of gateConstants) out.word(floatBits(constant));
    });
  return module.content();
}

function emitted(structure: Structure | WalkStructure, form: Form): Bytes {
  if (structure.template === "walk") return emitWalk(structure, form);
  return structure.template === "rows" ? emitRows(structure, form) : emitColumns(structure, form);
}

function section(module: Bytes, id: number, entries: number, write: (out: Bytes) => void): void {
  const content = new Bytes();
  content.unsigned(entries);
  write(content);
  module.byte(id);
  module.unsigned(content.length);
  module.append(content);
}

function imported(out: Bytes, name: string, kind: number): void {
  out.name("env");
  out.name(name);
  out.byte(kind);
}
