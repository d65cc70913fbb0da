/**
 * Labels and ids that there are none of. A device reads nothing for them, so that training would go on and say nothing:
 * batches from the host are compared on the host, before a step sees them, with what the traced step looks them up in.
 */

import type { Values } from "../data/index.ts";
import { ArgumentError } from "../errors.ts";
import { describe, type Tensor } from "../functions.ts";
import { type LookUp, lookUps } from "../internals.ts";
import { mapped } from "../records.ts";
import type { Columns, StepBatch } from "./training-data.ts";

/** By column, in what its numbers are looked up. */
export type Limits = Readonly<Record<string, LookUp | undefined>>;

/** By the types of a batch, in what its numbers are looked up. */
export class LimitsByType {
  readonly #known = new Map<string, Limits>();

  /** Notes what a traced step does with its arguments on the way to `outputs`. */
  note(columns: Columns<Tensor>, outputs: readonly Tensor[]): void {
    this.#known.set(keyOf(columns), limitsOf(columns, outputs));
  }

  /** @throws ArgumentError for a label or an id beyond the last, once a step has been traced for such batches */
  check(caller: string, { columns, rows }: StepBatch): void {
    const limits = this.#known.get(keyOf(columns));
    for (const [name, values] of Object.entries(columns))
      checkValues(caller, name, values, limits?.[name], rows);
  }
}

export function limitsOf(columns: Columns<Tensor>, outputs: readonly Tensor[]): Limits {
  return mapped(columns, (argument) =>
    limitOf(outputs.flatMap((output) => lookUps(output, argument))),
  );
}

/** The smallest of what sees every element; of what sees parts, which may be different ones, the largest. */
function limitOf(found: readonly LookUp[]): LookUp | undefined {
  const bySize = found.toSorted((a, b) => a.size - b.size);
  const whole = bySize.find(({ isPart }) => !isPart);
  const part = bySize.findLast(({ isPart }) => isPart);
  return whole !== undefined && part !== undefined && part.size < whole.size
    ? part
    : (whole ?? part);
}

function keyOf(columns: Columns<Pick<Values, "dtype" | "shape">>): string {
  return Object.values(columns).map(describe).join(", ");
}

/** @throws ArgumentError, see LimitsByType */
export function checkValues(
  caller: string,
  name: string,
  { data, shape, dtype }: Values,
  limit: LookUp | undefined,
  rows?: Uint32Array,
): void {
  if (limit === undefined || dtype !== "i32") return;
  const { by, size } = limit;
  // A plain loop: every batch passes through.
  let at = 0;
  while (at < data.length && (data[at] ?? 0) < size) at++;
  if (at === data.length) return;
  const place = placeOf(at, shape);
  const example = rows?.[place[0] ?? 0];
  const where = `${place.length === 1 ? `row ${place[0]}` : `[${place.join(", ")}]`} of ${name} ${describe({ dtype, shape })}`;
  const told = example === undefined ? where : `${where}, example ${example}`;
  throw new ArgumentError(
    by === "label"
      ? `${caller}: a label must be less than the ${size} classes that the output has, or negative to be ignored; got ${data[at]} in ${told}. Classes count from 0.`
      : `${caller}: an id must be less than the ${size} rows of the embedding; got ${data[at]} in ${told}. Ids count from 0.`,
  );
}

function placeOf(at: number, shape: readonly number[]): number[] {
  const place: number[] = [];
  let rest = at;
  for (const size of shape.toReversed()) {
    place.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return place;
}
