/**
 * Files of Node, Deno and Bun. A write goes to a temporary file beside the one that is meant, is brought to the disk
 * (fsync) and takes its name (rename), which is brought to the disk as well: a process that is killed, and a machine
 * that loses its power, leave either the old file or the new one.
 */
import type { Dirent, Stats } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import type { ByteRange, Folder, Pieces, Place, ReadOptions, WriteOptions } from "../place.ts";
import { done } from "./contents.ts";
import {
  asFileError,
  checkName,
  checkPiece,
  checkRead,
  checkSignal,
  checkWrite,
  fileError,
  rangeIn,
  tooShort,
} from "./faults.ts";
import { modules, pathOf } from "./node-host.ts";

/** Read at once; progress is told and the signal asked after each. */
const BLOCK = 4 * 2 ** 20;

/**
 * A file of this machine, by its path or file: URL. Writing makes the folders above it.
 * @throws ArgumentError for what is no path; FileError on a page
 */
export function file(path: string | URL): Place {
  return new NodePlace(pathOf("file", path));
}

/**
 * The files of a folder of this machine, by its path or file: URL. It is made when the first is written.
 * @throws ArgumentError for what is no path; FileError on a page
 */
export function folder(at: string | URL): Folder {
  const path = pathOf("folder", at);
  const { fs, join } = modules("folder");
  const isFile = async (entry: Dirent) =>
    entry.isFile() || (entry.isSymbolicLink() && (await isFileAt(join(path, entry.name))));
  const isFileAt = (of: string) =>
    fs
      .stat(of)
      .then((own) => own.isFile())
      .catch(() => false);
  const self: Folder = {
    description: `folder ${path}`,
    async names() {
      try {
        const entries = await fs.readdir(path, { withFileTypes: true });
        const names: string[] = [];
        for (const entry of entries)
          if (!entry.name.startsWith(".") && (await isFile(entry))) names.push(entry.name);
        return names.sort();
      } catch (cause) {
        if (Object(cause).code === "ENOENT") return [];
        throw asFileError(self, "read", cause);
      }
    },
    place(name) {
      checkName(self, name);
      return new NodePlace(join(path, name));
    },
  };
  return self;
}

class NodePlace implements Place {
  readonly description: string;
  readonly #path: string;
  readonly #node = modules("file");

  constructor(path: string) {
    this.description = `file ${path}`;
    this.#path = path;
  }

  async size(): Promise<number | undefined> {
    try {
      const stats = await this.#node.fs.stat(this.#path);
      this.#checkFile(stats, "read");
      return stats.size;
    } catch (cause) {
      if (Object(cause).code === "ENOENT") return undefined;
      throw asFileError(this, "read", cause);
    }
  }

  async read(range?: ByteRange, options: ReadOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    checkRead(this, options);
    const handle = await done(this, "read", this.#node.fs.open(this.#path, "r"));
    try {
      const stats = await done(this, "read", handle.stat());
      this.#checkFile(stats, "read");
      const { size } = stats;
      const { start, end } = rangeIn(this, range, size);
      const bytes = new Uint8Array(end - start);
      for (let at = 0; at < bytes.length; ) {
        const length = Math.min(BLOCK, bytes.length - at);
        const { bytesRead } = await done(this, "read", handle.read(bytes, at, length, start + at));
        if (bytesRead === 0) throw tooShort(this, end, start + at);
        at += bytesRead;
        options.onProgress?.(at, bytes.length);
        checkSignal(this, options);
      }
      return bytes;
    } finally {
      await handle.close();
    }
  }

  async write(pieces: Pieces, options: WriteOptions = {}): Promise<void> {
    checkWrite(this, pieces, options);
    const { fs, dirname, basename, join, platform } = this.#node;
    const path = await this.#target();
    const old = await fs.stat(path).catch(() => undefined);
    this.#checkFile(old, "written");
    const above = dirname(path);
    await done(this, "written", this.#makeFolder(above));
    await done(this, "written", this.#sweep(above));
    // A name may have as many bytes as the longest that there is.
    const temporary = join(
      above,
      `.${[...basename(path)].slice(0, 20).join("")}.${temporaryMark()}`,
    );
    try {
      await this.#fill(temporary, pieces, { ...options, mode: old?.mode });
      await done(this, "written", fs.rename(temporary, path));
    } catch (cause) {
      await fs.rm(temporary, { force: true }).catch(() => undefined);
      throw cause;
    }
    // Windows opens no folders; its renames are in the journal.
    if (platform !== "win32") await done(this, "written", fs.open(above, "r").then(synced));
  }

  /** What a link stands for, also where there is nothing yet: the link stays. */
  async #target(): Promise<string> {
    const { fs, dirname, resolve } = this.#node;
    const path = this.#path;
    const linked = async () => resolve(dirname(path), await fs.readlink(path));
    return fs
      .realpath(path)
      .catch(linked)
      .catch(() => path);
  }

  /** With those above it. Node's own way never ends in a file system that makes no folders, as /proc. */
  async #makeFolder(path: string): Promise<void> {
    const { fs, dirname } = this.#node;
    const stats = await fs.stat(path).catch(() => undefined);
    if (stats?.isDirectory()) return;
    if (dirname(path) !== path) await this.#makeFolder(dirname(path));
    await fs.mkdir(path).catch(async (cause) => {
      // Another one may have made it meanwhile.
      if (!(await fs.stat(path).catch(() => undefined))?.isDirectory()) throw cause;
    });
  }

  /** @throws FileError for a folder, and for a device, whose place a file would take */
  #checkFile(stats: Stats | undefined, verb: "read" | "written"): void {
    if (stats === undefined || stats.isFile()) return;
    const got = stats.isDirectory() ? "a folder" : "a device, pipe or socket";
    throw fileError(this, "failed", `it must be a file to be ${verb}`, got, {
      remedy: "Give the path of a file.",
    });
  }

  async remove(): Promise<void> {
    await done(this, "removed", this.#node.fs.rm(this.#path, { force: true }));
  }

  /** A new file of all of `pieces`, on the disk when the promise settles; nobody reads it who may not read the old one. */
  async #fill(
    path: string,
    pieces: Pieces,
    { mode, ...options }: WriteOptions & { readonly mode: number | undefined },
  ): Promise<void> {
    const permissions = mode === undefined ? 0o666 : mode & 0o777;
    const handle = await done(this, "written", this.#node.fs.open(path, "wx", permissions));
    // What the process takes from new files by itself; some file systems know of no permissions.
    if (mode !== undefined) await handle.chmod(permissions).catch(() => undefined);
    try {
      for await (const piece of pieces) {
        checkPiece(this, piece);
        checkSignal(this, options);
        await done(this, "written", writeAll(handle, piece));
      }
      checkSignal(this, options);
      await done(this, "written", handle.sync());
    } finally {
      await handle.close();
    }
  }

  /** Removes what killed processes have left of their writing: a process that is no more, and nothing new for a minute. */
  async #sweep(above: string): Promise<void> {
    const { fs, join } = this.#node;
    if (swept.has(above)) return;
    swept.add(above);
    for (const name of await fs.readdir(above)) {
      const pid = Number(TEMPORARY.exec(name)?.[1]);
      if (Number.isNaN(pid) || isRunning(pid)) continue;
      const path = join(above, name);
      const { mtimeMs } = await fs.stat(path).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
      if (Date.now() - mtimeMs > 60_000) await fs.rm(path, { force: true });
    }
  }
}

/** Folders that this process has looked through for what others left. */
const swept = new Set<string>();

const TEMPORARY = /^\..+\.(\d+)-[0-9a-z]+\.gradgpu$/;

let writes = 0;
function temporaryMark(): string {
  return `${globalThis.process.pid}-${(writes++).toString(36)}${Date.now().toString(36)}.gradgpu`;
}

function isRunning(pid: number): boolean {
  try {
    globalThis.process.kill(pid, 0);
    return true;
  } catch (cause) {
    return Object(cause).code !== "ESRCH";
  }
}

async function synced(handle: FileHandle): Promise<void> {
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, at, bytes.length - at);
    at += bytesWritten;
  }
}
