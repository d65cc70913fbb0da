/**
 * Files: where they lie, and what is in them. docs/files.md has the formats.
 *
 *   file, folder, memory, bytes, blob, http   places
 *   readSafetensors, openSafetensors,
 *   writeSafetensors, safetensorsBytes        tensors by name
 *   toOnnx                                    a model for other runtimes
 */

export { type LoadedModel, type LoadModelOptions, loadModel, readModel } from "./model/load.ts";
export { type SaveModelOptions, saveModel } from "./model/save.ts";
export type { SavedVocabulary } from "./model/vocabulary.ts";
export type { StoredType } from "./numbers.ts";
export { toOnnx } from "./onnx/write.ts";
export type * from "./place.ts";
export { blob, bytes } from "./places/bytes.ts";
export { type HttpOptions, http } from "./places/http.ts";
export { indexedDb } from "./places/indexed-db.ts";
export { memory } from "./places/memory.ts";
export { file, folder } from "./places/node.ts";
export { directoryHandle, fileHandle, opfs } from "./places/opfs.ts";
export { persist, type RoomOptions, type StorageRoom } from "./places/room.ts";
export { download, type PickOptions, pick } from "./places/user-files.ts";
export type { SafetensorsEntry } from "./safetensors/header.ts";
export {
  openSafetensors,
  type ReadTensors,
  type ReadTensorsOptions,
  readSafetensors,
  SafetensorsFile,
} from "./safetensors/read.ts";
export {
  safetensorsBytes,
  type WriteTensorsOptions,
  writeSafetensors,
} from "./safetensors/write.ts";
export type { From } from "./source.ts";
export type { FileTensor, LazyTensor, TensorToWrite } from "./tensors.ts";
export type { TorchValue } from "./torch/flatten.ts";
export { type ReadTorch, type ReadTorchOptions, readTorch } from "./torch/read.ts";
