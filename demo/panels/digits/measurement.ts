import { argmax, compile, DeviceLostError, type Tensor } from "gradgpu";
import { disposeModels, type Models } from "./networks.ts";
import { type Ink, PIXELS } from "./pictures.ts";
import { picturesOf, read } from "./probes.ts";

/** Pictures of a piece: a few milliseconds on two cores. */
const PIECE = 125;

/** What networks took pictures for, as they were at one step. */
export interface Taken {
  readonly step: number;
  readonly cnn: Uint8Array;
  readonly dense: Uint8Array;
}

/**
 * What two networks take many pictures for, a piece at a time between steps of their training. All pieces are of the networks
 * as they were at the first: of copies, so that a measurement belongs to one step.
 */
export class Measurement {
  readonly #models: Models;
  readonly #copies: Models;
  readonly #count: number;
  readonly #picture: (index: number) => Ink;
  readonly #classes;
  readonly #batch = new Uint8Array(PIECE * PIXELS);
  #pass: Taken | undefined;
  #seen = 0;
  #complete: Taken | undefined;

  /** `copies` are networks of the same shape; `count`, a multiple of 125, pictures are measured. */
  constructor(models: Models, copies: Models, count: number, picture: (index: number) => Ink) {
    this.#models = models;
    this.#copies = copies;
    this.#count = count;
    this.#picture = picture;
    this.#classes = compile((x: Tensor) => ({
      cnn: argmax(copies.cnn(x)),
      dense: argmax(copies.dense(x)),
    }));
  }

  get count(): number {
    return this.#count;
  }

  /** The last that is complete. */
  get complete(): Taken | undefined {
    return this.#complete;
  }

  /** Pictures seen by the one under way; 0 where there is none. */
  get seen(): number {
    return this.#seen;
  }

  /** Begins one of the networks as they are, or goes on with it. Whether it is complete now. */
  async goOn(step: number): Promise<boolean> {
    try {
      return await this.#piece(step);
    } catch (error) {
      if (!(error instanceof DeviceLostError)) throw error;
      // The copies went with the device: it begins anew when the networks are on another one.
      this.#pass = undefined;
      this.#seen = 0;
      return false;
    }
  }

  async #piece(step: number): Promise<boolean> {
    const pass = this.#pass ?? (await this.#begin(step));
    const first = this.#seen;
    for (let i = 0; i < PIECE; i++) this.#batch.set(this.#picture(first + i), i * PIXELS);
    const { cnn, dense } = await this.#classes(picturesOf(this.#batch));
    pass.cnn.set(await read(cnn), first);
    pass.dense.set(await read(dense), first);
    this.#seen = first + PIECE;
    if (this.#seen < this.#count) return false;
    this.#complete = pass;
    this.#pass = undefined;
    this.#seen = 0;
    return true;
  }

  dispose(): void {
    this.#classes.dispose();
    disposeModels(this.#copies);
  }

  /** Copied by way of the host: the copies follow the networks to another device. */
  async #begin(step: number): Promise<Taken> {
    const { cnn, dense } = this.#models;
    this.#copies.cnn.loadStateDict(await cnn.stateDict());
    this.#copies.dense.loadStateDict(await dense.stateDict());
    this.#seen = 0;
    this.#pass = { step, cnn: new Uint8Array(this.#count), dense: new Uint8Array(this.#count) };
    return this.#pass;
  }
}

/** The share of `taken` that are as they should be. */
export function shareRight(taken: Uint8Array, labels: Uint8Array): number {
  return taken.reduce((sum, digit, i) => sum + (digit === labels[i] ? 1 : 0), 0) / taken.length;
}
