/** Numbers of four units that lie interleaved, n numbers a unit: n vectors in memory, and a vector for each number. */
import { shuffle, type Value } from "./value.ts";

/** A vector of four of the lanes of `vectors`, which are counted through. */
function gather(vectors: readonly Value[], lanes: readonly number[]): Value {
  const [first = 0, second = first, ...others] = new Set(lanes.map((lane) => lane >> 2));
  const at = (vector: number) => vectors[vector] as Value;
  const placeIn = (lane: number, a: number, b: number) =>
    (lane & 3) + (lane >> 2 === b && b !== a ? 4 : 0);
  const start = shuffle(
    at(first),
    at(second),
    ...lanes.map((lane) => placeIn(lane, first, second)),
  );
  return others.reduce(
    (found, vector) =>
      shuffle(
        found,
        at(vector),
        ...lanes.map((lane, i) => (lane >> 2 === vector ? 4 + (lane & 3) : i)),
      ),
    start,
  );
}

/** Four by four in eight shuffles, where one number after the other would take twelve. */
function transposed(rows: readonly Value[]): Value[] {
  const [a, b, c, d] = rows as [Value, Value, Value, Value];
  const low = [shuffle(a, b, 0, 4, 1, 5), shuffle(c, d, 0, 4, 1, 5)] as const;
  const high = [shuffle(a, b, 2, 6, 3, 7), shuffle(c, d, 2, 6, 3, 7)] as const;
  return [low, high].flatMap(([x, y]) => [shuffle(x, y, 0, 1, 4, 5), shuffle(x, y, 2, 3, 6, 7)]);
}

const units = [0, 1, 2, 3];

/** Each number of four units, from the vectors that they lie in. */
export function deinterleaved(vectors: readonly Value[]): readonly Value[] {
  const { length: n } = vectors;
  if (n === 1) return vectors;
  if (n === 4) return transposed(vectors);
  return vectors.map((_, number) =>
    gather(
      vectors,
      units.map((unit) => unit * n + number),
    ),
  );
}

/** And back. */
export function interleaved(numbers: readonly Value[]): readonly Value[] {
  const { length: n } = numbers;
  if (n === 1) return numbers;
  if (n === 4) return transposed(numbers);
  return numbers.map((_, vector) =>
    gather(
      numbers,
      units.map((lane) => {
        const place = 4 * vector + lane;
        return (place % n) * 4 + Math.floor(place / n);
      }),
    ),
  );
}
