/** A state as one file, and whether a file is one: safetensors with a version, a length and a checksum. */

import { concatenate } from "../../decompress.ts";
import { FormatError } from "../../errors.ts";
import { hosted, utf8 } from "../../host.ts";
import { crc32 } from "../../io/crc32.ts";
import { type FileTensor, openSafetensors, type Place, type Source } from "../../io/index.ts";
import { safetensorsPieces } from "../../io/safetensors/write.ts";
import type { TrainerState } from "../trainer-state.ts";
import { decode, type Encoded, encode, type StoredTensor } from "./format.ts";

const FORMAT = "gradgpu checkpoint";
const VERSION = 1;
/** Bytes that are summed up, or written, at once: a page goes on in between. */
const BLOCK = 2 ** 19;

/**
 * Replaces the file by one of `state`, or leaves it as it is.
 * @throws FileError where it cannot be written
 */
export async function writeCheckpoint(to: Place, state: TrainerState): Promise<void> {
  const encoded = encode(state);
  const metadata = {
    format: FORMAT,
    version: String(VERSION),
    length: String(lengthOf(encoded.tensors)),
    checksum: await checksumOf(encoded),
    state: encoded.text,
  };
  await to.write(joined(safetensorsPieces("save", encoded.tensors, { metadata })));
}

/** Small pieces in one, so that a disk is asked a few times. */
async function* joined(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  let [held, length]: [Uint8Array[], number] = [[], 0];
  for await (const piece of pieces) {
    held.push(piece);
    length += piece.length;
    if (length < BLOCK) continue;
    yield held.length === 1 ? piece : concatenate(held);
    [held, length] = [[], 0];
  }
  if (length > 0) yield concatenate(held);
}

/**
 * The state that a file holds.
 * @throws FormatError for a file that is none, of a later version, or damaged; FileError where it cannot be read
 */
export async function readCheckpoint(from: Source): Promise<TrainerState> {
  const refuse = (rule: string, got: string, remedy = "Take the checkpoint before it."): never => {
    const message = `${from.description}: ${rule}; got ${got} at byte ${HEADER}. ${remedy}`;
    throw new FormatError(message, HEADER);
  };
  const file = await openSafetensors(from);
  const { format, version, length, checksum, state: text = "" } = file.metadata;
  if (format !== FORMAT)
    return refuse(
      "a checkpoint must be one that a Trainer wrote",
      `format ${quoted(format)}`,
      "Of a model, load it by loadModel, or its weights by loadStateDict.",
    );
  if (version !== String(VERSION))
    return refuse(
      `the version must be ${VERSION}`,
      `${quoted(version)}, which is another gradgpu's`,
    );
  const tensors: Record<string, FileTensor> = Object.create(null);
  for await (const [name, tensor] of file.read()) tensors[name] = tensor;
  const found = String(lengthOf(tensors));
  if (length !== found)
    return refuse(
      "its tensors must have the length that was written",
      `${found} bytes for ${quoted(length)}`,
    );
  const sum = await checksumOf({ tensors, text });
  if (checksum !== sum)
    return refuse(
      "what it holds must have the checksum that was written",
      `${sum} for ${quoted(checksum)}`,
    );
  try {
    return decode(tensors, text, (what) => refuse("a state must be whole", `none of ${what}`));
  } catch (error) {
    if (error instanceof SyntaxError) return refuse("its state must be JSON", error.message);
    throw error;
  }
}

/** Where the metadata of a safetensors file begin. */
const HEADER = 8;

const quoted = (text: string | undefined) => JSON.stringify(text?.slice(0, 40)) ?? "none";

function lengthOf(tensors: Encoded["tensors"]): number {
  return Object.values(tensors).reduce((sum, { data }) => sum + data.byteLength, 0);
}

/** CRC-32 of the text, and of every tensor in the order of their names: its name and shape, and its bytes. */
async function checksumOf({ tensors, text }: Encoded): Promise<string> {
  let crc = crc32(utf8(text));
  for (const name of Object.keys(tensors).sort()) {
    const { shape, data }: StoredTensor = tensors[name] ?? EMPTY;
    crc = crc32(utf8(`\n${name} ${shape.join(",")}\n`), crc);
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    for (let at = 0; at < bytes.length; at += BLOCK) {
      crc = crc32(bytes.subarray(at, at + BLOCK), crc);
      if (at + BLOCK < bytes.length) await othersTurn();
    }
  }
  return crc.toString(16).padStart(8, "0");
}

const EMPTY = { shape: [0], data: new Float32Array(0) };

/** Not by a timer: a page that is hidden has few of them. */
function othersTurn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new (hosted("MessageChannel"))();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
