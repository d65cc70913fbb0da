import { anything, check, checkOptions, rule } from "../../arguments.ts";
import { concatenate } from "../../decompress.ts";
import { ArgumentError, type FileError } from "../../errors.ts";
import type { ByteRange, ReadOptions, Source } from "../place.ts";
import { checkRange, checkRead, checkSignal, fileError, missing, tooShort } from "./faults.ts";

/** What is sent along. */
export interface HttpOptions {
  /** What else `fetch` is told: headers, credentials, cache. */
  readonly request?: Omit<RequestInit, "method" | "body" | "signal"> | undefined;
}

/**
 * A file behind a URL, absolute or relative to the page. Parts of it are asked for as such (Range); a server that does
 * not know of parts sends all of it once, which is kept then. What changes there between two requests is not mixed.
 * @throws ArgumentError for what is no URL
 */
export function http(url: string | URL, options: HttpOptions = {}): Source {
  check("http", "the URL", url, aUrl, "Give it as text or as a URL.");
  checkOptions<HttpOptions>("http", options, { request: anything });
  return new HttpSource(absolute(url), options.request ?? {});
}
const aUrl = rule("a URL", (value) => typeof value === "string" || value instanceof URL);

function absolute(url: string | URL): string {
  const { location } = globalThis as { location?: Location };
  try {
    return new URL(url, location?.href).href;
  } catch {
    throw new ArgumentError(
      `http: the URL must be a whole one where there is no page; got ${JSON.stringify(String(url).slice(0, 80))}. Begin it with https://, or take file(path).`,
    );
  }
}

class HttpSource implements Source {
  readonly description: string;
  readonly #url: string;
  readonly #request: RequestInit;
  #size: number | undefined;
  /** All of it, where the server knows of no parts. */
  #whole: Uint8Array<ArrayBuffer> | undefined;
  /** By which the server tells one version of the file from another. */
  #version: string | undefined;

  constructor(url: string, request: RequestInit) {
    this.description = `URL ${url.length > 120 ? `${url.slice(0, 120)}…` : url}`;
    this.#url = url;
    this.#request = request;
  }

  async size(options: ReadOptions = {}): Promise<number | undefined> {
    checkRead(this, options);
    if (this.#size !== undefined) return this.#size;
    // Of parts, nothing is packed: a page is not shown that another origin's answer is, and would take its length for ours.
    const headers = this.#asking("bytes=0-");
    const asked = this.#fetch({ method: "HEAD", headers }, options);
    // A browser refuses an answer that is packed for all that.
    const response = await asked.catch(() => undefined);
    // Nothing follows; a browser takes an answer for aborted that nobody has read to its end.
    await response?.arrayBuffer().catch(() => undefined);
    if (response !== undefined && isMissing(response)) return undefined;
    this.#size = response?.ok ? lengthOf(response) : undefined;
    // Some servers do not answer to HEAD, and some do not know the length.
    if (this.#size === undefined) {
      const whole = await this.#readAll(options).catch((error: FileError) => error);
      if (whole instanceof Error) {
        if (whole.fault === "missing") return undefined;
        throw whole;
      }
      this.#whole = whole;
      this.#size = whole.length;
    }
    return this.#size;
  }

  async read(range?: ByteRange, options: ReadOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    checkRead(this, options);
    if (range === undefined) return this.#whole?.slice() ?? this.#readAll(options);
    checkRange(this, range, this.#whole?.length);
    const { start, end } = range;
    if (this.#whole !== undefined) return this.#whole.slice(start, end);
    if (start === end) return new Uint8Array(0);
    const headers = this.#asking(`bytes=${start}-${end - 1}`);
    const response = await this.#fetch({ headers }, options);
    if (response.status === 416) throw tooShort(this, end, (await this.size(options)) ?? 0);
    this.#check(response, start);
    if (response.status === 206) return this.#body(response, end - start, options);
    this.#whole = await this.#body(response, lengthOf(response), options);
    checkRange(this, range, this.#whole.length);
    return this.#whole.slice(start, end);
  }

  async #readAll(options: ReadOptions): Promise<Uint8Array<ArrayBuffer>> {
    const response = await this.#fetch({}, options);
    this.#check(response);
    // What another origin's answer was packed into may be what its length is of: the browser compares these itself.
    const length = response.type === "cors" ? undefined : lengthOf(response);
    return this.#body(response, length, options);
  }

  #asking(range: string): Headers {
    const headers = new Headers(this.#request.headers);
    headers.set("Range", range);
    return headers;
  }

  async #fetch(init: RequestInit, { signal }: ReadOptions): Promise<Response> {
    try {
      const request = { ...this.#request, ...init, ...(signal && { signal }) };
      return await fetch(this.#url, request);
    } catch (cause) {
      checkSignal(this, { signal });
      throw unreached(this, cause);
    }
  }

  /** @throws FileError for an answer that is not the file, not the part from `start` on, or a later one than that of before */
  #check(response: Response, start?: number): void {
    const wrong = this.#wrongOf(response, start);
    if (wrong === undefined) return;
    // What follows is not wanted.
    response.body?.cancel().catch(() => undefined);
    throw wrong;
  }

  #wrongOf(response: Response, start: number | undefined): FileError | undefined {
    if (isMissing(response)) return missing(this);
    const { status, statusText, headers } = response;
    if (!response.ok) {
      const fault = status === 401 || status === 403 ? "forbidden" : "failed";
      return fileError(this, fault, "the server must send it", `${status} ${statusText}`.trim());
    }
    const [, from] = /^bytes (\d+)-/.exec(headers.get("content-range") ?? "") ?? [];
    if (status === 206 && from !== undefined && Number(from) !== start) {
      return fileError(this, "cut", `the server must send it from byte ${start}`, `from ${from}`);
    }
    const version = headers.get("etag") ?? headers.get("last-modified") ?? undefined;
    if (this.#version !== undefined && version !== this.#version) {
      return fileError(this, "cut", "it must stay what it is while it is read", "another version");
    }
    this.#version = version;
    return undefined;
  }

  /** The bytes that follow, `length` of them where that is known. */
  async #body(
    response: Response,
    length: number | undefined,
    options: ReadOptions,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const chunks: Uint8Array[] = [];
    let received = 0;
    let isDone = false;
    const reader = response.body?.getReader();
    try {
      // One by one: what a server says of its length is not believed before the bytes are there.
      for (let next = await reader?.read(); next?.done === false; next = await reader?.read()) {
        chunks.push(next.value);
        received += next.value.length;
        options.onProgress?.(received, length);
        if (length !== undefined && received > length) break;
      }
      isDone = length === undefined || received <= length;
    } catch (cause) {
      checkSignal(this, options);
      const got = `${received}, and then ${Object(cause).message}`;
      throw fileError(this, "cut", `all ${length ?? ""} bytes must arrive`, got, { cause });
    } finally {
      // What else comes is not wanted. After an error there is nothing to cancel.
      if (!isDone) reader?.cancel().catch(() => undefined);
    }
    if (length === undefined || received === length) return concatenate(chunks);
    throw fileError(this, "cut", `${length} bytes must arrive`, `${received}`);
  }
}

/** Node says why beneath what it throws, a browser says nothing. */
function unreached(place: Source, cause: unknown): FileError {
  const { name, message, cause: beneath } = Object(cause);
  const why = Object(beneath).code ?? Object(beneath).message;
  return fileError(
    place,
    "failed",
    "it must be possible for it to be read",
    `${name}: ${message}${why === undefined ? "" : `, ${why}`}`.slice(0, 200),
    {
      cause,
      remedy:
        "Check its name and the connection; to a page the server of another origin must give it (CORS).",
    },
  );
}

function isMissing({ status }: Response): boolean {
  return status === 404 || status === 410;
}

/** Where the body travels packed, its length says nothing of what comes out. */
function lengthOf({ headers }: Response): number | undefined {
  const length = headers.get("content-length");
  const isPacked = (headers.get("content-encoding") ?? "identity") !== "identity";
  return length === null || isPacked || !/^\d{1,15}$/.test(length) ? undefined : Number(length);
}
