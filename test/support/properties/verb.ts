/** What a property needs to know of a verb, and what verbs are drawn with. */
import fc from "fast-check";
import type { Tensor } from "../../../src/functions.ts";
import type { Plain } from "./plain.ts";

/** One call: shapes, options, and what must come out. */
export interface Example {
  /** The call as text, for a message. */
  readonly text: string;
  /** Of f32 inputs. */
  readonly shapes: readonly (readonly number[])[];
  readonly call: (...xs: Tensor[]) => Tensor;
  readonly means: (...xs: Plain[]) => Plain;
}

export type Verb = fc.Arbitrary<Example>;

/** Examples made of plain data, which fast-check draws and makes smaller. */
export function verb<T>(
  name: string,
  drawn: fc.Arbitrary<T>,
  example: (of: T) => Omit<Example, "text">,
): Verb {
  return drawn.map((of) => {
    const text = `${name} ${JSON.stringify(of)}`;
    return { text, ...example(of), [fc.toStringMethod]: () => text };
  });
}

export const upTo = (most: number, least = 1) => fc.integer({ min: least, max: most });
/** Sizes, 1 the simplest. */
export const shape = (least: number, most: number, size = 5) =>
  fc.array(upTo(size), { minLength: least, maxLength: most });
export const pick = fc.constantFrom;

/** A shape, and one of its dimensions. */
export const withAxis = (most = 3) =>
  shape(1, most).chain((of) => fc.record({ shape: fc.constant(of), axis: fc.nat(of.length - 1) }));

/** A shape, and something drawn for each of its dimensions. */
export const withEach = <T>(
  drawn: (size: number, dimension: number) => fc.Arbitrary<T>,
  least = 1,
  most = 3,
) =>
  shape(least, most).chain((of) =>
    fc.record({ shape: fc.constant(of), each: fc.tuple(...of.map(drawn)) }),
  );
