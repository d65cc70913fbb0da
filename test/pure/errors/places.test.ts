/** What places and sources say of what they are handed: given, expected, what to do. */
import { afterEach, vi } from "vitest";
import * as io from "../../../src/io/index.ts";
import { type ErrorRow, holdTexts } from "../../support/error-rows.ts";

afterEach(() => vi.unstubAllGlobals());

const asAny = (given: unknown) => given as never;
const place = () => io.memory().place("a");

const rows: readonly ErrorRow[] = [
  [
    "memory a: the pieces must be a list or an iterable of Uint8Arrays; got 3. Write [bytes], or a generator of them.",
    () => place().write(asAny(3)),
  ],
  [
    "memory a: every piece must be a Uint8Array; got 7. View an ArrayBuffer, new Uint8Array(buffer), and give an array that is all as [array].",
    () => place().write(asAny(Uint8Array.of(7))),
  ],
  [
    "memory a: options must be a record of signal, onProgress; got 3. Write { signal: controller.signal }.",
    () => place().write([], asAny(3)),
  ],
  [
    "memory a: signal must be an AbortSignal; got an AbortController. Take controller.signal of an AbortController.",
    () => place().read(undefined, asAny({ signal: new AbortController() })),
  ],
  [
    "memory a: onProgress must be a function; got true. It is (bytes, total) => void.",
    () => place().read(undefined, asAny({ onProgress: true })),
  ],
  [
    "URL https://example.org/a: options must be a record of signal, onProgress; got null. Write { signal: controller.signal }.",
    () => io.http("https://example.org/a").size(asAny(null)),
  ],
  [
    "bytes: the content must be a Uint8Array; got 3. View an ArrayBuffer: new Uint8Array(buffer).",
    () => io.bytes(asAny(3)),
  ],
  [
    'bytes: the description must be a text; got 3. It stands in messages: "my-model.pt".',
    () => io.bytes(new Uint8Array(1), asAny(3)),
  ],
  [
    "blob: the content must be a Blob; got 3. It is a Blob or a File; of bytes: bytes(content).",
    () => io.blob(asAny(3)),
  ],
  [
    "directoryHandle: the handle must be a FileSystemDirectoryHandle; got 3. Await window.showDirectoryPicker().",
    () => io.directoryHandle(asAny(3)),
  ],
  [
    "fileHandle: the handle must be a FileSystemFileHandle; got […]. Await one of window.showOpenFilePicker().",
    () => io.fileHandle(asAny([{}])),
  ],
  [
    "download: the pieces must be a list or an iterable of Uint8Arrays; got 3. Write [bytes], or a generator of them.",
    () => io.download("a.pt", asAny(3)),
  ],
  [
    "bytes: a range must be { start, end }, whole numbers from 0 and start the smaller; got 2 to 1. Leave it out to read everything.",
    () => io.bytes(new Uint8Array(2)).read({ start: 2, end: 1 }),
  ],
  [
    "bytes: a range must be { start, end }, whole numbers from 0 and start the smaller; got 3. Leave it out to read everything.",
    () => io.bytes(new Uint8Array(2)).read(asAny(3)),
  ],
  [
    'http: the URL must be a whole one where there is no page; got "/a.pt". Begin it with https://, or take file(path).',
    () => io.http("/a.pt"),
  ],
  [
    `file: the URL must be that of a file of this machine; got file:///a%2Fb: File URL path must not include encoded / characters. Write file:///tmp/mine.safetensors, or the path.`,
    () => io.file("file:///a%2Fb"),
  ],
];

/** Of a page there are no files of a machine; of Node, none of a page. */
const hosts: readonly ErrorRow[] = [
  [
    "folder: paths must be those of Node, Deno or Bun; got a host without their files. On a page take opfs, indexedDb, http or a File.",
    () => {
      vi.stubGlobal("process", undefined);
      return io.folder("/tmp");
    },
  ],
  [
    "opfs: the browser must have the origin private file system, and the page be secure (https, or localhost); got one without. Take indexedDb(), or file(path) in Node.",
    () => io.opfs(),
  ],
  [
    "persist: the host must have the storage of a secure page (https, or localhost); got one without. In Node take file(path): there is no quota.",
    () => io.persist(),
  ],
  [
    "persist: there must be room for 90 bytes; got 80 of a quota of 100. Remove what is no longer needed, or save to a file of the user's: download(name, pieces).",
    () => {
      const estimate = async () => ({ usage: 20, quota: 100 });
      vi.stubGlobal("navigator", { storage: { estimate } });
      return io.persist({ bytes: 90 });
    },
  ],
  [
    "pick: there must be a page, with someone before it; got a host without. In Node take file(path).",
    () => io.pick(),
  ],
  [
    "download: there must be a page, with someone before it; got a host without. In Node take file(path).",
    () => io.download("a.pt", [Uint8Array.of(1)]),
  ],
];

holdTexts([...rows, ...hosts]);
