/** What a Trainer loads when it is to save something. */
import { type Folder, type From, file, type Place, type Source } from "../../io/index.ts";
import { missing } from "../../io/places/faults.ts";
import { checkPlace, isRemote, sourceOf } from "../../io/source.ts";
import type { TrainerState } from "../trainer-state.ts";
import { readCheckpoint, writeCheckpoint } from "./file.ts";
import { CheckpointFolder, hasFiles, isFolder, type Refused } from "./folder.ts";

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
  from: From | Folder,
  refused: Refused,
): Promise<TrainerState | undefined> {
  const source = await opened(from);
  if (source instanceof CheckpointFolder) return source.latest(refused);
  if ((await source.size()) !== undefined) return readCheckpoint(source);
  // A training that is to begin writes there itself, which it cannot behind a URL.
  if (!("write" in source)) throw missing(source);
  return undefined;
}

/** A path is a folder, unless it says that it is a file, or is one. */
async function opened(from: From | Folder): Promise<Source | CheckpointFolder> {
  if (isFolder(from)) return new CheckpointFolder(from);
  const text = from instanceof URL ? from.href : from;
  if (typeof text !== "string" || isRemote(text)) return sourceOf("resume", text);
  const isFile = text.endsWith(".safetensors") || (hasFiles() && (await isThere(text)));
  return isFile ? file(text) : new CheckpointFolder(text);
}

async function isThere(path: string): Promise<boolean> {
  const size = await file(path)
    .size()
    .catch(() => undefined);
  return size !== undefined;
}
