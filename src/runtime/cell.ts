/**
 * Where the elements of a tensor that is not computed lie: on the host, on a device, on their way, or nowhere.
 * A cell outlives every tensor and graph node that refers to it; when none is left its memory is given back.
 *
 * A variable's elements change with calls, which take effect later, in their order. So a variable counts versions: a
 * call that changes it begins a new one at once, for the graphs that are made from then on, and the version is stored
 * when the call's turn has come. A graph can be evaluated while the version that it was made of is the stored one.
 */
import type { Storage } from "../devices/device.ts";
import { DisposedError, type GradgpuError, TraceError } from "../errors.ts";
import { type GraphValue, type Holder, type SourceNode, source } from "../graph/graph.ts";
import type { HostArray } from "../tensor/dtype.ts";
import { bytesOf, sizeOf, type TensorType } from "../tensor/shape.ts";
import { openRuntime } from "./current.ts";
import type { Runtime } from "./runtime.ts";

/** A piece of device memory that one cell, or several packed ones, lie in. Allocated when first needed. */
export class Block {
  readonly bytes: number;
  /** Made for several cells, with gaps between them that no cell's elements fill and kernels over all of it read: zeros. */
  readonly isPacked: boolean;
  /** Set once there is memory behind the block. */
  held: { readonly storage: Storage; readonly owner: Runtime } | undefined;
  /** Cells that lie in it; the memory is given back with the last one. */
  tenants = 0;
  /** Grows when the memory is lost with its device: elements that were placed before are gone. */
  generation = 0;
  #last: Runtime | undefined;

  constructor(bytes: number, isPacked = false) {
    this.bytes = bytes;
    this.isPacked = isPacked;
  }

  /** The open runtime that it lies on. */
  get owner(): Runtime | undefined {
    return this.held?.owner.isDead === false ? this.held.owner : undefined;
  }

  /** Lets go of memory that went with its device; the block can then be used on another one. */
  outlive(): void {
    if (this.held?.owner.isDead !== true) return;
    this.#last = this.held.owner;
    this.held = undefined;
    this.generation++;
  }

  obituary(name: string): GradgpuError {
    return (
      this.#last?.obituary(name) ??
      new DisposedError(`${name}: its elements are gone. Load or make them again.`)
    );
  }

  leave(): void {
    if (--this.tenants === 0) this.vacate();
  }

  /** Gives the memory back; whoever needs the block again gets other memory. */
  vacate(): void {
    const { held } = this;
    this.held = undefined;
    held?.owner.release(held.storage);
  }
}

/** `variable`: may be assigned to. `data`: constant. `argument`: stands for what a compiled step is called with. */
export type CellKind = "variable" | "data" | "argument";

const abandoned = new FinalizationRegistry<Block>((block) => block.leave());

/** Which version of its variable a source stands for. */
const versions = new WeakMap<SourceNode, number>();

/** Constants of at most so many elements stay on the host as well: they survive their device. */
const KEPT_ELEMENTS = 1024;

export class Cell implements Holder {
  readonly kind: CellKind;
  readonly type: TensorType;
  readonly name: string;
  /** The runtime that was current when the cell was made: where its elements go as long as nothing else decides. */
  home: Runtime | undefined = openRuntime();
  /** Elements that are not on the device yet. */
  host: HostArray | undefined;
  /** Elements that arrive on the host when a run has ended. */
  coming: Promise<HostArray> | undefined;
  #kept: HostArray | undefined;
  #block: Block;
  #offset = 0;
  #generation = 0;
  #source: GraphValue | undefined;
  #version = 0;
  #stored = 0;
  /** The first version that had the elements that are stored. */
  #since = 0;
  #failure: { readonly version: number; readonly error: unknown } | undefined;
  #isDisposed = false;

  constructor(kind: CellKind, type: TensorType, name: string, block?: Block) {
    this.kind = kind;
    this.type = type;
    this.name = name;
    this.#block = block ?? new Block(bytesOf(type));
    this.#block.tenants++;
    this.#generation = this.#block.generation;
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

  /** The graph value that stands for the elements as they are after all calls that have been made. */
  get value(): GraphValue {
    if (this.#source === undefined) {
      this.#source = source(this);
      // What `source` makes is a source.
      versions.set(this.#source.node as SourceNode, this.#version);
    }
    return this.#source;
  }

  /** A call changes the elements: begins a version, which must be stored, or fail, when its turn has come. */
  renew(): number {
    this.#source = undefined;
    return ++this.#version;
  }

  /** The call that began `version` has had its effect. */
  store(version: number): void {
    this.#stored = version;
    this.#since = version;
  }

  /** The call that began `version` has changed nothing after all. */
  keep(version: number): void {
    this.#stored = version;
  }

  /**
   * The call that began `version` failed, and the elements are as before. Whoever wants that version is told why; once
   * somebody has been, what is made of the variable from then on is made of the elements that it has.
   */
  fail(version: number, error: unknown, isTold: boolean): void {
    this.#stored = version;
    this.#failure = { version, error };
    if (isTold) this.#goOn(version);
  }

  /** @throws what the last call that should have changed the elements failed with, where nobody has been told */
  checkStored(): void {
    if (this.#failure?.version !== this.#stored) return;
    this.#goOn(this.#stored);
    throw this.#failure.error;
  }

  /** Calls that have begun a version so far. */
  get version(): number {
    return this.#version;
  }

  /** The version that the elements that are stored came with. */
  get since(): number {
    return this.#since;
  }

  /** Whether `node` stands for the elements that are stored now. */
  holds(node: SourceNode): boolean {
    if (this.kind !== "variable") return true;
    const version = versions.get(node) ?? -1;
    return version >= this.#since && version <= this.#stored;
  }

  /** @throws TraceError where `node` stands for other elements than those that are stored, or what its call failed with */
  check(node: SourceNode): void {
    if (this.kind !== "variable") return;
    if (this.#failure !== undefined && versions.get(node) === this.#failure.version) {
      this.#goOn(this.#failure.version);
      throw this.#failure.error;
    }
    if (this.holds(node)) return;
    throw new TraceError(
      `${this.name}: a tensor was made from this variable before it was assigned to, and is evaluated after. Evaluate it first (await data()), or compute it in the same step.`,
    );
  }

  #goOn(failed: number): void {
    if (this.#version === failed) this.keep(this.renew());
  }

  /** Moves the cell into `block`; the caller has moved its elements. */
  moveTo(block: Block, offset: number): void {
    if (block !== this.block) {
      block.tenants++;
      abandoned.unregister(this);
      abandoned.register(this, block, this);
      this.#block.leave();
    }
    this.#block = block;
    this.#offset = offset;
    this.#generation = block.generation;
  }

  /** Whether it is a constant that can be used on any runtime. */
  get isPortable(): boolean {
    return this.#kept !== undefined;
  }

  /** Has a constant survive its device, whatever its size. */
  keepCopy(elements: HostArray): void {
    this.#kept = elements;
  }

  /** Brings a constant that lies on another runtime to `runtime`. */
  comeTo(runtime: Runtime): void {
    const { owner } = this.block;
    if (this.#kept === undefined || owner === undefined || owner === runtime) return;
    this.moveTo(new Block(bytesOf(this.type)), 0);
    this.host = this.#kept;
  }

  /** Whether the elements went with their device. */
  get isLost(): boolean {
    const { block } = this;
    block.outlive();
    if (block.generation === this.#generation || this.kind === "argument") return false;
    this.host ??= this.#kept;
    return this.host === undefined && this.coming === undefined;
  }

  /** @throws DeviceLostError, DisposedError where the elements went with their device */
  checkAlive(): void {
    if (this.isLost) throw this.block.obituary(this.name);
  }

  /** The elements are on the device from here on. */
  placed(): void {
    const { host } = this;
    if (this.kind === "data" && host !== undefined && sizeOf(this.type.shape) <= KEPT_ELEMENTS)
      this.#kept ??= host.slice();
    this.host = undefined;
    this.#generation = this.block.generation;
  }

  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.host = undefined;
    this.coming = undefined;
    this.#kept = undefined;
    abandoned.unregister(this);
    this.#block.leave();
  }
}
