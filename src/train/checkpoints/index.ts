/** What a Trainer loads when it is to save something. */
import { ArgumentError } from "../../errors.ts";
import { type Folder, file, type Place } from "../../io/index.ts";
import { checkPlace } from "../../io/source.ts";
import type { TrainerState } from "../trainer-state.ts";
import { readCheckpoint, writeCheckpoint } from "./file.ts";
import { CheckpointFolder, isFolder, type Refused } from "./folder.ts";

export { CheckpointWriter } from "./writer.ts";

/** @throws FileError, ArgumentError for what is no place */
export async function saveState(to: Place | string, state: () => Promise<TrainerState>) {
  const place = typeof to === "string" ? file(to) : to;
  checkPlace("save", place);
  await writeCheckpoint(place, await state());
}

/**
 * The state of a file, or of the latest in a folder that can be read; nothing where there is none.
 * @throws FormatError, FileError, ArgumentError
 */
export async function savedState(
  from: Place | Folder | string,
  refused: Refused,
): Promise<TrainerState | undefined> {
  if (typeof from === "string" && !from.endsWith(".safetensors"))
    return new CheckpointFolder(from).latest(refused);
  const place = typeof from === "string" ? file(from) : from;
  if (typeof place !== "object" || place === null || !("description" in place)) {
    throw new ArgumentError(
      "resume: it must be a folder of checkpoints, or the place of one; got something else. Take folder(path) or opfs() of gradgpu/io, or a path in Node.",
    );
  }
  if (isFolder(place)) return new CheckpointFolder(place).latest(refused);
  return (await place.size()) === undefined ? undefined : readCheckpoint(place);
}
