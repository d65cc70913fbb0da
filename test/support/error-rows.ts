/** Rows of errors: the whole text, and what ends in it. */
import { expect, it } from "vitest";
import { GradgpuError } from "../../src/errors.ts";

export type ErrorRow = readonly [text: string, call: () => unknown];

/** What a call, or its promise, ends in; undefined where it ends well. */
export async function endOf(call: () => unknown): Promise<unknown> {
  try {
    await call();
    return undefined;
  } catch (error) {
    return error;
  }
}

/** A test for each row: a typed error of exactly that text. */
export function holdTexts(rows: readonly ErrorRow[]): void {
  it.each(rows)("%s", async (text, call) => {
    const error = await endOf(call);
    expect(error).toBeInstanceOf(GradgpuError);
    expect((error as Error).message).toBe(text);
  });
}
