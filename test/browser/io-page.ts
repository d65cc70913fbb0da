/** Places of a browser, in a page: what every folder must do, and what goes wrong with storage. */

import { init } from "../../src/functions.ts";
import {
  directoryHandle,
  download,
  fileHandle,
  http,
  indexedDb,
  loadModel,
  opfs,
  persist,
  pick,
  readSafetensors,
  saveModel,
} from "../../src/io/index.ts";
import * as nn from "../../src/nn/index.ts";
import { checkFolder } from "../support/io/check-folder.ts";

const folders = {
  opfs: () => opfs("models"),
  root: () => opfs(),
  indexedDb: () => indexedDb("models"),
};
type Kind = keyof typeof folders;

export const check = (kind: Kind): Promise<string[]> => checkFolder(folders[kind]());

/** A folder and a file that someone has chosen are handles, as those of OPFS are. */
export async function checkHandles(): Promise<string[]> {
  const root = await navigator.storage.getDirectory();
  const handle = await root.getDirectoryHandle("chosen", { create: true });
  const failures = await checkFolder(directoryHandle(handle));
  const file = fileHandle(await handle.getFileHandle("a.bin", { create: true }));
  await file.write([Uint8Array.of(1, 2)]);
  if ((await file.read()).join() !== "1,2") failures.push("a file handle is written");
  await file.remove();
  if ((await file.size()) !== undefined) failures.push("a file handle is removed");
  return failures;
}

interface Outcome {
  readonly name: string;
  readonly fault: unknown;
  readonly message: string;
  /** Of the file as it is after that. */
  readonly bytes: number | undefined;
}

/** Writes a small file, then one of `bytes` in its place. */
export async function writeLarge(kind: Kind, bytes: number): Promise<Outcome> {
  const place = folders[kind]().place("kept");
  if ((await place.size()) === undefined) await place.write([Uint8Array.of(1, 2, 3)]);
  // Numbers that nothing compresses.
  const block = crypto.getRandomValues(new Uint8Array(65_536));
  const pieces = Array.from({ length: bytes / block.length }, () => block);
  return outcome(place.write(pieces), () => place.size());
}

async function outcome(doing: Promise<unknown>, size: () => Promise<number | undefined>) {
  const error = await doing.then(
    () => ({ name: "none", fault: "none", message: "" }),
    (thrown: Outcome) => thrown,
  );
  const { name, fault, message } = error;
  return { name, fault, message, bytes: await size() };
}

/** What a handle does whose permission was withdrawn. */
export async function writeForbidden(): Promise<Outcome> {
  const root = await navigator.storage.getDirectory();
  const handle = await root.getFileHandle("kept", { create: true });
  const place = fileHandle(handle);
  await place.write([Uint8Array.of(1, 2, 3)]);
  const withdrawn = Object.create(handle, {
    name: { value: handle.name },
    getFile: { value: () => handle.getFile() },
    createWritable: {
      value: () => Promise.reject(new DOMException("not allowed", "NotAllowedError")),
    },
  });
  return outcome(fileHandle(withdrawn).write([Uint8Array.of(9)]), () => place.size());
}

export async function room(bytes: number) {
  try {
    return { room: await persist({ bytes }), error: undefined };
  } catch (error) {
    return { room: undefined, error: (error as Error).message };
  }
}

/** A model that was saved in OPFS, by an earlier call of a page, or is saved now. */
export async function model(isThere: boolean): Promise<readonly number[]> {
  const { runtime } = await init({ device: "cpu" });
  const place = opfs("models").place("model.safetensors");
  if (!isThere) await saveModel(nn.sequential(nn.linear(2, 2, { seed: 3 }), nn.relu()), place);
  const loaded = await loadModel(place);
  const weights = await loaded.parameters()[0]?.data();
  await runtime.close();
  return [...(weights ?? [])];
}

/** A file of this server's, relative to the page. */
export async function fetched(url: string): Promise<readonly string[]> {
  return Object.keys((await readSafetensors(http(url))).tensors);
}

/** Of a file of another origin: its size, and what was told while it was read. */
export async function fetchedFrom(url: string) {
  const told: (readonly [number, number | undefined])[] = [];
  const size = await http(url).size();
  const onProgress = (bytes: number, total: number | undefined) => told.push([bytes, total]);
  const { tensors } = await readSafetensors(url, { onProgress });
  return { size, names: Object.keys(tensors), told };
}

/** Downloads a file and, for the next test, offers to pick one. */
export const save = (name: string) => download(name, [Uint8Array.of(1, 2), Uint8Array.of(3)]);

export async function pickOne(): Promise<readonly string[]> {
  const chosen = await pick({ accept: ".safetensors" });
  const tensors = await Promise.all(chosen.map((one) => readSafetensors(one)));
  return tensors.flatMap((own) => Object.keys(own.tensors));
}
