/** Buffers, and where in them values lie or should be made. */
import { InternalError } from "../errors.ts";
import type { GraphValue } from "../graph/graph.ts";
import { packedOffsets } from "../ops/packed.ts";
import { BYTES_PER_ELEMENT } from "../tensor/dtype.ts";
import { bytesOf, type TensorType } from "../tensor/shape.ts";
import type { Region } from "./lowering.ts";
import { aliased, isAlias } from "./work.ts";

export interface BufferDraft {
  bytes: number;
  /** Index of the binding, or undefined for a temporary buffer. */
  readonly binding: number | undefined;
}

export class Places {
  readonly buffers: BufferDraft[] = [];
  readonly regions = new Map<GraphValue, Region>();
  /** Where values that are wanted in a certain place should be made. */
  readonly wanted = new Map<GraphValue, Region>();
  /** Where packs are that are made, not found. */
  readonly packs = new Map<GraphValue, Region>();
  /** Where concats are whose parts are made there. */
  readonly joined = new Map<GraphValue, Region>();
  /** Their buffers, in which nothing is written over: who reads a part does not read the whole. */
  readonly shared = new Set<number>();

  wantSideBySide(values: readonly GraphValue[]): void {
    const { offsets, length } = packedOffsets(values.map(({ type }) => type.shape));
    const buffer = this.temporary(length * BYTES_PER_ELEMENT);
    for (const [i, value] of values.entries()) {
      this.wanted.set(value, { buffer, offset: offsets[i] ?? 0, type: value.type });
    }
  }

  isWithin({ buffer, offset, type }: Region): boolean {
    const end = offset * BYTES_PER_ELEMENT + bytesOf(type);
    return offset >= 0 && end <= (this.buffers[buffer]?.bytes ?? 0);
  }

  /** Where they lie as a pack, if they do. */
  sideBySide(values: readonly GraphValue[]): Region | undefined {
    const { offsets, length } = packedOffsets(values.map(({ type }) => type.shape));
    const regions = values.map((value) => this.regions.get(aliased(value)));
    const [first] = regions;
    if (first === undefined) return undefined;
    const place = { ...first, type: { dtype: first.type.dtype, shape: [length] } };
    const areSo = regions.every(
      (own, i) => own?.buffer === first.buffer && own.offset === first.offset + (offsets[i] ?? 0),
    );
    return areSo && this.isWithin(place) ? place : undefined;
  }

  temporary(bytes: number): number {
    return this.buffers.push({ bytes, binding: undefined }) - 1;
  }

  fresh(type: TensorType): Region {
    return { buffer: this.temporary(bytesOf(type)), offset: 0, type };
  }

  region(value: GraphValue): Region {
    let base = value;
    let known = this.regions.get(base);
    while (known === undefined) {
      const { node } = base;
      if (!isAlias(node)) {
        throw new InternalError(`${node.op}: a value is read before it has a place.`);
      }
      base = node.ins.x;
      known = this.regions.get(base);
    }
    return base === value ? known : { ...known, type: value.type };
  }
}

export function isSamePlace(a: Region | undefined, b: Region): boolean {
  return a?.buffer === b.buffer && a.offset === b.offset;
}
