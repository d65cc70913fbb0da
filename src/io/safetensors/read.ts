import { callable, checkOptions, rule } from "../../arguments.ts";
import { ArgumentError } from "../../errors.ts";
import type { Refuse } from "../format.ts";
import { readNumbers } from "../numbers.ts";
import type { ReadOptions, Source } from "../place.ts";
import { type From, fileOf } from "../source.ts";
import type { FileTensor } from "../tensors.ts";
import { readHeader, type SafetensorsEntry, type SafetensorsHeader } from "./header.ts";

/** Which tensors are read. */
export interface ReadTensorsOptions extends ReadOptions {
  /** Which tensors are wanted, by their names; all of them. The others are not read. */
  readonly only?: ((name: string) => boolean) | undefined;
}

const anAbortSignal = rule("an AbortSignal", (value) => typeof Object(value).aborted === "boolean");
export const READ_RULES = { signal: anAbortSignal, onProgress: callable };
export const READ_TENSORS_RULES = { ...READ_RULES, only: callable };

/** What a file of tensors held. */
export interface ReadTensors {
  /** By name, without a prototype. */
  readonly tensors: Readonly<Record<string, FileTensor>>;
  /** Text by name, as it was written. */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * All tensors of a safetensors file, or those that are wanted: `loadStateDict` takes them. Floats become f32 (F64 rounded,
 * F16 and BF16 as they are), whole numbers i32 (U32 and U64: u32), BOOL bool.
 * @throws FormatError for a file that is none or damaged, and for whole numbers that 32 bits do not hold; FileError where
 *   it cannot be read; ArgumentError for options
 */
export async function readSafetensors(
  from: From,
  options: ReadTensorsOptions = {},
): Promise<ReadTensors> {
  checkOptions<ReadTensorsOptions>("readSafetensors", options, READ_TENSORS_RULES);
  const { only = () => true, signal, onProgress } = options;
  const file = await openSafetensors(from, { signal, onProgress });
  const tensors: Record<string, FileTensor> = Object.create(null);
  const names = [...file.entries.keys()].filter((name) => only(name));
  for await (const [name, tensor] of file.read(names, { signal, onProgress }))
    tensors[name] = tensor;
  return { tensors, metadata: file.metadata };
}

/**
 * Opens a safetensors file: reads its header, and checks that everything lies where it says. Tensors are read one by one.
 * `onProgress` is told where a server knows of no parts, and sends all of it at once.
 * @throws FormatError, FileError and ArgumentError as readSafetensors
 */
export async function openSafetensors(
  from: From,
  options: ReadOptions = {},
): Promise<SafetensorsFile> {
  checkOptions<ReadOptions>("openSafetensors", options, READ_RULES);
  const { source, opened, size, refuse } = await fileOf("openSafetensors", from, options);
  const header = await readHeader(opened, size, refuse, { signal: options.signal });
  return new SafetensorsFile(source, header, refuse);
}

/** Tensors that lie side by side are read at once, up to so many bytes: a request for each would take long. */
const MOST_AT_ONCE = 4 * 2 ** 20;

/** An open safetensors file. Nothing has to be closed. */
export class SafetensorsFile {
  /** What there is, in the order in which it lies. */
  readonly entries: ReadonlyMap<string, SafetensorsEntry>;
  /** Text by name, as it was written. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly #source: Source;
  readonly #refuse: Refuse;

  /** @internal */
  constructor(source: Source, header: SafetensorsHeader, refuse: Refuse) {
    this.entries = new Map(header.entries.map((entry) => [entry.name, entry]));
    this.metadata = header.metadata;
    this.#source = source;
    this.#refuse = refuse;
  }

  /**
   * The tensors of these names, or all of them, one after the other in the order in which they lie: besides what has been
   * given there is one of them in memory, or 4 MiB.
   * @throws ArgumentError for a name that the file does not have; FormatError and FileError as readSafetensors
   */
  async *read(
    names: Iterable<string> = this.entries.keys(),
    options: ReadOptions = {},
  ): AsyncGenerator<readonly [name: string, tensor: FileTensor], void> {
    const { signal, onProgress } = options;
    const wanted = [...new Set(names)].map((name) => this.#entry(name));
    wanted.sort((a, b) => a.start - b.start || a.end - b.end);
    const total = wanted.reduce((sum, { start, end }) => sum + end - start, 0);
    let done = 0;
    for (const together of sideBySide(wanted)) {
      const { start } = together[0];
      const end = together.at(-1)?.end ?? start;
      const bytes = await this.#source.read(
        { start, end },
        { signal, onProgress: onProgress && ((read) => onProgress(done + read, total)) },
      );
      done += end - start;
      for (const entry of together) yield [entry.name, this.#tensor(entry, bytes, start)];
    }
  }

  #entry(name: string): SafetensorsEntry {
    const entry = this.entries.get(name);
    if (entry !== undefined) return entry;
    const has = [...this.entries.keys()].join(", ").slice(0, 200) || "no tensors";
    throw new ArgumentError(
      `${this.#source.description}: the name must be that of a tensor of the file; got ${JSON.stringify(name)}. It has ${has}.`,
    );
  }

  #tensor(entry: SafetensorsEntry, bytes: Uint8Array<ArrayBuffer>, from: number): FileTensor {
    const { name, type, shape, start, end } = entry;
    const isAlone = bytes.length === end - start;
    // A copy, so that it does not keep its neighbours in memory.
    const own = isAlone ? bytes : bytes.slice(start - from, end - from);
    const refuse = this.#refuse;
    return { shape, ...readNumbers(own, type, { name, byteOffset: start, refuse }) };
  }
}

type Together = [SafetensorsEntry, ...SafetensorsEntry[]];

/** Runs of entries without a gap, of no more bytes than are read at once. */
function sideBySide(entries: readonly SafetensorsEntry[]): Together[] {
  const runs: Together[] = [];
  for (const entry of entries) {
    const run = runs.at(-1);
    const isNext = run !== undefined && run.at(-1)?.end === entry.start;
    if (isNext && entry.end - run[0].start <= MOST_AT_ONCE) run.push(entry);
    else runs.push([entry]);
  }
  return runs;
}
