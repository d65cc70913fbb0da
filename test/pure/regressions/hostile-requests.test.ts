import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type FileServer, serveFiles } from "../../../bench/runner/serve.ts";

let folder: string;
let server: FileServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gradgpu-serve-"));
  await writeFile(join(folder, "page.html"), "a page");
  await writeFile(join(folder, "a b.js"), "a script");
  server = await serveFiles({ "/": folder, "/more/": join(folder, "missing") });
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

/** The status of a request line that is sent as it stands: fetch would tidy it up. */
function statusOf(target: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(server.origin).port), "127.0.0.1", () => {
      socket.write(`GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    });
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk;
    });
    socket.on("close", () => resolve(Number(text.split(" ")[1])));
    socket.on("error", reject);
  });
}

test.each([
  ["/%", 400],
  ["/%E0%A4%A", 400],
  ["/%C0%AE%C0%AE/x", 400],
  ["/page.html%00", 400],
  ["http://[", 404],
  ["*", 404],
  ["//", 404],
  ["///etc/passwd", 404],
  ["/../../../../etc/passwd", 404],
  ["/..%2f..%2f..%2fetc/passwd", 404],
  ["/more/../../etc/passwd", 404],
  ["/%5c..%5c..%5cetc", 404],
  ["/missing", 404],
  ["/more", 404],
])("the bench server answers GET %s with %i and goes on", async (target, status) => {
  expect(await statusOf(target)).toBe(status);
  expect(await (await fetch(`${server.origin}/page.html`)).text()).toBe("a page");
});

test("the bench server answers a name longer than names may be with 404", async () => {
  expect(await statusOf(`/${"a".repeat(5000)}`)).toBe(404);
  expect(await statusOf("/page.html")).toBe(200);
});

test("the bench server decodes the names of files", async () => {
  expect(await statusOf("/a%20b.js?query=%")).toBe(200);
});
