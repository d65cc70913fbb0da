import { checkOptions, flag, oneOf, required } from "../arguments.ts";
import { type AdapterWish, adapterWish } from "./adapter.ts";
import { launchOptions } from "./launch-options.ts";

/** Where tests with a GPU run. */
export interface GpuTestsOptions {
  /** Where tests run: "node", with `navigator.gpu` by Dawn, or "browser", in a headless Chrome. */
  readonly in: "node" | "browser";
  /** Default "auto". */
  readonly adapter?: AdapterWish;
  /** Whether pages are cross-origin isolated. Default true. */
  readonly isolated?: boolean;
}

/** A plugin of Vite and Vitest. */
export interface GpuTestsPlugin {
  /** What Vite calls it. */
  readonly name: string;
  /** What it adds to the configuration; Vite calls it. */
  config(): Promise<object>;
}

/** A software GPU compiles for seconds what a GPU has at once. */
const LIMIT_MS = 60_000;

/**
 * A Vitest project whose tests have WebGPU: `plugins: [gpuTests({ in: "node" })]`. In a browser it needs
 * @vitest/browser-playwright and playwright-core; the browser is the one of `openTestBrowser`.
 * @throws DeviceUnavailableError, when Vitest starts, where there is no such browser
 */
export function gpuTests(options: GpuTestsOptions): GpuTestsPlugin {
  checkOptions("gpuTests", options, {
    in: required(oneOf("node", "browser")),
    adapter: adapterWish,
    isolated: flag,
  });
  const { adapter = "auto", isolated = true } = options;
  const config = options.in === "node" ? inNode : inBrowser;
  return { name: "gradgpu-tests", config: () => config(adapter, isolated) };
}

async function inNode(adapter: AdapterWish): Promise<object> {
  return {
    test: {
      // Processes, not threads: Dawn is a native module and its GPU is one per process.
      pool: "forks",
      setupFiles: ["gradgpu/testing/setup"],
      env: { GRADGPU_TEST_ADAPTER: adapter },
      testTimeout: LIMIT_MS,
      hookTimeout: LIMIT_MS,
    },
  };
}

interface Provider {
  playwright(options: object): object;
}

async function inBrowser(adapter: AdapterWish, isolated: boolean): Promise<object> {
  const [{ importPeer }, { ISOLATION }] = await Promise.all([
    import("./peer.ts"),
    import("./browser/serve.ts"),
  ]);
  const { playwright } = await importPeer<Provider>("gpuTests", "@vitest/browser-playwright");
  return {
    server: { headers: isolated ? ISOLATION : {} },
    test: {
      testTimeout: LIMIT_MS,
      hookTimeout: LIMIT_MS,
      browser: {
        enabled: true,
        headless: true,
        screenshotFailures: false,
        provider: playwright({ launchOptions: await launchOptions({ adapter }) }),
        instances: [{ browser: "chromium" }],
      },
    },
  };
}
