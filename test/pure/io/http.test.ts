/** Files behind URLs, of servers that do what servers do. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ArgumentError, FileError } from "../../../src/errors.ts";
import { http, readSafetensors } from "../../../src/io/index.ts";
import { differing, goldenBytes, goldenValues } from "../../support/io/file-goldens.ts";

const content = goldenBytes("model.safetensors");
const golden = goldenValues["model.safetensors"].tensors;
const requests: string[] = [];
let version = 0;

function ranged(request: IncomingMessage, response: ServerResponse, body = content): void {
  const [, from, to] = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? "") ?? [];
  const [start, end] = from === undefined ? [0, body.length] : [Number(from), Number(to) + 1];
  if (end > body.length) return void response.writeHead(416).end();
  response.writeHead(from === undefined ? 200 : 206, { "content-length": end - start });
  response.end(request.method === "HEAD" ? undefined : body.subarray(start, end));
}

const routes: Readonly<
  Record<string, (request: IncomingMessage, response: ServerResponse) => void>
> = {
  "/ranges": ranged,
  "/whole": (request, response) => {
    response.writeHead(200, { "content-length": content.length });
    response.end(request.method === "HEAD" ? undefined : content);
  },
  // Chunked, and no answer to HEAD.
  "/unknown-length": (request, response) => {
    if (request.method === "HEAD") return void response.writeHead(405).end();
    response.writeHead(200);
    response.write(content.subarray(0, 100));
    response.end(content.subarray(100));
  },
  "/cut": (_, response) => {
    response.writeHead(200, { "content-length": content.length });
    response.write(content.subarray(0, 100), () => response.destroy());
  },
  "/hangs": (request, response) => {
    response.writeHead(200, { "content-length": content.length });
    if (request.method === "HEAD") response.end();
    else response.write(content.subarray(0, 100));
  },
  // As a page is shown it that is of another origin: nothing says that the answer is packed.
  "/packed": (request, response) => {
    const isAsIs = request.headers["accept-encoding"] === "identity";
    const body = isAsIs ? content : gzipSync(content);
    response.writeHead(200, {
      "content-length": body.length,
      ...(!isAsIs && { "content-encoding": "gzip" }),
    });
    response.end(request.method === "HEAD" ? undefined : body);
  },
  "/elsewhere": (request, response) => {
    response.setHeader("content-range", `bytes 0-7/${content.length}`);
    ranged(request, response);
  },
  "/forbidden": (_, response) => void response.writeHead(403).end(),
  "/broken": (_, response) => void response.writeHead(500, "Oh no").end(),
  "/changes": (request, response) => {
    if (request.method !== "HEAD") response.setHeader("etag", `"${version++}"`);
    ranged(request, response);
  },
};

const server = createServer((request, response) => {
  requests.push(`${request.method} ${request.url} ${request.headers.range ?? ""}`.trim());
  const route = routes[request.url ?? ""];
  if (route === undefined) response.writeHead(404).end();
  else route(request, response);
});
let origin: string;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const faultOf = (doing: Promise<unknown>) =>
  doing.then(
    () => undefined,
    (error: unknown) => {
      expect(error).toBeInstanceOf(FileError);
      return (error as FileError).fault;
    },
  );

test.each(["/ranges", "/whole", "/unknown-length"])("%s is read as it is", async (path) => {
  const { tensors } = await readSafetensors(`${origin}${path}`);
  expect(differing(tensors, golden)).toEqual([]);
});

test("of a large file what is wanted is asked for, and nothing else", async () => {
  requests.length = 0;
  const { tensors } = await readSafetensors(`${origin}/ranges`, {
    only: (n) => n === "linear.bias",
  });
  expect(Object.keys(tensors)).toEqual(["linear.bias"]);
  expect(requests.length).toBe(4);
  expect(requests[0]).toBe("HEAD /ranges bytes=0-");
  expect(requests[3]).toMatch(/^GET \/ranges bytes=\d+-\d+$/);
});

test("a server that knows of no ranges is asked once", async () => {
  requests.length = 0;
  await readSafetensors(`${origin}/whole`);
  expect(requests.filter((one) => one.startsWith("GET")).length).toBe(1);
});

test("progress is told", async () => {
  const told: (readonly [number, number | undefined])[] = [];
  const onProgress = (bytes: number, total: number | undefined) => told.push([bytes, total]);
  await http(`${origin}/whole`).read(undefined, { onProgress });
  expect(told.at(-1)).toEqual([content.length, content.length]);
});

test.each(["/whole", "/packed", "/unknown-length"])(
  "progress is told of a file that %s sends all at once, and never goes back",
  async (path) => {
    const told: number[] = [];
    const onProgress = (bytes: number) => told.push(bytes);
    await readSafetensors(`${origin}${path}`, { onProgress });
    expect(told).toEqual(told.toSorted((a, b) => a - b));
    expect(told.at(-1)).toBe(content.length);
  },
);

test("the size of a file is asked for as it is, not as it might be packed", async () => {
  expect(await http(`${origin}/packed`).size()).toBe(content.length);
});

test("another part than was asked for is refused", async () => {
  const reading = http(`${origin}/elsewhere`).read({ start: 8, end: 16 });
  await expect(reading).rejects.toThrow(/must send it from byte 8; got from 0/);
});

test("why nobody answers is said", async () => {
  const reading = readSafetensors("http://127.0.0.1:1/nobody");
  await expect(reading).rejects.toThrow(/fetch failed.*bad port.*connection.*CORS/);
});

test("what is not there, may not be read, or breaks is refused by its fault", async () => {
  expect(await http(`${origin}/nothing`).size()).toBeUndefined();
  expect(await faultOf(readSafetensors(`${origin}/nothing`))).toBe("missing");
  expect(await faultOf(http(`${origin}/nothing`).read())).toBe("missing");
  expect(await faultOf(readSafetensors(`${origin}/forbidden`))).toBe("forbidden");
  expect(await faultOf(readSafetensors(`${origin}/broken`))).toBe("failed");
  expect(await faultOf(readSafetensors("http://127.0.0.1:1/nobody"))).toBe("failed");
  expect(await faultOf(http(`${origin}/ranges`).read({ start: 0, end: 10 ** 6 }))).toBe("cut");
});

test("a connection that is cut in the middle is refused as cut", async () => {
  expect(await faultOf(http(`${origin}/cut`).read())).toBe("cut");
  expect(await faultOf(readSafetensors(`${origin}/cut`))).toMatch(/cut|failed/);
});

test("a file that changes while it is read is refused", async () => {
  expect(await faultOf(readSafetensors(`${origin}/changes`))).toBe("cut");
});

test("a reading is aborted at once, before and in the middle", async () => {
  const control = new AbortController();
  const reading = http(`${origin}/hangs`).read(undefined, {
    signal: control.signal,
    onProgress: () => control.abort(),
  });
  expect(await faultOf(reading)).toBe("aborted");
  const aborted = { signal: AbortSignal.abort() };
  expect(await faultOf(readSafetensors(`${origin}/ranges`, aborted))).toBe("aborted");
});

test("what is no URL is refused", () => {
  expect(() => http("relative/path")).toThrow(ArgumentError);
  expect(() => http(1 as never)).toThrow(ArgumentError);
  expect(() => http(origin, { headers: {} } as never)).toThrow(ArgumentError);
});
