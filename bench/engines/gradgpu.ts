/** gradgpu on its two devices. Data and weights lie on the device before the timing, as they do for every peer. */
import { init, type Opened } from "gradgpu";
import type {
  BenchCase,
  Cannot,
  Engine,
  EngineInfo,
  EngineOptions,
  Prepared,
} from "../contract.ts";
import { prepareKernel } from "./gradgpu-kernels.ts";
import { prepareOverhead } from "./gradgpu-overheads.ts";
import { prepareStep } from "./gradgpu-steps.ts";

const VERSION = "0.1.0";

export function createEngine(name: string): Engine {
  if (name !== "gradgpu-cpu" && name !== "gradgpu-webgpu") {
    throw new Error(`gradgpu: there is no engine ${name} here.`);
  }
  return new GradgpuEngine(name === "gradgpu-cpu" ? "cpu" : "webgpu");
}

class GradgpuEngine implements Engine {
  readonly #device: "cpu" | "webgpu";
  #opened: Opened | undefined;
  #options: EngineOptions = {};
  #openedInMs = 0;

  constructor(device: "cpu" | "webgpu") {
    this.#device = device;
  }

  async open(options: EngineOptions): Promise<EngineInfo> {
    this.#options = options;
    const start = performance.now();
    const opened = await this.#init();
    this.#opened = opened;
    this.#openedInMs = performance.now() - start;
    if (opened.device !== this.#device) {
      throw new Error(`gradgpu: asked for ${this.#device}; got ${opened.device}.`);
    }
    const common = { engine: `gradgpu-${this.#device}`, device: this.#device, version: VERSION };
    const { description } = opened;
    if (this.#device === "webgpu") {
      const isFallbackAdapter = description.endsWith(", software");
      return { ...common, backend: "webgpu", adapter: description, isFallbackAdapter };
    }
    const threads = Number(/(\d+) threads?/.exec(description)?.[1]);
    if (options.threads !== undefined && threads !== options.threads) {
      throw new Error(
        `gradgpu: asked for ${options.threads} threads; got ${description}. A page needs cross-origin isolation.`,
      );
    }
    return { ...common, backend: description, threads };
  }

  #init(): Promise<Opened> {
    const { threads } = this.#options;
    const own = this.#device === "cpu" && threads !== undefined ? { threads } : {};
    return init({ device: this.#device, seed: 1, ...own });
  }

  async prepare(benchCase: BenchCase): Promise<Prepared | Cannot> {
    const opened = this.#opened;
    if (opened === undefined) throw new Error("gradgpu: open() comes before prepare().");
    if (benchCase.kind === "overhead") {
      const { runtime } = opened;
      const open = async () => (await this.#init()).runtime;
      return prepareOverhead(benchCase, { runtime, openedInMs: this.#openedInMs, open });
    }
    const prepared =
      prepareStep(benchCase, opened.runtime) ?? prepareKernel(benchCase, opened.runtime);
    return prepared ?? { cannot: `gradgpu ${VERSION} has no ${benchCase.kind} yet` };
  }

  async close(): Promise<void> {
    await this.#opened?.runtime.close();
    this.#opened = undefined;
  }
}
