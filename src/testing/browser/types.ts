/** What a test has of a browser. Declarations of their own: they stand without puppeteer's. */
import type { AdapterWish, TestAdapter } from "../adapter.ts";

/** Which browser is opened, and what it serves. */
export interface TestBrowserOptions {
  /** Default "auto". */
  readonly adapter?: AdapterWish;
  /** Whether pages are cross-origin isolated, as SharedArrayBuffer and the cpu device's threads want it. Default true. */
  readonly isolated?: boolean;
  /** The folder whose modules are served. Default: the working directory. */
  readonly root?: string;
  /** Vite's configuration, besides that of the folder's own vite.config. */
  readonly vite?: object;
  /** Further flags of Chrome. */
  readonly flags?: readonly string[];
  /** The browser to take. Default: PUPPETEER_EXECUTABLE_PATH, or one that is found. */
  readonly executablePath?: string;
  /** Whether one is installed where there is none. Default true. */
  readonly install?: boolean;
}

/** Which page is opened. */
export interface TestPageOptions {
  /** Of the folder that is served, `"/app.html"`. Default: an empty page. */
  readonly path?: string;
}

/** A page with a profile of its own. */
export interface TestPage {
  /** Puppeteer's `Page`. */
  readonly page: object;
  /** Uncaught errors, console errors and failed requests, in order. */
  readonly errors: readonly string[];
  /**
   * Calls an exported function of a module inside the page: `call("/test/kernels.ts", "blur", [1, 2, 3])`. Arguments and
   * results travel as JSON. @throws what it throws
   */
  call(module: string, exportName: string, ...args: readonly unknown[]): Promise<unknown>;
  /** Closes the page. */
  close(): Promise<void>;
}

/** An open browser with a server of the user's modules. */
export interface TestBrowser {
  /** The adapter that its pages get. */
  readonly adapter: TestAdapter;
  /** "Chrome/143.0.7499.40". */
  readonly version: string;
  /** Where the modules are served: `http://127.0.0.1:<port>`. */
  readonly origin: string;
  /** Puppeteer's `Browser`. */
  readonly browser: object;
  /** Opens a page with a profile of its own. */
  openPage(options?: TestPageOptions): Promise<TestPage>;
  /** As `call` of a page, on one of its own. @throws GradgpuError where the page reports an error besides */
  run(module: string, exportName: string, ...args: readonly unknown[]): Promise<unknown>;
  /** Ends browser and server. */
  close(): Promise<void>;
}
