/**
 * Files of Node, Deno and Bun. A write goes to a temporary file beside the one that is meant, is brought to the disk
 * (fsync) and takes its name (rename), which is brought to the disk as well: a process that is killed, and a machine
 * that loses its power, leave either the old file or the new one.
 *
 * Node's modules come from `process.getBuiltinModule`, so that a bundler for pages finds nothing to include.
 */
import type { FileHandle } from "node:fs/promises";
import { check, rule } from "../../arguments.ts";
import { FileError } from "../../errors.ts";
import type { ByteRange, Folder, Pieces, Place, ReadOptions, WriteOptions } from "../place.ts";
import { asFileError, checkName, checkPiece, checkRange, checkSignal, tooShort } from "./faults.ts";

/** Read at once; progress is told and the signal asked after each. */
const BLOCK = 4 * 2 ** 20;

/**
 * A file of this machine. Writing makes the folders above it.
 * @throws ArgumentError for what is no path; FileError on a page
 */
export function file(path: string): Place {
  checkPath("file", path);
  return new NodePlace(path);
}

/**
 * The files of a folder of this machine, which is made when the first is written.
 * @throws ArgumentError for what is no path; FileError on a page
 */
export function folder(path: string): Folder {
  checkPath("folder", path);
  const { fs, join } = modules("folder");
  const self: Folder = {
    description: `folder ${path}`,
    async names() {
      try {
        const entries = await fs.readdir(path, { withFileTypes: true });
        const files = entries.filter((entry) => entry.isFile() && !entry.name.startsWith("."));
        return files.map(({ name }) => name).sort();
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
      return (await this.#node.fs.stat(this.#path)).size;
    } catch (cause) {
      if (Object(cause).code === "ENOENT") return undefined;
      throw asFileError(this, "read", cause);
    }
  }

  async read(range?: ByteRange, options: ReadOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    checkSignal(this, options);
    const handle = await this.#done("read", this.#node.fs.open(this.#path, "r"));
    try {
      const { size } = await this.#done("read", handle.stat());
      const { start, end } = range ?? { start: 0, end: size };
      checkRange(this, { start, end }, size);
      const bytes = new Uint8Array(end - start);
      for (let at = 0; at < bytes.length; ) {
        const length = Math.min(BLOCK, bytes.length - at);
        const { bytesRead } = await this.#done("read", handle.read(bytes, at, length, start + at));
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
    checkSignal(this, options);
    const { fs, dirname, basename, join, platform } = this.#node;
    // Through a link to what it stands for: the link stays.
    const path = await fs.realpath(this.#path).catch(() => this.#path);
    const above = dirname(path);
    await this.#done("written", fs.mkdir(above, { recursive: true }));
    await this.#done("written", this.#sweep(above));
    const temporary = join(above, `.${basename(path)}.${temporaryMark()}`);
    try {
      await this.#fill(temporary, pieces, options);
      await this.#done("written", fs.rename(temporary, path));
    } catch (cause) {
      await fs.rm(temporary, { force: true }).catch(() => undefined);
      throw cause;
    }
    // Windows opens no folders; its renames are in the journal.
    if (platform !== "win32") await this.#done("written", synced(await fs.open(above, "r")));
  }

  async remove(): Promise<void> {
    await this.#done("removed", this.#node.fs.rm(this.#path, { force: true }));
  }

  /** A new file of all of `pieces`, on the disk when the promise settles. */
  async #fill(path: string, pieces: Pieces, options: WriteOptions): Promise<void> {
    const handle = await this.#done("written", this.#node.fs.open(path, "wx"));
    try {
      for await (const piece of pieces) {
        checkPiece(this, piece);
        checkSignal(this, options);
        await this.#done("written", writeAll(handle, piece));
      }
      checkSignal(this, options);
      await this.#done("written", handle.sync());
    } finally {
      await handle.close();
    }
  }

  /** What the system says, as a FileError; what callers' own code throws stays what it is. */
  async #done<T>(verb: "read" | "written" | "removed", doing: Promise<T>): Promise<T> {
    try {
      return await doing;
    } catch (cause) {
      throw asFileError(this, verb, cause);
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

function checkPath(caller: string, path: string): void {
  check(caller, "the path", path, aPath, "Give it as text: ./models/mine.safetensors.");
}
const aPath = rule(
  "a text",
  (value) => typeof value === "string" && value !== "" && !value.includes("\0"),
);

function modules(caller: string) {
  const host = (globalThis as { process?: NodeJS.Process }).process;
  const fs = host?.getBuiltinModule?.("node:fs/promises");
  const path = host?.getBuiltinModule?.("node:path");
  if (host !== undefined && fs !== undefined && path !== undefined)
    return { fs, platform: host.platform, ...path };
  throw new FileError(
    `${caller}: paths must be those of Node, Deno or Bun; got a host without their files. On a page take opfs, indexedDb, http or a File.`,
    "failed",
  );
}
