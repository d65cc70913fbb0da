/** Checkpoints in a folder: step-000001200.safetensors by the step, and best.safetensors. */
import { ArgumentError, FileError, FormatError } from "../../errors.ts";
import { type Folder, folder, opfs, type Place } from "../../io/index.ts";
import type { TrainerState } from "../trainer-state.ts";
import { readCheckpoint, writeCheckpoint } from "./file.ts";

const BEST = "best.safetensors";
const NAME = /^step-(\d{9,})\.safetensors$/;

const nameOf = (step: number) => `step-${String(step).padStart(9, "0")}.safetensors`;

/** Is told of a checkpoint that is refused, and why, before the one before it is tried. */
export type Refused = (error: FormatError | FileError, name: string) => unknown;

export class CheckpointFolder {
  readonly #folder: Folder;
  readonly #keep: number;
  /** Steps of the checkpoints that were there before, and of those that have been written. */
  readonly #known = new Set<number>();

  constructor(to: Folder | string, keep = 3) {
    this.#folder = typeof to !== "string" ? to : hasFiles() ? folder(to) : opfs(to);
    this.#keep = keep;
  }

  /** Steps of the checkpoints that are there, the latest first. */
  async #steps(): Promise<number[]> {
    const names = await this.#folder.names();
    const steps = names.flatMap((name) => NAME.exec(name)?.slice(1).map(Number) ?? []);
    return steps.sort((a, b) => b - a);
  }

  /**
   * Begins to write, for a training at `step`.
   * @throws ArgumentError where there is a checkpoint of a later step, which is another training's
   */
  async begin(step: number): Promise<void> {
    const there = await this.#steps();
    for (const one of there) this.#known.add(one);
    for (const later of there.filter((one) => one > step)) {
      const state = await readCheckpoint(this.#folder.place(nameOf(later))).catch(refusedOf);
      if (state instanceof Error) continue;
      throw new ArgumentError(
        `fit: checkpoint.to must be a folder of this training's own; got ${this.#folder.description}, which has one of step ${later}, for a Trainer at step ${step}. Go on from it with Trainer.resume, or take another folder.`,
      );
    }
  }

  /**
   * Writes a checkpoint, and removes what is older than the `keep` latest when it is safe. Returns the names of what was
   * written.
   * @throws FileError; ArgumentError where another training has written one meanwhile
   */
  async write(state: TrainerState, isBest: boolean): Promise<string[]> {
    const { step } = state;
    const name = nameOf(step);
    const there = await this.#steps();
    const strange = there.find((one) => !this.#known.has(one));
    if (strange !== undefined) {
      throw new ArgumentError(
        `fit: checkpoint.to must be a folder of this training's own; got ${this.#folder.description}, where another training has written ${nameOf(strange)} meanwhile. Stop one of them, or give each its own folder.`,
      );
    }
    this.#known.add(step);
    // The best one first: whoever goes on from the other knows of it.
    if (isBest) await writeCheckpoint(this.#folder.place(BEST), state);
    await writeCheckpoint(this.#folder.place(name), state);
    const before = there.filter((one) => one < step);
    for (const old of before.slice(this.#keep - 1)) await this.#folder.place(nameOf(old)).remove();
    return isBest ? [BEST, name] : [name];
  }

  /**
   * The latest checkpoint that can be read; nothing where there is none, or only what a first write left that was cut off.
   * @throws FormatError, FileError of the latest where there are some, and none that can be read
   */
  async latest(refused: Refused): Promise<TrainerState | undefined> {
    const steps = await this.#steps();
    const hasBest = (await this.#folder.names()).includes(BEST);
    const names = [...steps.map(nameOf), ...(hasBest ? [BEST] : [])];
    let first: Error | undefined;
    for (const name of names) {
      const place = this.#folder.place(name);
      if ((await place.size()) === 0) {
        refused(cutOff(place), name);
        continue;
      }
      const read = await readCheckpoint(place).catch(refusedOf);
      if (!(read instanceof Error)) return read;
      first ??= read;
      refused(read, name);
    }
    if (first !== undefined) throw first;
    return undefined;
  }
}

/** Whether paths are those of Node, Deno or Bun; on a page, and in its workers, they are names of OPFS. */
export function hasFiles(): boolean {
  return globalThis.process?.getBuiltinModule?.("node:fs") !== undefined;
}

/** A browser that ends within the write of a new file leaves its name, and nothing in it. */
function cutOff({ description }: Place): FormatError {
  return new FormatError(
    `checkpoint: a file must hold one; got ${description}, of 0 bytes, whose write was cut off. It is as if it were not there.`,
    0,
  );
}

/** That of a file, to go on with another; @throws anything else */
function refusedOf(error: unknown): FormatError | FileError {
  if (error instanceof FormatError || error instanceof FileError) return error;
  throw error;
}

export function isFolder(from: unknown): from is Folder {
  return typeof Object(from).names === "function";
}
