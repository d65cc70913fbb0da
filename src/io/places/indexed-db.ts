/** Files in IndexedDB, where a browser has no OPFS. A file is one record: it is there as a whole or not at all. */
import { FileError } from "../../errors.ts";
import type { ByteRange, Folder, Pieces, Place, ReadOptions, WriteOptions } from "../place.ts";
import { allOf, readBlob } from "./contents.ts";
import { asFileError, checkName, checkRead, checkWrite, missing, type Verb } from "./faults.ts";

const STORE = "files";

/**
 * The files of a database, "gradgpu" where nothing is said. A file is in memory as a whole while it is written.
 * @throws FileError where there is no IndexedDB, as in Node
 */
export function indexedDb(database = "gradgpu"): Folder {
  const self: Folder = {
    description: `IndexedDB ${database}`,
    async names() {
      const keys = await within(self, "read", database, "readonly", (files) => files.getAllKeys());
      return keys.map(String).sort();
    },
    place(name) {
      checkName(self, name);
      return new RecordPlace(`IndexedDB ${database}/${name}`, database, name);
    },
  };
  checkName(self, database);
  if (typeof indexedDB !== "undefined") return self;
  throw new FileError(
    "indexedDb: the host must have IndexedDB; got one without. Take file(path) in Node.",
    "failed",
  );
}

class RecordPlace implements Place {
  readonly description: string;
  readonly #database: string;
  readonly #name: string;

  constructor(description: string, database: string, name: string) {
    this.description = description;
    this.#database = database;
    this.#name = name;
  }

  async size(): Promise<number | undefined> {
    return (await this.#content())?.size;
  }

  async read(range?: ByteRange, options: ReadOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    checkRead(this, options);
    const content = await this.#content();
    if (content === undefined) throw missing(this);
    return readBlob(this, content, range, options);
  }

  async write(pieces: Pieces, options: WriteOptions = {}): Promise<void> {
    checkWrite(this, pieces, options);
    const content = new Blob([await allOf(this, pieces, options)]);
    await this.#within("written", "readwrite", (files) => files.put(content, this.#name));
  }

  async remove(): Promise<void> {
    await this.#within("removed", "readwrite", (files) => files.delete(this.#name));
  }

  async #content(): Promise<Blob | undefined> {
    return this.#within<Blob | undefined>("read", "readonly", (files) => files.get(this.#name));
  }

  #within<T>(verb: Verb, mode: IDBTransactionMode, ask: (files: IDBObjectStore) => IDBRequest<T>) {
    return within(this, verb, this.#database, mode, ask);
  }
}

/** What `ask` asks of the files, when it is on the disk. */
async function within<T>(
  place: Pick<Place, "description">,
  verb: Verb,
  name: string,
  mode: IDBTransactionMode,
  ask: (files: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  let database: IDBDatabase | undefined;
  try {
    database = await opened(name);
    const transaction = database.transaction(STORE, mode, { durability: "strict" });
    const asked = ask(transaction.objectStore(STORE));
    await new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error ?? asked.error);
    });
    return asked.result;
  } catch (cause) {
    throw asFileError(place, verb, cause);
  } finally {
    database?.close();
  }
}

function opened(name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(name, 1);
    opening.onupgradeneeded = () => {
      opening.result.createObjectStore(STORE);
    };
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
}
