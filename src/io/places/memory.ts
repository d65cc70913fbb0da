import type { ByteRange, Folder, Pieces, Place, ReadOptions, WriteOptions } from "../place.ts";
import { allOf, readBytes } from "./contents.ts";
import { checkName, checkRead, checkWrite, missing } from "./faults.ts";

/**
 * Files in memory, gone with the page or process: for tests, and for what is sent on.
 * @throws ArgumentError for what are no files; FileError "missing" for a file that is not there
 */
export function memory(): Folder {
  const files = new Map<string, Uint8Array>();
  const self: Folder = {
    description: "memory",
    names: async () => [...files.keys()].sort(),
    place(name) {
      checkName(self, name);
      return new MemoryPlace(`memory ${name}`, files, name);
    },
  };
  return self;
}

class MemoryPlace implements Place {
  readonly description: string;
  readonly #files: Map<string, Uint8Array>;
  readonly #name: string;

  constructor(description: string, files: Map<string, Uint8Array>, name: string) {
    this.description = description;
    this.#files = files;
    this.#name = name;
  }

  async size(): Promise<number | undefined> {
    return this.#files.get(this.#name)?.length;
  }

  async read(range?: ByteRange, options: ReadOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    checkRead(this, options);
    const bytes = this.#files.get(this.#name);
    if (bytes === undefined) throw missing(this);
    return readBytes(this, bytes, range, options);
  }

  async write(pieces: Pieces, options: WriteOptions = {}): Promise<void> {
    checkWrite(this, pieces, options);
    this.#files.set(this.#name, await allOf(this, pieces, options));
  }

  async remove(): Promise<void> {
    this.#files.delete(this.#name);
  }
}
