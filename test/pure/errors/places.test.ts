/** What places and sources say of what they are handed: given, expected, what to do. */
import * as io from "../../../src/io/index.ts";
import { type ErrorRow, holdTexts } from "../../support/error-rows.ts";

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
    "memory a: signal must be an AbortSignal; got a AbortController. Take controller.signal of an AbortController.",
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
];

holdTexts(rows);
