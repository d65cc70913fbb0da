/**
 * What a walk binds. Tensors of one name share a binding: those of the layers that are walked together, and those of a
 * list, as states. Each begins where a table in the parameters says; what lies alone in its binding begins there.
 */
import { InternalError } from "../../../../errors.ts";
import type { KernelCall, Operand, Region } from "../../../../scheduler/lowering.ts";
import type { TensorType } from "../../../../tensor/shape.ts";
import { gather } from "../gathered.ts";
import { read, readWrite } from "../operand.ts";

/** A tensor of each layer, or of some of them. */
export interface WalkTensor {
  /** Its name in the shader. */
  readonly slot: string;
  /** Numbers that lie side by side for a unit of a row, or for a unit of weights. */
  readonly count: number;
  readonly regions: readonly (Region | undefined)[];
}

export interface WalkBinding {
  readonly name: string;
  readonly access: "read" | "readWrite";
  readonly type?: "i32";
  /** In the order in which they lie there, where they are written. The first says whether it is an array of vectors. */
  readonly tensors: readonly WalkTensor[];
}

export interface BoundWalk {
  /** Declarations, and the slots. */
  readonly text: string;
  readonly operands: readonly Operand[];
  readonly copies: readonly KernelCall[];
  /** Slots that the table has for each layer. */
  readonly slots: number;
  /** Four words a vector. */
  readonly table: readonly number[];
}

/** In the slot of a tensor that a layer has not. */
const NONE = 0xffffffff;

export function bindWalk(
  bindings: readonly WalkBinding[],
  layers: number,
  maxBytes: number,
  scratch: (type: TensorType) => Region,
): BoundWalk {
  const placed = bindings.flatMap((binding) => binding.tensors.filter(isPlaced(binding, layers)));
  const rowLength = Math.ceil(placed.length / 4) * 4;
  const table = new Array<number>(layers * rowLength).fill(NONE);
  const copies: KernelCall[] = [];
  const operands = bindings.map((binding) => {
    const held = binding.tensors.flatMap((tensor) =>
      tensor.regions.flatMap((region, layer) => (region ? [{ tensor, region, layer }] : [])),
    );
    const regions = held.map(({ region }) => region);
    const gathered = gather(regions, maxBytes, scratch);
    copies.push(...gathered.copies);
    held.forEach(({ tensor, layer }, i) => {
      const place = (gathered.offsets[i] ?? 0) / unitOf(binding, tensor);
      const slot = placed.indexOf(tensor);
      if (slot !== -1) table[layer * rowLength + slot] = place;
      else if (place !== 0) throw new InternalError(APART);
    });
    const [first] = regions;
    const region = first && regions.length === 1 ? first : gathered.region;
    if (binding.access === "read") return read(region);
    if (gathered.copies.length > 0) throw new InternalError(APART);
    return readWrite(region);
  });
  const declared = bindings.map((binding, b) => {
    const space = `storage, ${binding.access === "read" ? "read" : "read_write"}`;
    return `@group(0) @binding(${b}) var<${space}> ${binding.name}: array<${typeOf(binding)}>;`;
  });
  const all = bindings.flatMap(({ tensors }) => tensors);
  const constants = all.map((tensor) => {
    const slot = placed.indexOf(tensor);
    return `const ${tensor.slot} = ${slot === -1 ? placed.length : slot}u;`;
  });
  const params = `@group(0) @binding(${bindings.length}) var<uniform> params: Params;`;
  const text = [...declared, params, ...constants].join("\n");
  return { text, operands, copies, slots: placed.length, table };
}

const APART = "what a walk writes must lie side by side.";

/** What is written begins with the first of a list: one layer's is found without a table. */
function isPlaced({ access, tensors }: WalkBinding, layers: number) {
  return (_: WalkTensor, i: number) =>
    layers > 1 || (tensors.length > 1 && (access === "read" || i > 0));
}

/** Numbers of an element of the binding's array: 1, 2 or 4. */
export function widthOf({ tensors: [first] }: WalkBinding): number {
  return first?.count === 2 || first?.count === 4 ? first.count : 1;
}

function typeOf(binding: WalkBinding): string {
  const width = widthOf(binding);
  return binding.type ?? (width === 1 ? "f32" : `vec${width}<f32>`);
}

/** Numbers of what a tensor is counted in: vectors where all of it are. */
function unitOf(binding: WalkBinding, { count }: WalkTensor): number {
  return count === widthOf(binding) ? count : 1;
}
