/** Files where a browser keeps them, in headless Chrome. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, it } from "vitest";
import { START_MS } from "../../src/testing/browser/launch.ts";
import type * as ioPage from "../browser/io-page.ts";
import { callInPage, openPage, type TestPage } from "../support/chrome.ts";
import { goldenBytes, goldenPath, goldenValues } from "../support/io/file-goldens.ts";

type Page = typeof ioPage;

let chrome: TestPage;
const downloads = mkdtempSync(join(tmpdir(), "gradgpu-downloads-"));
beforeAll(async () => {
  chrome = await openPage();
});
afterAll(async () => {
  await chrome.close();
  rmSync(downloads, { recursive: true, force: true });
});

const call = async <Name extends keyof Page>(name: Name, ...args: Parameters<Page[Name]>) =>
  (await callInPage(chrome.page, "/test/browser/io-page.ts", name, ...args)) as Awaited<
    ReturnType<Page[Name]>
  >;

it.each(["opfs", "root", "indexedDb"] as const)("%s does what every folder must", async (kind) => {
  expect(await call("check", kind)).toEqual([]);
});

it("a folder and a file that were chosen do, too", async () => {
  expect(await call("checkHandles")).toEqual([]);
});

it("a model that was saved is there after a reload", async () => {
  const saved = await call("model", false);
  await chrome.page.reload();
  expect(saved.length).toBe(4);
  expect(await call("model", true)).toEqual(saved);
});

// Chrome's override counts no Blob of IndexedDB.
it("where the quota is exceeded OPFS says so, and the old file is there", async () => {
  const session = await chrome.page.createCDPSession();
  const origin = new URL(chrome.page.url()).origin;
  await call("writeLarge", "opfs", 2 ** 16);
  await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 2 * 2 ** 20 });
  const outcome = await call("writeLarge", "opfs", 2 ** 25);
  await session.send("Storage.overrideQuotaForOrigin", { origin });
  await session.detach();
  expect(outcome).toMatchObject({ name: "FileError", fault: "full", bytes: 2 ** 16 });
  expect(outcome.message).toMatch(/QuotaExceededError.*Make room and write again/);
  expect(await call("writeLarge", "opfs", 2 ** 20)).toMatchObject({
    fault: "none",
    bytes: 2 ** 20,
  });
});

it("room is asked for, and its absence explained", async () => {
  expect((await call("room", 1)).room?.quotaBytes).toBeGreaterThan(2 ** 20);
  const { error } = await call("room", 2 ** 50);
  expect(error).toMatch(/room for 1125899906842624 bytes; got \d+ of a quota of \d+. Remove/);
});

it("where permission was withdrawn it says so, and the old file is there", async () => {
  const outcome = await call("writeForbidden");
  expect(outcome).toMatchObject({ name: "FileError", fault: "forbidden", bytes: 3 });
});

it("a file is read by a URL relative to the page", async () => {
  const names = await call("fetched", "../goldens/files/model.safetensors");
  expect([...names].sort()).toEqual(Object.keys(goldenValues["model.safetensors"].tensors).sort());
});

it.each(["asked", "always"])(
  "a file of another origin that is packed when %s is read",
  async (when) => {
    const content = goldenBytes("model.safetensors");
    // A page is told the length of what is sent, and not that it is packed.
    const server = createServer(({ method, headers }, response) => {
      const isPacked = when === "always" || /gzip/.test(headers["accept-encoding"] ?? "");
      const body = isPacked ? gzipSync(content) : content;
      response.writeHead(200, {
        "access-control-allow-origin": "*",
        "access-control-allow-headers": "range",
        "content-length": body.length,
        ...(isPacked && { "content-encoding": "gzip" }),
      });
      response.end(method === "HEAD" ? undefined : body);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    // Of its own: what Chrome does not decode it says on the console.
    const own = await openPage();
    const url = `http://127.0.0.1:${port}/model`;
    const asked = callInPage(own.page, "/test/browser/io-page.ts", "fetchedFrom", url);
    const read = (await asked) as Awaited<ReturnType<Page["fetchedFrom"]>>;
    await own.close();
    server.closeAllConnections();
    server.close();
    expect(read.size).toBe(content.length);
    expect(read.names.length).toBe(Object.keys(goldenValues["model.safetensors"].tensors).length);
    expect(read.told.at(-1)?.[0]).toBe(content.length);
  },
);

it("a file is handed to the user, and one of the user's is read", async () => {
  const session = await chrome.page.createCDPSession();
  await session.send("Browser.setDownloadBehavior", {
    behavior: "allow",
    browserContextId: chrome.page.browserContext().id ?? "",
    downloadPath: downloads,
  });
  await call("save", "mine.bin");
  const path = join(downloads, "mine.bin");
  await expect.poll(() => existsSync(path), { timeout: START_MS }).toBe(true);
  await expect.poll(() => [...readFileSync(path)], { timeout: START_MS }).toEqual([1, 2, 3]);
  const chooser = chrome.page.waitForFileChooser();
  const picked = call("pickOne");
  await (await chooser).accept([goldenPath("model.safetensors")]);
  expect((await picked).length).toBe(12);
  await session.detach();
});

it("nothing of it was an error of the page", () => {
  expect(chrome.errors).toEqual([]);
});
