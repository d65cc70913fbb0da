/** The steps of a loop, and where their parts of whole sequences, [steps, ...slice], lie. */
import { OutOfMemoryError } from "../errors.ts";
import { BYTES_PER_ELEMENT } from "../tensor/dtype.ts";
import { bytesOf, describe, sizeOf } from "../tensor/shape.ts";
import type { DeviceTraits, Region } from "./lowering.ts";
import type { LoweredCall } from "./plan.ts";

/** Steps that are done alike: one that stands apart, or `count` of a loop. */
export interface Stretch {
  readonly kind: "first" | "last" | "only" | "loop";
  /** The lowest of them. */
  readonly from: number;
  readonly count: number;
}

export type Direction = "toSlice" | "toWhole";

export class LoopParts {
  readonly #steps: number;
  readonly #reverse: boolean;
  readonly #traits: DeviceTraits;
  /** Steps of the longest loop: calls that copy a part reach over the sequence, and kernels only so far. */
  #most: number;

  constructor(steps: number, reverse: boolean, traits: DeviceTraits) {
    this.#steps = steps;
    this.#reverse = reverse;
    this.#traits = traits;
    this.#most = steps;
  }

  /** Whether kernels may be handed a step's part of `whole` where it lies. */
  mayStep({ type: { shape } }: Region): boolean {
    return mayStep(sizeOf(shape) / this.#steps, this.#traits);
  }

  /** A step's part of `whole`, or that of the step which is done `later`; in a loop that of its step 0. */
  of(whole: Region, { kind, from }: Stretch, later = 0): Region {
    const { buffer, offset, type } = whole;
    const [, ...shape] = type.shape;
    const elements = sizeOf(shape);
    const step = from + (this.#reverse ? -later : later);
    const part = { buffer, offset: offset + step * elements, type: { dtype: type.dtype, shape } };
    return kind === "loop" ? { ...part, perStep: elements } : part;
  }

  /** The calls that copy between the parts of `whole` and another place. */
  copies(
    whole: Region,
    placeOf: (at: Stretch) => Region,
    direction: Direction,
    why: string,
  ): (at: Stretch) => LoweredCall[] {
    const { copy, copyStep } = this.#traits;
    const isDirect = copyStep === undefined || this.mayStep(whole);
    if (!isDirect) this.#reachOver(whole);
    return (at) => {
      const slice = placeOf(at);
      const part = this.of(whole, at);
      const [from, to] = direction === "toSlice" ? [part, slice] : [slice, part];
      const calls = isDirect ? copy(from, to) : this.#stepped(whole, slice, direction, at);
      return calls.map((call) => ({ kind: "call", call, label: "copy", why }));
    };
  }

  /** In the order in which they are done; the first and the last step apart where that is asked for. */
  stretches(apart: { readonly first: boolean; readonly last: boolean }): Stretch[] {
    const [steps, most] = [this.#steps, this.#most];
    if (steps === 1 && (apart.first || apart.last)) return [{ kind: "only", from: 0, count: 1 }];
    const [low, high] = this.#reverse ? [apart.last, apart.first] : [apart.first, apart.last];
    const [begin, end] = [low ? 1 : 0, high ? steps - 1 : steps];
    const loops: Stretch[] = [];
    for (let from = begin; from < end; ) {
      const to = Math.min(end, from - (from % most) + most);
      loops.push({ kind: "loop", from, count: to - from });
      from = to;
    }
    const [first, last] = this.#reverse ? [steps - 1, 0] : [0, steps - 1];
    return [
      ...(apart.first ? [{ kind: "first", from: first, count: 1 } as const] : []),
      ...(this.#reverse ? loops.reverse() : loops),
      ...(apart.last ? [{ kind: "last", from: last, count: 1 } as const] : []),
    ];
  }

  #reachOver({ type }: Region): void {
    const { maxRegionBytes, viewAlignment } = this.#traits;
    if (bytesOf(type) <= maxRegionBytes) return;
    const bytes = bytesOf(type) / this.#steps;
    const fitting = Math.floor(maxRegionBytes / bytes);
    // A part begins where a view may.
    let unit = 1;
    while (((unit * bytes) / BYTES_PER_ELEMENT) % viewAlignment !== 0) unit++;
    const most = fitting - (fitting % unit);
    if (most === 0) {
      throw new OutOfMemoryError(
        `scan: a sequence must be no larger than the ${maxRegionBytes} bytes that a kernel can reach; got ${describe(type)}. Use a shorter window or a smaller batch.`,
      );
    }
    this.#most = Math.min(this.#most, most);
  }

  #stepped(whole: Region, slice: Region, direction: Direction, { kind, from }: Stretch) {
    const start = from - (from % this.#most);
    const count = Math.min(this.#most, this.#steps - start);
    const [, ...shape] = whole.type.shape;
    const within = {
      buffer: whole.buffer,
      offset: whole.offset + start * sizeOf(shape),
      type: { dtype: whole.type.dtype, shape: [count, ...shape] },
    };
    const calls = this.#traits.copyStep?.(within, slice, direction, from - start) ?? [];
    return kind === "loop" ? calls : calls.map(({ perStep: _, ...call }) => call);
  }
}

/** Whether a part of so many elements may begin where any other one ends. */
export function mayStep(
  elements: number,
  { viewAlignment, maxRegionBytes }: DeviceTraits,
): boolean {
  return elements % viewAlignment === 0 && elements * BYTES_PER_ELEMENT <= maxRegionBytes;
}
