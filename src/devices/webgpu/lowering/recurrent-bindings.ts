/** The bindings of a kernel that walks several layers: each holds the tensors of all layers, found by a table. */
import { InternalError } from "../../../errors.ts";
import type { KernelCall, Operand, Region } from "../../../scheduler/lowering.ts";
import type { TensorType } from "../../../tensor/shape.ts";
import { gather } from "./gathered.ts";
import { read, readWrite } from "./operand.ts";

/** The slots of shaders/lib/recurrent, in its order. */
const SLOTS = [
  "recurrent",
  "input",
  "bias",
  "candidateBias",
  "projected",
  "gates",
  "states",
  "cells",
  "h",
  "c",
  "gStates",
  "gCells",
  "gSums",
] as const;
type Slot = (typeof SLOTS)[number];
const SLOTS_OF_A_LAYER = 16;
/** NONE of the shader. */
const NONE = 0xffffffff;

/** One binding: by slot, the tensor of each layer that has one. */
export interface LayersBinding {
  /** What is written lies in one buffer already: the ops pack it. */
  readonly access: "read" | "readWrite";
  /** Elements of an element of the shader's array. */
  readonly width: 1 | 4;
  readonly tensors: { readonly [S in Slot]?: readonly (Region | undefined)[] };
}

export interface BoundLayers {
  readonly operands: readonly Operand[];
  /** The words of `places`. */
  readonly table: readonly number[];
  readonly copies: readonly KernelCall[];
}

export function bindLayers(
  bindings: readonly LayersBinding[],
  layers: number,
  maxBytes: number,
  scratch: (type: TensorType) => Region,
): BoundLayers {
  const table = new Array<number>(layers * SLOTS_OF_A_LAYER).fill(NONE);
  const copies: KernelCall[] = [];
  const operands = bindings.map(({ access, width, tensors }) => {
    const held = SLOTS.flatMap((slot, s) =>
      (tensors[slot] ?? []).flatMap((region, layer) =>
        region === undefined ? [] : [{ region, word: layer * SLOTS_OF_A_LAYER + s }],
      ),
    );
    // What no layer has is never read.
    if (held.length === 0) return read(scratch({ dtype: "f32", shape: [0] }));
    const gathered = gather(
      held.map(({ region }) => region),
      maxBytes,
      scratch,
    );
    held.forEach(({ word }, i) => {
      table[word] = (gathered.offsets[i] ?? 0) / width;
    });
    copies.push(...gathered.copies);
    if (access === "read") return read(gathered.region);
    if (gathered.copies.length === 0) return readWrite(gathered.region);
    throw new InternalError("what a walk of layers writes must lie side by side.");
  });
  return { operands, table, copies };
}
