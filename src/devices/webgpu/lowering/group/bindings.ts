/**
 * The bindings of a generated kernel. WebGPU forbids two bindings of one dispatch that overlap where one of them is
 * written, so regions that overlap, or are the same, share one. So do numbers of one buffer that are read, or written side by
 * side: a kernel has few bindings.
 */
import { InternalError } from "../../../../errors.ts";
import { PACK_ALIGNMENT } from "../../../../ops/packed.ts";
import type { Operand, Region } from "../../../../scheduler/lowering.ts";
import { sizeOf } from "../../../../tensor/shape.ts";

/** A region as a part of a binding. */
export interface Place {
  /** Which binding: its number in the shader. */
  readonly binding: number;
  /** Elements from the binding's start to the region's. */
  readonly start: number;
}

export interface Bindings {
  readonly operands: readonly Operand[];
  readonly ins: readonly Place[];
  readonly outs: readonly Place[];
}

interface Use {
  readonly region: Region;
  readonly isWritten: boolean;
}

export function bindingsOf(ins: readonly Region[], outs: readonly Region[]): Bindings {
  const uses: Use[] = [
    ...ins.map((region) => ({ region, isWritten: false })),
    ...outs.map((region) => ({ region, isWritten: true })),
  ];
  // Members of each binding; a region may join several that did not touch one another.
  let groups: Use[][] = [];
  for (const use of uses) {
    const touched = groups.filter((group) =>
      group.some((other) => overlaps(other, use) || areNumbers(other, use)),
    );
    const joined = [...touched.flat(), use];
    groups = [...groups.filter((group) => !touched.includes(group)), joined];
  }
  // In the order of what is bound, whatever joined it.
  const order = (group: readonly Use[]) => Math.min(...group.map((use) => uses.indexOf(use)));
  groups.sort((a, b) => order(a) - order(b));
  const operands = groups.map(operandOf);
  const places = uses.map((use): Place => {
    const binding = groups.findIndex((group) => group.includes(use));
    return { binding, start: use.region.offset - (operands[binding]?.region.offset ?? 0) };
  });
  return { operands, ins: places.slice(0, ins.length), outs: places.slice(ins.length) };
}

function endOf({ offset, type }: Region): number {
  return offset + sizeOf(type.shape);
}

function overlaps({ region: a }: Use, { region: b }: Use): boolean {
  return a.buffer === b.buffer && a.offset < endOf(b) && b.offset < endOf(a);
}

function areNumbers(a: Use, b: Use): boolean {
  const [x, y] = [a.region, b.region];
  if (x.buffer !== y.buffer || sizeOf(x.type.shape) !== 1 || sizeOf(y.type.shape) !== 1)
    return false;
  const areNext = Math.abs(x.offset - y.offset) === PACK_ALIGNMENT;
  return a.isWritten ? b.isWritten && areNext : !b.isWritten;
}

function operandOf(uses: readonly Use[]): Operand {
  const [first, ...rest] = uses.map(({ region }) => region);
  if (first === undefined) throw new InternalError("A binding must have a use.");
  const isWritten = uses.some((use) => use.isWritten);
  const access = !isWritten ? "read" : uses.every((use) => use.isWritten) ? "write" : "readwrite";
  if (rest.length === 0) return { region: first, access };
  const offset = Math.min(first.offset, ...rest.map((region) => region.offset));
  const length = Math.max(endOf(first), ...rest.map(endOf)) - offset;
  const { dtype } = first.type;
  // The region itself where all are the same: explain() shows its shape.
  const isSame = offset === first.offset && length === sizeOf(first.type.shape);
  return {
    region: isSame ? first : { buffer: first.buffer, offset, type: { dtype, shape: [length] } },
    access,
  };
}
