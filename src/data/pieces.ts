/** Sequences that arrive in chunks of any kind and size, as pieces of inputs and targets. */
import { isRecord, shown } from "../arguments.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import { type DType, type HostArray, type Shape, sizeOf } from "../functions.ts";
import type { Values } from "./dataset.ts";
import { ChunkedText, type Vocabulary } from "./vocabulary.ts";

/** Steps of a sequence with a target for each: x [n, …], y [n, …]. */
export interface Frames {
  /** Inputs of the steps, [T, …]. */
  readonly x: Values;
  /** Targets of the steps, [T, …]. */
  readonly y: Values;
}

/**
 * A part of a sequence: ids, bytes (ids from 0 to 255) or text, whose targets are what follows; or frames, which bring
 * their own.
 */
export type Chunk = Int32Array | Uint8Array | string | Frames;

/** One chunk, or chunks one after the other as they are read. */
export type Sequence = Chunk | Iterable<Chunk> | AsyncIterable<Chunk>;

/** What one step looks like. */
export interface StepForm {
  readonly dtype: DType;
  readonly shape: Shape;
}

/** Consecutive steps, inputs and targets element by element. */
export interface Piece {
  readonly x: HostArray;
  readonly y: HostArray;
  readonly steps: number;
  readonly form: { readonly x: StepForm; readonly y: StepForm };
}

const ID: StepForm = { dtype: "i32", shape: [] };

/**
 * The sequence in pieces; reads a chunk when a piece is asked for. Every id but the first is a target exactly once.
 * @throws ArgumentError at a chunk that is none, ShapeError at frames whose x and y differ in steps
 */
export async function* piecesOf(
  sequence: Sequence,
  vocabulary: Vocabulary | undefined,
): AsyncGenerator<Piece, void, void> {
  let last = new Int32Array(0);
  const text = vocabulary && new ChunkedText(vocabulary);
  for await (const chunk of chunksOf(sequence)) {
    if (isFrames(chunk)) {
      yield framesPiece(chunk);
      continue;
    }
    const joined = joinedIds(last, typeof chunk === "string" ? textIds(chunk, text) : chunk);
    if (joined.length > 1) yield idsPiece(joined);
    last = joined.slice(-1);
  }
  const joined = joinedIds(last, text?.end() ?? []);
  if (joined.length > 1) yield idsPiece(joined);
}

function joinedIds(last: Int32Array, ids: ArrayLike<number>): Int32Array {
  const joined = new Int32Array(last.length + ids.length);
  joined.set(last);
  joined.set(ids, last.length);
  return joined;
}

async function* chunksOf(sequence: Sequence): AsyncGenerator<Chunk, void, void> {
  if (isChunk(sequence)) yield sequence;
  else if (isIterable(sequence)) {
    const iterator = iteratorOf("a sequence", sequence);
    for await (const promised of {
      [Symbol.asyncIterator]: () => iterator as AsyncIterator<Chunk>,
    }) {
      const chunk = await promised;
      if (!isChunk(chunk)) throw refused("a chunk", chunk);
      yield chunk;
    }
  } else throw refused("a sequence", sequence);
}

function textIds(chunk: string, text: ChunkedText | undefined): Int32Array {
  if (text !== undefined) return text.take(chunk);
  throw new ArgumentError(
    `streamWindows: text needs a vocabulary that turns it into ids; got ${JSON.stringify(chunk.slice(0, 20))} and none. Pass { vocabulary }.`,
  );
}

function idsPiece(ids: Int32Array): Piece {
  return {
    x: ids.subarray(0, -1),
    y: ids.subarray(1),
    steps: ids.length - 1,
    form: { x: ID, y: ID },
  };
}

function framesPiece({ x, y }: Frames): Piece {
  const [steps = 0] = x.shape;
  const fits = [x, y].every(
    ({ shape, data }) => shape.length > 0 && shape[0] === steps && data.length === sizeOf(shape),
  );
  if (!fits) {
    throw new ShapeError(
      `streamWindows: x and y of frames must have as many steps, [n, …], and fill their shapes; got x [${x.shape.join(", ")}] with ${x.data.length} values, y [${y.shape.join(", ")}] with ${y.data.length}. Give every frame of x its target in y.`,
    );
  }
  const formOf = ({ dtype, shape }: Values): StepForm => ({ dtype, shape: shape.slice(1) });
  return { x: x.data, y: y.data, steps, form: { x: formOf(x), y: formOf(y) } };
}

function isChunk(value: unknown): value is Chunk {
  return (
    typeof value === "string" ||
    value instanceof Int32Array ||
    value instanceof Uint8Array ||
    isFrames(value)
  );
}

function isFrames(value: unknown): value is Frames {
  if (typeof value !== "object" || value === null || !("x" in value && "y" in value)) return false;
  const isValues = (part: unknown) =>
    isRecord(part) && ArrayBuffer.isView(part.data) && Array.isArray(part.shape);
  return isValues(value.x) && isValues(value.y);
}

/** Whether something can be read item by item: a text or an array of numbers is an item itself. */
export function isIterable(value: unknown): value is Iterable<unknown> | AsyncIterable<unknown> {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return false;
  const methods = value as Partial<Record<symbol, unknown>>;
  return [Symbol.iterator, Symbol.asyncIterator].some((one) => typeof methods[one] === "function");
}

/** The iterator of something iterable. @throws ArgumentError where that is none */
export function iteratorOf<T>(
  what: string,
  items: Iterable<T> | AsyncIterable<T>,
): Iterator<T> | AsyncIterator<T> {
  const iterator =
    Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  if (typeof iterator?.next === "function") return iterator;
  throw refused(what, items);
}

export function refused(what: string, got: unknown): ArgumentError {
  return new ArgumentError(
    `streamWindows: ${what} must be ${FORMS[what]}; got ${shown(got)}. There is one iterable of sequences for each row of the batch.`,
  );
}

const FORMS: Readonly<Record<string, string>> = {
  "a chunk": "an Int32Array of ids, a Uint8Array, a text, or frames { x, y }",
  "a sequence": "a chunk, or an iterable of chunks",
  "a row": "an iterable of sequences",
};
