/** Calls of verbs that are refused: by which error, in which words. */
import { expect, test } from "vitest";

export type Refusal = readonly [
  call: () => unknown,
  error: new (message: string) => Error,
  message: string,
];

/** A test for each of `rows`: the call throws that error, whose message has that text. */
export function refuse(rows: readonly Refusal[]): void {
  test.each(rows)("%s", (call, error, message) => {
    expect(call).toThrow(error);
    expect(call).toThrow(message);
  });
}
