/** jax-js, on its WebAssembly and WebGPU back ends. The page is its own: the default device is global. */
import type { Engine, EngineInfo, EngineOptions } from "../contract.ts";
import { type Jax, Session } from "./jax/library.ts";
import { workOf } from "./jax/work.ts";
import { attempt, describeAdapter, prepared, threadsAskedFor } from "./support.ts";

const VERSION = "0.1.25";

export function createEngine(name: string): Engine {
  let session: Session | undefined;
  return {
    async open(options) {
      const opened = name === "jax-webgpu" ? await openWebgpu(name) : await openWasm(name, options);
      session = opened.session;
      return opened.info;
    },
    prepare: (benchCase) =>
      attempt(async () => {
        if (session === undefined) throw new Error("The engine is not open.");
        const work = workOf(session, benchCase);
        return "cannot" in work ? work : await prepared(work);
      }),
    async close() {
      session = undefined;
    },
  };
}

interface Opened {
  readonly session: Session;
  readonly info: EngineInfo;
}

async function openWebgpu(engine: string): Promise<Opened> {
  const jax = await import("@jax-js/jax");
  const devices = await jax.init("webgpu");
  if (!devices.includes("webgpu")) throw new Error(`jax-js has no WebGPU here, only ${devices}.`);
  jax.defaultDevice("webgpu");
  assertDevice(jax, "webgpu");
  return {
    session: new Session(jax, true),
    info: {
      engine,
      device: "webgpu",
      backend: "webgpu",
      version: VERSION,
      ...(await describeAdapter()),
    },
  };
}

/**
 * The library makes one worker per logical processor if there is a SharedArrayBuffer when it is imported, and computes
 * on the page's own thread otherwise, as in a page that is not cross-origin isolated. So one thread is asked for by
 * taking SharedArrayBuffer away, another number by saying that there are so many processors.
 */
async function openWasm(engine: string, options: EngineOptions): Promise<Opened> {
  const threads = threadsAskedFor(options.threads);
  if (threads === 1) Reflect.deleteProperty(globalThis, "SharedArrayBuffer");
  const hasPool = typeof SharedArrayBuffer !== "undefined" && typeof Worker !== "undefined";
  if (hasPool && threads !== navigator.hardwareConcurrency) {
    Object.defineProperty(navigator, "hardwareConcurrency", { value: threads });
  }
  let workers = 0;
  const stop = countWorkers(() => {
    workers += 1;
  });
  const jax = await import("@jax-js/jax");
  await jax.init("wasm");
  jax.defaultDevice("wasm");
  assertDevice(jax, "wasm");
  await jax.blockUntilReady(
    jax.jit((x: ReturnType<Jax["numpy"]["zeros"]>) => x.add(1))(jax.numpy.zeros([65536])),
  );
  stop();
  if (workers !== (hasPool ? threads : 0)) {
    throw new Error(`jax-js has ${workers} workers where ${hasPool ? threads : 0} were asked for.`);
  }
  return {
    session: new Session(jax, false),
    info: {
      engine,
      device: "cpu",
      backend: hasPool ? "wasm, workers" : "wasm, one thread",
      threads: Math.max(1, workers),
      version: VERSION,
    },
  };
}

/** Calls `seen` for every worker that is made until the returned function is called. */
function countWorkers(seen: () => void): () => void {
  if (typeof Worker === "undefined") return () => {};
  const Original = Worker;
  globalThis.Worker = class extends Original {
    constructor(...args: ConstructorParameters<typeof Worker>) {
      super(...args);
      seen();
    }
  };
  return () => {
    globalThis.Worker = Original;
  };
}

function assertDevice(jax: Jax, device: "wasm" | "webgpu"): void {
  const array = jax.numpy.zeros([2, 3]);
  const got = array.device;
  array.dispose();
  if (got !== device) throw new Error(`jax-js runs on ${got}, not on ${device}.`);
}
