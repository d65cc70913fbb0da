import type { ByteRange, ReadOptions, Source } from "../place.ts";
import { asFileError, checkRange, checkSignal } from "./faults.ts";

/**
 * Bytes that are there already, as a file that can be read. `description` is what errors call it.
 * @throws ArgumentError for what are no bytes; FileError where it is written
 */
export function bytes(content: Uint8Array, description = "bytes"): Source {
  const self: Source = {
    description,
    size: async () => content.length,
    async read(range?: ByteRange, options: ReadOptions = {}) {
      checkSignal(self, options);
      const { start, end } = range ?? { start: 0, end: content.length };
      checkRange(self, { start, end }, content.length);
      options.onProgress?.(end - start, end - start);
      return Uint8Array.from(content.subarray(start, end));
    },
  };
  return self;
}

/**
 * A Blob, or a File that someone has chosen: read where it lies, part by part.
 * @throws ArgumentError for what is no Blob; where it is read, FileError where the browser does not give it
 */
export function blob(content: Blob, description = nameOf(content)): Source {
  const self: Source = {
    description,
    size: async () => content.size,
    async read(range?: ByteRange, options: ReadOptions = {}) {
      checkSignal(self, options);
      const { start, end } = range ?? { start: 0, end: content.size };
      checkRange(self, { start, end }, content.size);
      try {
        const read = new Uint8Array(await content.slice(start, end).arrayBuffer());
        options.onProgress?.(read.length, read.length);
        return read;
      } catch (cause) {
        throw asFileError(self, "read", cause);
      }
    },
  };
  return self;
}

function nameOf(content: Blob): string {
  return "name" in content && typeof content.name === "string" ? `file ${content.name}` : "blob";
}
