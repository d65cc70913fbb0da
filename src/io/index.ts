/** Files: where they lie, and what is in them. docs/files.md has the formats. */
export type {
  ByteRange,
  Folder,
  Pieces,
  Place,
  ReadOptions,
  WriteOptions,
} from "./place.ts";
export { memory } from "./places/memory.ts";
export { file, folder } from "./places/node.ts";
