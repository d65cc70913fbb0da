import { isRecord, shown } from "../arguments.ts";
import { ArgumentError } from "../errors.ts";
import type { Place, Source } from "./place.ts";
import { blob, bytes } from "./places/bytes.ts";
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

function atUrl(text: string): Source {
  if (text.startsWith("file:")) return file(pathOf(text));
  const isUrl = /^(?:https?|blob|data):/i.test(text);
  const { document, process } = globalThis as { document?: object; process?: NodeJS.Process };
  const isNode = document === undefined && process?.getBuiltinModule !== undefined;
  return isUrl || !isNode ? http(text) : file(text);
}

function pathOf(url: string): string {
  const { fileURLToPath } = globalThis.process?.getBuiltinModule?.("node:url") ?? {};
  return fileURLToPath?.(url) ?? url;
}
