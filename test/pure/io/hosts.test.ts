/** Hosts that lack globals, as Jest's jsdom does: Node's own are taken, and where there are none an error says which. */
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import { BytePairs } from "../../../src/data/index.ts";
import { GradgpuError } from "../../../src/index.ts";
import * as io from "../../../src/io/index.ts";
import { linear } from "../../../src/nn/index.ts";
import { openCounting } from "../runtime/open.ts";

beforeAll(() => {
  openCounting();
});

afterEach(() => vi.unstubAllGlobals());

const NAMES = ["TextEncoder", "TextDecoder", "MessageChannel", "DecompressionStream"];

function withoutGlobals(): void {
  for (const name of NAMES) vi.stubGlobal(name, undefined);
}

const encode = () => BytePairs.of("ab ab ab", { size: 257 }).encode("ab");

test("texts are written and read without the globals for them", async () => {
  const expected = encode();
  withoutGlobals();
  expect(encode()).toEqual(expected);
  const bytes = await io.toOnnx(linear(2, 1), [2]);
  expect(bytes.length).toBeGreaterThan(50);
});

test("a host that has nothing in their place is told what it lacks", () => {
  withoutGlobals();
  vi.stubGlobal("process", { ...process, getBuiltinModule: undefined });
  expect(encode).toThrow(GradgpuError);
  expect(encode).toThrow(/must have TextEncoder; got none\. Set globalThis\.TextEncoder/);
});
