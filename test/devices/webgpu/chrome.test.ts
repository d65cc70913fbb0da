/** Every case of every op on the WebGPU of headless Chrome. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { OpName } from "../../../src/ops/vocabulary.ts";
import { caseTable } from "../../cases/index.ts";
import { callInPage, openPage, type TestPage } from "../../support/chrome.ts";
import type { runCases } from "./page.ts";

let chrome: TestPage;
let cases = 0;
let adapter = "";
beforeAll(async () => {
  chrome = await openPage();
});
afterAll(async () => {
  console.log(`${cases} cases in Chrome on ${adapter}`);
  expect(chrome.errors).toEqual([]);
  await chrome.close();
});

// The table is total over the ops: its keys are their names.
for (const op of Object.keys(caseTable) as OpName[]) {
  test(`${op} in Chrome`, async () => {
    const answer = await callInPage(chrome.page, "/test/devices/webgpu/page.ts", "runCases", op);
    // JSON out of the page: its type is the return type of the function that was called there.
    const result = answer as Awaited<ReturnType<typeof runCases>>;
    expect(result.failures).toEqual([]);
    expect(result.ran).toBe(caseTable[op].length);
    cases += result.ran;
    adapter = result.adapter;
  });
}
