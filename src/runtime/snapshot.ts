/**
 * Elements of cells as they were between two calls, kept on the host: what computing goes on from where the device that
 * they lay on is lost. What lies side by side is read as one range, in the queue's turn and awaited outside of it, so that
 * later calls go on meanwhile; what has not changed since the snapshot before is not read again.
 */
import { BYTES_PER_ELEMENT, type HostArray, viewAs } from "../tensor/dtype.ts";
import { sizeOf } from "../tensor/shape.ts";
import type { Block, Cell } from "./cell.ts";
import { queueOf } from "./locate.ts";
import { replaceElements } from "./replace.ts";
import type { Runtime } from "./runtime.ts";

interface Held {
  readonly elements: HostArray;
  /** The version of the variable that they are. */
  readonly version: number;
}

export class Snapshot {
  readonly #held: ReadonlyMap<Cell, Held>;

  constructor(held: ReadonlyMap<Cell, Held>) {
    this.#held = held;
  }

  has(cell: Cell): boolean {
    return this.#held.has(cell);
  }

  /** Those of `cell`, where it has not changed since. */
  current(cell: Cell): Held | undefined {
    const held = this.#held.get(cell);
    return held?.version === cell.since ? held : undefined;
  }

  /** Gives every cell its elements back; where its device was lost, they go to the one that took over. */
  restore(): void {
    for (const [cell, { elements }] of this.#held)
      if (!cell.isDisposed) replaceElements(cell, elements);
  }
}

/**
 * Those of `cells` after all calls that were made before. Constants that a device has alone are kept with their cell
 * from then on.
 * @throws DeviceLostError where they are gone, or go meanwhile; DisposedError
 */
export async function snapshotOf(cells: Iterable<Cell>, before?: Snapshot): Promise<Snapshot> {
  const own = [...new Set(cells)];
  const variables = own.filter(({ kind }) => kind === "variable");
  const runtime = queueOf(variables.length > 0 ? variables : own);
  runtime?.flush();
  const { read } = await (runtime?.enqueue(() => ({ read: readCells(own, runtime, before) })) ?? {
    read: readCells(own, undefined, before),
  });
  return new Snapshot(await read);
}

/** What is on the host is copied, and what is on the device asked for, at once. */
async function readCells(
  cells: readonly Cell[],
  runtime: Runtime | undefined,
  before: Snapshot | undefined,
): Promise<Map<Cell, Held>> {
  const held = new Map<Cell, Held>();
  const onDevice = new Map<Block, Cell[]>();
  for (const cell of cells) {
    if (cell.isDisposed) continue;
    cell.checkAlive();
    const { since: version, host, block } = cell;
    const known = before?.current(cell);
    if (cell.kind === "data") {
      if (host !== undefined || cell.coming !== undefined || cell.isPortable) continue;
    } else if (known !== undefined) {
      held.set(cell, known);
      continue;
    } else if (host !== undefined) {
      held.set(cell, { elements: host.slice(), version });
      continue;
    }
    onDevice.set(block, [...(onDevice.get(block) ?? []), cell]);
  }
  const versions = new Map([...onDevice.values()].flat().map((cell) => [cell, cell.since]));
  const reads = [...onDevice].map(async ([block, own]) => {
    for (const [cell, elements] of await readRange(runtime, block, own)) {
      if (cell.kind === "data") cell.keepCopy(elements);
      else held.set(cell, { elements, version: versions.get(cell) ?? -1 });
    }
  });
  await Promise.all(reads);
  return held;
}

/** From the first to the last of `cells`, which lie in `block`. */
async function readRange(
  runtime: Runtime | undefined,
  block: Block,
  cells: readonly Cell[],
): Promise<[Cell, HostArray][]> {
  const first = Math.min(...cells.map(({ offset }) => offset));
  const end = Math.max(...cells.map(({ offset, type }) => offset + sizeOf(type.shape)));
  const places = cells.map((cell) => ({ cell, at: cell.offset - first }));
  const bytes = (end - first) * BYTES_PER_ELEMENT;
  const { held } = block;
  const buffer =
    bytes === 0 || held === undefined || runtime === undefined
      ? new ArrayBuffer(bytes)
      : await runtime.device.read(held.storage, first * BYTES_PER_ELEMENT, bytes);
  return places.map(({ cell, at }) => [
    cell,
    viewAs(cell.type.dtype, buffer, at * BYTES_PER_ELEMENT, sizeOf(cell.type.shape)),
  ]);
}
