/**
 * A Trainer's state as tensors by name and a text, and back; docs/checkpoints.md has the names. What is read may be
 * anybody's: whether it has the form of a state is for `loadState` to say, so what is wrong here is only what cannot be
 * put together.
 */

import { isRecord } from "../../arguments.ts";
import type { Values } from "../../data/index.ts";
import type { SavedEntry } from "../../functions.ts";
import type { FileTensor } from "../../io/index.ts";
import { mapped } from "../../records.ts";
import type { CarriedSequences, SavedStretch } from "../carried.ts";
import type { SavedScores } from "../pass-scores.ts";
import type { TrainerState } from "../trainer-state.ts";
import { parsed, written } from "./json.ts";

/** What is stored of a tensor: 32 bits an element. */
export interface StoredTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | Uint32Array;
}

export interface Encoded {
  readonly tensors: Readonly<Record<string, StoredTensor>>;
  readonly text: string;
}

type Entries = readonly (readonly [string, StoredTensor])[];
type Elements = Readonly<Record<string, SavedEntry>>;

export function encode(state: TrainerState): Encoded {
  const { parameters, optimizer, sequences, fit, ...numbers } = state;
  const { weights, ...seen } = fit?.earlyStopping ?? {};
  const entries = [
    ...named("parameters", parameters),
    ...named("optimizer", optimizer),
    ...named("best", weights ?? {}),
    ...sequences.flatMap(carriedEntries),
    ...joinedEntries(fit?.scores),
  ];
  const told = {
    ...numbers,
    dtypes: Object.fromEntries(
      entries.flatMap(([name, { data }]) =>
        data instanceof Float32Array ? [] : [[name, dtypeOf(data)] as const],
      ),
    ),
    sequences: sequences.map(({ batchSize, state: { length }, stretch }) => ({
      batchSize,
      states: length,
      stretch: stretch && {
        every: stretch.every,
        back: stretch.back,
        isBool: stretch.history.dtype === "bool",
      },
    })),
    fit: fit && {
      ...fit,
      earlyStopping: fit.earlyStopping && { ...seen, hasWeights: weights !== undefined },
      scores: fit.scores && {
        ...fit.scores,
        parts: eachPart(fit.scores.parts, (numbers) => numbers instanceof Float32Array || numbers),
      },
    },
  };
  return { tensors: Object.fromEntries(entries), text: written(told) };
}

/** What the elements are; the text says it of all that are no f32, since a file's checksum is of bytes. */
function dtypeOf(data: FileTensor["data"]): string {
  return data instanceof Float32Array ? "f32" : data instanceof Int32Array ? "i32" : "u32";
}

function named(prefix: string, of: Elements): Entries {
  return Object.entries(of).map(
    ([name, { shape, data }]) => [`${prefix}.${name}`, stored(shape, data)] as const,
  );
}

function stored(shape: readonly number[], data: SavedEntry["data"]): StoredTensor {
  const isWhole = data instanceof Int32Array || data instanceof Uint32Array;
  if (isWhole || data instanceof Float32Array) return { shape, data };
  const numbers: ArrayLike<number | bigint> = data;
  return { shape, data: Float32Array.from(numbers, Number) };
}

function carriedEntries({ state, stretch }: CarriedSequences, i: number): Entries {
  const { history, borders, owed } = stretch ?? {};
  const states = state.map((values, n): [string, Values] => [String(n), values]);
  const parts = [...states, ...Object.entries({ history, borders, owed })];
  return parts.flatMap(([name, values]) =>
    values === undefined
      ? []
      : [[`sequences.${i}.${name}`, stored(values.shape, values.data)] as const],
  );
}

type Parts<N> = Readonly<Record<string, Readonly<Record<string, N>>>>;

/** Those that are one behind the other may be as many as the epoch has examples; where they stood it says `true`. */
function joinedEntries(scores: SavedScores | undefined): Entries {
  return Object.entries(scores?.parts ?? {}).flatMap(([metric, parts]) =>
    Object.entries(parts).flatMap(([part, numbers]) =>
      numbers instanceof Float32Array
        ? [[joinedName(metric, part), stored([numbers.length], numbers)] as const]
        : [],
    ),
  );
}

const joinedName = (metric: string, part: string) => `scores.${metric}.${part}`;

const eachPart = <N, R>(
  parts: Parts<N>,
  made: (numbers: N, metric: string, part: string) => R,
): Parts<R> =>
  mapped(parts, (own, metric) => mapped(own, (numbers, part) => made(numbers, metric, part)));

/** `missing` is told what a state needs and does not have. */
export function decode(
  tensors: Readonly<Record<string, FileTensor>>,
  text: string,
  missing: (what: string) => never,
): TrainerState {
  const told = parsed(text);
  if (!isRecord(told) || !Array.isArray(told.sequences)) return missing("a record with sequences");
  const { sequences, fit, dtypes, ...numbers } = told;
  if (isRecord(dtypes)) {
    for (const [name, { data }] of Object.entries(tensors)) {
      const { [name]: dtype = "f32" } = dtypes;
      if (dtypeOf(data) !== dtype) return missing(`tensor ${name} in ${String(dtype)}`);
    }
  }
  const tensor = (name: string): FileTensor => tensors[name] ?? missing(`tensor ${name}`);
  // Checked by `loadState`.
  return {
    ...numbers,
    parameters: under("parameters", tensors),
    optimizer: under("optimizer", tensors),
    sequences: told.sequences.map((one, i) => {
      if (!isRecord(one)) return missing(`a record in sequences[${i}]`);
      return carried(one, (name) => tensor(`sequences.${i}.${name}`), tensors, i);
    }),
    ...(fit !== undefined && { fit: withScores(withWeights(fit, tensors), tensor) }),
  } as unknown as TrainerState;
}

function under(prefix: string, tensors: Readonly<Record<string, FileTensor>>): Elements {
  const own = Object.entries(tensors).filter(([name]) => name.startsWith(`${prefix}.`));
  return Object.fromEntries(
    own.map(([name, { shape, data }]) => [name.slice(prefix.length + 1), { shape, data }]),
  );
}

function carried(
  { batchSize, states, stretch }: Readonly<Record<string, unknown>>,
  tensor: (name: string) => FileTensor,
  tensors: Readonly<Record<string, FileTensor>>,
  i: number,
): CarriedSequences {
  const state: FileTensor[] = [];
  for (let n = 0; n < Number(states); n++) state.push(tensor(String(n)));
  const kept = { batchSize, state } as CarriedSequences;
  if (!isRecord(stretch)) return kept;
  const { every, back, isBool } = stretch;
  const history = tensor("history");
  const saved = {
    every,
    back,
    history: isBool === true ? { ...history, dtype: "bool" } : history,
    ...(`sequences.${i}.borders` in tensors && { borders: tensor("borders") }),
    owed: tensor("owed"),
  } as SavedStretch;
  return { ...kept, stretch: saved };
}

function withWeights(fit: unknown, tensors: Readonly<Record<string, FileTensor>>): unknown {
  if (!isRecord(fit) || !isRecord(fit.earlyStopping)) return fit;
  const { hasWeights, ...seen } = fit.earlyStopping;
  const weights = hasWeights === true ? { weights: under("best", tensors) } : {};
  return { ...fit, earlyStopping: { ...seen, ...weights } };
}

function withScores(fit: unknown, tensor: (name: string) => FileTensor): unknown {
  if (!isRecord(fit) || !isRecord(fit.scores) || !isRecord(fit.scores.parts)) return fit;
  const { parts, ...rest } = fit.scores;
  const joined = eachPart(parts as Parts<unknown>, (numbers, metric, part) =>
    numbers === true ? tensor(joinedName(metric, part)).data : numbers,
  );
  return { ...fit, scores: { ...rest, parts: joined } };
}
