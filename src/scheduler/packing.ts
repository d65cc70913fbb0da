/**
 * Places in slots for buffers that live for stretches of calls: largest first, each into the smallest room of a slot
 * that is free all the time, beside others that live at the same time where they leave room. An exact fit in two
 * dimensions is a hard problem (strip packing); largest first is what comes near it (Pisarchyk & Lee 2020, "Efficient
 * Memory Management for Deep Neural Net Inference", greedy by size).
 */
import type { Span } from "./gaps.ts";

export interface Tenant {
  readonly bytes: number;
  readonly lifetime: Span;
  /** Calls that use it, and whether they write it. */
  readonly uses: ReadonlyMap<number, boolean>;
  /** Calls that bind it more than once, which is allowed only where nothing in its slot is written. */
  readonly twice: ReadonlySet<number>;
}

interface Placed {
  readonly tenant: Tenant;
  readonly offset: number;
}

interface Place {
  readonly slot: number;
  readonly offset: number;
}

interface Room extends Place {
  readonly bytes: number;
}

interface Packed {
  /** Their bytes. */
  readonly slots: readonly number[];
  readonly places: ReadonlyMap<Tenant, Place>;
}

/** A packing of all tenants, the better of two: of those of one size the ones that live long go first, or last. */
export function pack(tenants: readonly Tenant[]): Packed {
  const length = ({ lifetime }: Tenant) => lifetime[1] - lifetime[0];
  const packed = (sign: number) => {
    const packing = new Packing();
    const sorted = [...tenants].sort((x, y) => y.bytes - x.bytes || sign * (length(y) - length(x)));
    const places = new Map(sorted.map((tenant) => [tenant, packing.place(tenant)]));
    return { slots: packing.slots, places };
  };
  const [longFirst, shortFirst] = [packed(1), packed(-1)];
  const bytesOf = ({ slots }: Packed) => slots.reduce((sum, own) => sum + own, 0);
  return bytesOf(shortFirst) < bytesOf(longFirst) ? shortFirst : longFirst;
}

/** Slots of the sizes of their first tenants, and who lies where in them. */
class Packing {
  readonly slots: number[] = [];
  readonly #placed: Placed[][] = [];

  place(tenant: Tenant): Place {
    const best = this.#bestRoom(tenant, false) ?? this.#bestRoom(tenant, true);
    if (best === undefined) {
      this.slots.push(tenant.bytes);
      this.#placed.push([{ tenant, offset: 0 }]);
      return { slot: this.slots.length - 1, offset: 0 };
    }
    this.#placed[best.slot]?.push({ tenant, offset: best.offset });
    return best;
  }

  /** The smallest room; `beside`: also in one buffer with what the same call writes, which costs a GPU's cache. */
  #bestRoom(tenant: Tenant, beside: boolean): Room | undefined {
    let best: Room | undefined;
    for (const [slot, bytes] of this.slots.entries()) {
      const room = this.#roomIn(slot, bytes, tenant, beside);
      if (room !== undefined && room.bytes < (best?.bytes ?? Number.POSITIVE_INFINITY)) best = room;
    }
    return best;
  }

  /** The smallest room for it in a slot that nobody needs while it lives. */
  #roomIn(slot: number, size: number, tenant: Tenant, beside: boolean): Room | undefined {
    const there = (this.#placed[slot] ?? []).filter(({ tenant: { lifetime } }) =>
      overlap(lifetime, tenant.lifetime),
    );
    if (there.some(({ tenant: other }) => (beside ? clash : meet)(tenant, other))) return undefined;
    there.sort((a, b) => a.offset - b.offset);
    let best: Room | undefined;
    let free = 0;
    for (const { offset, tenant: other } of [...there, { offset: size, tenant: NOBODY }]) {
      const bytes = offset - free;
      if (bytes >= tenant.bytes && bytes < (best?.bytes ?? Number.POSITIVE_INFINITY))
        best = { slot, offset: free, bytes };
      free = Math.max(free, offset + other.bytes);
    }
    return best;
  }
}

const NOBODY = { bytes: 0 };

/** Whether a call uses both and writes one of them. */
function meet(a: Tenant, b: Tenant): boolean {
  for (const [call, isWritten] of a.uses)
    if (isWritten ? b.uses.has(call) : b.uses.get(call) === true) return true;
  return false;
}

/** Whether a call writes one of them while it binds the other more than once. */
function clash(a: Tenant, b: Tenant): boolean {
  const writes = ({ uses }: Tenant, calls: ReadonlySet<number>) =>
    [...calls].some((call) => uses.get(call) === true);
  return writes(a, b.twice) || writes(b, a.twice);
}

function overlap(a: Span, b: Span): boolean {
  return a[0] <= b[1] && b[0] <= a[1];
}
