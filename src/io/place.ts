/** What all places have in common: one file, or files by name, wherever they lie. */

/** Bytes `start` … `end` − 1. */
export interface ByteRange {
  /** The first byte. */
  readonly start: number;
  /** The byte behind the last. */
  readonly end: number;
}

/** What reading can be told. */
export interface ReadOptions {
  /** Ends the reading, which rejects with a FileError. */
  readonly signal?: AbortSignal | undefined;
  /** Is told now and then how many bytes are there, and of how many; undefined where nobody knows. */
  readonly onProgress?: ((bytes: number, total: number | undefined) => void) | undefined;
}

/** What writing can be told. */
export interface WriteOptions {
  /** Ends the writing, which rejects with a FileError; what was there before is there still. */
  readonly signal?: AbortSignal | undefined;
}

/** Bytes as they are made: the parts of a file in their order. */
export type Pieces = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** One file that can be read, wherever it lies: on a disk, in a browser's storage, behind a URL, in memory. */
export interface Source {
  /** What errors call it: "file /tmp/a.safetensors", "OPFS models/a". */
  readonly description: string;
  /**
   * Bytes of the file; undefined where there is none.
   * @throws FileError where that cannot be said
   */
  size(options?: ReadOptions): Promise<number | undefined>;
  /**
   * The bytes of `range`, or all of them. They are the caller's own: nobody else reads or changes them.
   * @throws FileError where there is no such file, where it ends before the range does, or where it cannot be read;
   *   ArgumentError for what is no range, or no options
   */
  read(range?: ByteRange, options?: ReadOptions): Promise<Uint8Array<ArrayBuffer>>;
}

/** One file that can be written, too. */
export interface Place extends Source {
  /**
   * Replaces what is there by all of `pieces`, or leaves it as it was: nobody ever reads a part. Pieces are written
   * before the next one is asked for.
   * @throws FileError where it cannot be written; ArgumentError for what are no pieces of bytes, or no options; whatever
   *   `pieces` throws
   */
  write(pieces: Pieces, options?: WriteOptions): Promise<void>;
  /** Removes the file; nothing where there is none. @throws FileError */
  remove(): Promise<void>;
}

/** Files by name. */
export interface Folder {
  /** What errors call it. */
  readonly description: string;
  /** Of all files that are there as a whole, in alphabetical order; none where there is no such folder. @throws FileError */
  names(): Promise<string[]>;
  /**
   * The file of that name, which need not be there.
   * @throws ArgumentError for a name that is empty, begins with a dot or has a slash
   */
  place(name: string): Place;
}
