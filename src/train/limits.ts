/**
 * Labels and ids that there are none of. A device reads nothing for them, so that training would go on and say nothing:
 * batches from the host are compared on the host, before a step sees them, with what the traced step looks them up in.
 */
import type { Values } from "../data/index.ts";
import { ArgumentError } from "../errors.ts";
import { describe, type Tensor } from "../functions.ts";
import { type LookUp, lookUps } from "../internals.ts";
import type { TrainingBatch } from "./training-data.ts";

type Name = "x" | "y";

type Limits = Readonly<Record<Name, LookUp | undefined>>;

const names = ["x", "y"] as const;

/** By the types of a batch, in what its numbers are looked up. */
export class LimitsByType {
  readonly #known = new Map<string, Limits>();

  /** Notes what a traced step does with its arguments on the way to `outputs`. */
  note(x: Tensor, y: Tensor, outputs: readonly Tensor[]): void {
    const limit = (argument: Tensor) =>
      limitOf(outputs.flatMap((output) => lookUps(output, argument)));
    this.#known.set(keyOf({ x, y }), { x: limit(x), y: limit(y) });
  }

  /** @throws ArgumentError for a label or an id beyond the last, once a step has been traced for such batches */
  check(batch: TrainingBatch): void {
    const limits = this.#known.get(keyOf(batch));
    for (const name of names) checkValues("fit", name, batch[name], limits?.[name], batch.rows);
  }
}

/** The smallest of what sees every element; of what sees parts, which may be different ones, the largest. */
export function limitOf(found: readonly LookUp[]): LookUp | undefined {
  const bySize = found.toSorted((a, b) => a.size - b.size);
  const whole = bySize.find(({ isPart }) => !isPart);
  const part = bySize.findLast(({ isPart }) => isPart);
  return whole !== undefined && part !== undefined && part.size < whole.size
    ? part
    : (whole ?? part);
}

function keyOf({ x, y }: Readonly<Record<Name, Pick<Values, "dtype" | "shape">>>): string {
  return `${describe(x)}, ${describe(y)}`;
}

/** @throws ArgumentError, see LimitsByType */
export function checkValues(
  caller: string,
  name: Name,
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
