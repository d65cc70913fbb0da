/**
 * Where the elements of a tensor that is not computed lie: on the host, on a device, on their way, or nowhere.
 * A cell outlives every tensor and graph node that refers to it; when none is left its memory is given back.
 */
import type { Device, Storage } from "../devices/device.ts";
import { DisposedError } from "../errors.ts";
import { type GraphValue, type Holder, type SourceNode, source } from "../graph/graph.ts";
import type { HostArray } from "../tensor/dtype.ts";
import { bytesOf, type TensorType } from "../tensor/shape.ts";

/** Whoever allocates the memory of blocks: a runtime. */
export interface BlockOwner {
  readonly device: Device;
  /** The memory behind `block`, allocated now if it has none. */
  storageOf(block: Block): Storage;
  release(storage: Storage): void;
}

/** A piece of device memory that one cell, or several packed ones, lie in. Allocated when first needed. */
export class Block {
  readonly bytes: number;
  /** Set once there is memory behind the block. */
  held: { readonly storage: Storage; readonly owner: BlockOwner } | undefined;
  /** Cells that lie in it; the memory is given back with the last one. */
  tenants = 0;

  constructor(bytes: number) {
    this.bytes = bytes;
  }

  leave(): void {
    this.tenants--;
    if (this.tenants > 0 || this.held === undefined) return;
    const { storage, owner } = this.held;
    this.held = undefined;
    owner.release(storage);
  }
}

/** `variable`: may be assigned to. `data`: constant. `argument`: stands for what a compiled step is called with. */
export type CellKind = "variable" | "data" | "argument";

const abandoned = new FinalizationRegistry<Block>((block) => block.leave());

export class Cell implements Holder {
  readonly kind: CellKind;
  readonly type: TensorType;
  readonly name: string;
  /** Elements that are not on the device yet. */
  host: HostArray | undefined;
  /** Elements that arrive on the host when a run has ended. */
  coming: Promise<HostArray> | undefined;
  #block: Block;
  #offset = 0;
  #source: GraphValue | undefined;
  #isDisposed = false;

  constructor(kind: CellKind, type: TensorType, name: string, block?: Block) {
    this.kind = kind;
    this.type = type;
    this.name = name;
    this.#block = block ?? new Block(bytesOf(type));
    this.#block.tenants++;
    abandoned.register(this, this.#block, this);
  }

  get block(): Block {
    if (this.#isDisposed) {
      throw new DisposedError(
        `${this.name}: a tensor cannot be used after dispose(). Dispose of it when nothing that depends on it is wanted any more.`,
      );
    }
    return this.#block;
  }

  /** Elements from the block's start. */
  get offset(): number {
    return this.#offset;
  }

  get isDisposed(): boolean {
    return this.#isDisposed;
  }

  /** The graph value that stands for the present elements. */
  get value(): GraphValue {
    this.#source ??= source(this);
    return this.#source;
  }

  /** Elements have changed: graphs made before must not read the new ones unawares. */
  renew(): void {
    this.#source = undefined;
  }

  isCurrent(node: SourceNode): boolean {
    return this.kind !== "variable" || this.#source?.node === node;
  }

  /** Moves the cell into `block`; the caller has moved its elements. */
  moveTo(block: Block, offset: number): void {
    if (block !== this.#block) {
      block.tenants++;
      abandoned.unregister(this);
      abandoned.register(this, block, this);
      this.#block.leave();
    }
    this.#block = block;
    this.#offset = offset;
  }

  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.host = undefined;
    this.coming = undefined;
    abandoned.unregister(this);
    this.#block.leave();
  }
}
