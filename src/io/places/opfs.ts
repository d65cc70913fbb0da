/**
 * Files of a browser's own storage: OPFS, and IndexedDB where there is none. A write of OPFS takes its place when it is
 * closed, as a whole; what has been written before is gone with a page that dies.
 */
import { check, rule } from "../../arguments.ts";
import { FileError } from "../../errors.ts";
import type { ByteRange, Folder, Pieces, Place, ReadOptions, WriteOptions } from "../place.ts";
import { done, readBlob } from "./contents.ts";
import {
  asFileError,
  checkName,
  checkPiece,
  checkRead,
  checkSignal,
  checkWrite,
  missing,
} from "./faults.ts";

/**
 * The files of a folder of the origin private file system, which is made when the first is written; of all of it where
 * nothing is said. What lies there stays until it is removed, or the browser needs room: see `persist`.
 * @throws ArgumentError for a name with a slash in it; FileError where the browser has none, as in Node
 */
export function opfs(folder?: string): Folder {
  const self: Folder = directory(`OPFS ${folder ?? "/"}`, async (create) => {
    const root = await storageOf().getDirectory();
    return folder === undefined ? root : root.getDirectoryHandle(folder, { create });
  });
  if (folder !== undefined) checkName(self, folder);
  storageOf();
  return self;
}

function storageOf(): StorageManager {
  const { navigator } = globalThis as { navigator?: { storage?: StorageManager } };
  if (navigator?.storage?.getDirectory !== undefined) return navigator.storage;
  throw new FileError(
    "opfs: the browser must have the origin private file system, and the page be secure (https, or localhost); got one without. Take indexedDb(), or file(path) in Node.",
    "failed",
  );
}

/**
 * A folder that someone has chosen: window.showDirectoryPicker().
 * @throws FileError "forbidden", where it is read or written, if permission is missing; ArgumentError for a name that is none, and what
 *   is no handle
 */
export function directoryHandle(handle: FileSystemDirectoryHandle): Folder {
  check("directoryHandle", "the handle", handle, aDirectory, "Await window.showDirectoryPicker().");
  return directory(`folder ${handle.name}`, async () => handle);
}

/**
 * A file that someone has chosen: window.showOpenFilePicker(), or showSaveFilePicker() to write it.
 * @throws FileError "forbidden", where it is read or written, if permission is missing; ArgumentError for what is no handle
 */
export function fileHandle(handle: FileSystemFileHandle): Place {
  check("fileHandle", "the handle", handle, aFile, "Await one of window.showOpenFilePicker().");
  return new HandlePlace(`file ${handle.name}`, async () => handle);
}

const has = (method: string) => (value: unknown) => typeof Object(value)[method] === "function";
const aDirectory = rule("a FileSystemDirectoryHandle", has("getFileHandle"));
const aFile = rule("a FileSystemFileHandle", has("getFile"));

type Open<Handle> = (create: boolean) => Promise<Handle>;

function directory(description: string, open: Open<FileSystemDirectoryHandle>): Folder {
  const self: Folder = {
    description,
    async names() {
      try {
        const names: string[] = [];
        // Chrome writes beside the file: name.crswap.
        for await (const [name, { kind }] of (await open(false)).entries())
          if (kind === "file" && !name.startsWith(".") && !name.endsWith(".crswap"))
            names.push(name);
        return names.sort();
      } catch (cause) {
        if (Object(cause).name === "NotFoundError") return [];
        throw asFileError(self, "read", cause);
      }
    },
    place(name) {
      checkName(self, name);
      return new HandlePlace(
        `${description}/${name}`,
        async (create) => (await open(create)).getFileHandle(name, { create }),
        async () => (await open(false)).removeEntry(name),
      );
    },
  };
  return self;
}

class HandlePlace implements Place {
  readonly description: string;
  readonly #open: Open<FileSystemFileHandle>;
  readonly #remove: (() => Promise<void>) | undefined;

  constructor(description: string, open: Open<FileSystemFileHandle>, remove?: () => Promise<void>) {
    this.description = description;
    this.#open = open;
    this.#remove = remove;
  }

  async size(): Promise<number | undefined> {
    return (await this.#file())?.size;
  }

  async read(range?: ByteRange, options: ReadOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    checkRead(this, options);
    const file = await this.#file();
    if (file === undefined) throw missing(this);
    return readBlob(this, file, range, options);
  }

  async write(pieces: Pieces, options: WriteOptions = {}): Promise<void> {
    checkWrite(this, pieces, options);
    const isNew = (await this.#file()) === undefined;
    const handle = await done(this, "written", this.#open(true));
    try {
      await this.#fill(handle, pieces, options);
    } catch (cause) {
      // Making the handle has made a file of nothing.
      if (isNew) await this.#remove?.().catch(() => undefined);
      throw cause;
    }
  }

  async #fill(handle: FileSystemFileHandle, pieces: Pieces, options: WriteOptions): Promise<void> {
    const writable = await done(this, "written", handle.createWritable());
    try {
      for await (const piece of pieces) {
        checkPiece(this, piece);
        checkSignal(this, options);
        // A copy: memory that is shared with workers cannot be written.
        await done(this, "written", writable.write(Uint8Array.from(piece)));
      }
      checkSignal(this, options);
    } catch (cause) {
      await writable.abort().catch(() => undefined);
      throw cause;
    }
    await done(this, "written", writable.close());
  }

  async remove(): Promise<void> {
    const handle =
      this.#remove === undefined ? await done(this, "removed", this.#open(false)) : undefined;
    // Chrome's handles can be removed themselves.
    const removable = handle as
      | (FileSystemFileHandle & { remove?: () => Promise<void> })
      | undefined;
    try {
      await (this.#remove?.() ?? removable?.remove?.());
    } catch (cause) {
      if (Object(cause).name !== "NotFoundError") throw asFileError(this, "removed", cause);
    }
  }

  async #file(): Promise<File | undefined> {
    try {
      return await (await this.#open(false)).getFile();
    } catch (cause) {
      if (Object(cause).name === "NotFoundError") return undefined;
      throw asFileError(this, "read", cause);
    }
  }
}
