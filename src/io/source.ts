import { isRecord, shown } from "../arguments.ts";
import { ArgumentError } from "../errors.ts";
import { refusing } from "./format.ts";
import type { ByteRange, Place, ReadOptions, Source } from "./place.ts";
import { blob, bytes } from "./places/bytes.ts";
import { missing } from "./places/faults.ts";
import { http } from "./places/http.ts";
import { file } from "./places/node.ts";

/**
 * Where something is read from: a place, bytes, a Blob or File, a URL, or a text, which is a URL on a page and a path
 * in Node, unless it begins like a URL.
 */
export type From = Source | Uint8Array | ArrayBuffer | Blob | URL | string;

/** @throws ArgumentError for what nothing can be read from */
export function sourceOf(caller: string, from: From): Source {
  if (typeof from === "string" || from instanceof URL) return atUrl(String(from));
  if (from instanceof Uint8Array) return bytes(from);
  if (from instanceof ArrayBuffer) return bytes(new Uint8Array(from));
  if (typeof Blob !== "undefined" && from instanceof Blob) return blob(from);
  if (isSource(from)) return from;
  throw new ArgumentError(
    `${caller}: it must be read from a place, bytes, a Blob or File, a URL or a path; got ${shown(from)}. Take file(path), http(url), opfs().place(name), or new Uint8Array(buffer).`,
  );
}

/** @throws ArgumentError for what nothing can be written to */
export function checkPlace(caller: string, to: unknown): asserts to is Place {
  if (isSource(to) && "write" in to && typeof to.write === "function") return;
  throw new ArgumentError(
    `${caller}: it must be written to a place; got ${shown(to)}. Take file(path), opfs().place(name), or memory().place(name).`,
  );
}

function isSource(value: unknown): value is Source {
  const { read, size } = Object(value) as Partial<Source>;
  return typeof read === "function" && typeof size === "function" && !isRecord(read);
}

/** What a file of tensors is opened by: its size, how it is refused, and `opened`, which tells of all that comes at once. */
export async function fileOf(caller: string, from: From, { signal, onProgress }: ReadOptions) {
  const source = sourceOf(caller, from);
  const opened = opening(source, onProgress);
  const size = await opened.size({ signal });
  if (size === undefined) throw missing(source);
  return { source, opened, size, refuse: refusing(source) };
}

/**
 * `source` while a file is opened, of which parts are read: `onProgress` is told where all of it comes instead, from a
 * server that knows of no parts. What is there then is not told of again.
 */
function opening(source: Source, onProgress: ReadOptions["onProgress"]): Source {
  if (onProgress === undefined) return source;
  const { description } = source;
  const beyond =
    ({ start, end }: ByteRange): ReadOptions["onProgress"] =>
    (bytes, total) => {
      if (total === undefined || total > end - start) onProgress(bytes, total);
    };
  return {
    description,
    size: (options) => source.size({ ...options, onProgress }),
    read: (range, options) =>
      source.read(range, { onProgress: range && beyond(range), ...options }),
  };
}

function atUrl(text: string): Source {
  if (/^file:/i.test(text)) return file(text);
  const { document, process } = globalThis as { document?: object; process?: NodeJS.Process };
  const isNode = document === undefined && process?.getBuiltinModule !== undefined;
  return isRemote(text) || !isNode ? http(text) : file(text);
}

/** Whether a text is a URL of something that can only be read. */
export function isRemote(text: string): boolean {
  return /^(?:https?|blob|data):/i.test(text);
}
