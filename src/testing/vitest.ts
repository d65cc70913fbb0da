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
  /** What it adds to the configuration, where that says nothing else; Vite calls it. */
  readonly config: {
    /** Before Vitest looks whether tests run in a browser. */
    readonly order: "pre";
    /** Vite calls it. */
    handler(given: object): Promise<object>;
  };
}

/** A software GPU compiles for seconds what a GPU has at once. */
const LIMIT_MS = 60_000;

/**
 * A Vitest project whose tests have WebGPU: `plugins: [gpuTests({ in: "node" })]`. In a browser it needs
 * @vitest/browser-playwright and playwright; the browser is the one of `launchOptions`. What the configuration says
 * itself, of limits or of the browser, goes before.
 * @throws DeviceUnavailableError, when Vitest starts, where there is no browser whose pages get such an adapter
 */
export function gpuTests(options: GpuTestsOptions): GpuTestsPlugin {
  checkOptions("gpuTests", options, {
    in: required(oneOf("node", "browser")),
    adapter: adapterWish,
    isolated: flag,
  });
  const { adapter = "auto", isolated = true } = options;
  const wanted = options.in === "node" ? inNode : inBrowser;
  const handler = async (given: object) =>
    unsaid(await wanted(adapter, isolated), given as Settings); // any configuration can be read by names
  return { name: "gradgpu-tests", config: { order: "pre", handler } };
}

type Settings = Readonly<Record<string, unknown>>;

/** Records of settings, of which each is said by itself. */
const RECORDS: readonly string[] = ["test", "browser", "env", "server", "headers"];

/** Those of `wanted` that `given` does not say: Vite would let them win. Lists of files are joined by Vite. */
function unsaid(wanted: Settings, given: Settings): Settings {
  const entries = Object.entries(wanted).flatMap(([name, value]) => {
    const said = given[name];
    if (said === undefined || name === "setupFiles") return [[name, value]];
    return RECORDS.includes(name) ? [[name, unsaid(value as Settings, said as Settings)]] : [];
  });
  return Object.fromEntries(entries) as Settings;
}

async function inNode(adapter: AdapterWish): Promise<Settings> {
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

async function inBrowser(adapter: AdapterWish, isolated: boolean): Promise<Settings> {
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
