/** From names of engines to what starts them, in Chrome, in Node, or in a process of PyTorch. */
import type { EngineModule } from "./engines.ts";
import { ENGINES, type EngineEntry, type EngineName } from "./engines.ts";
import { startProcess } from "./line-host.ts";
import type { Contender } from "./measure.ts";
import type { Host } from "./session.ts";

export interface Starter {
  /** Chrome's way to start an engine; undefined where the runner is Node. */
  readonly inChrome: ((name: EngineName) => Promise<Host>) | undefined;
  /** Modules that cannot be had, and why. */
  readonly missing: ReadonlyMap<EngineModule, string>;
  readonly threads: number | undefined;
  readonly assetBase: string | undefined;
  /** Where pytorch.py is, and node-session.ts. */
  readonly torchSession: string;
  readonly nodeSession: string;
}

/** Debian's, which is the one that apt's python3-torch belongs to; GRADGPU_BENCH_PYTHON names another. */
function python(): string {
  return process.env.GRADGPU_BENCH_PYTHON ?? "/usr/bin/python3";
}

function start(entry: EngineEntry, starter: Starter): Promise<Host> {
  const { name, module } = entry;
  if (module === undefined)
    return Promise.resolve(startProcess(python(), ["-u", starter.torchSession]));
  const why = starter.missing.get(module);
  if (why !== undefined) return Promise.reject(new Error(why));
  if (starter.inChrome !== undefined) return starter.inChrome(name);
  const args = ["--import", "tsx", "--conditions=gradgpu-source", starter.nodeSession, name];
  return Promise.resolve(startProcess(process.execPath, args));
}

/** The engines of a run, and jax-js on wasm a second time with one thread. */
export function contendersOf(names: readonly EngineName[], starter: Starter): Contender[] {
  const { threads, assetBase } = starter;
  return names.flatMap((name) => {
    const entry = ENGINES[name];
    const common = {
      entry,
      start: () => start(entry, starter),
      ...(assetBase === undefined || entry.module === undefined ? {} : { assetBase }),
    };
    const asked = threads === undefined || entry.device !== "cpu" ? common : { ...common, threads };
    return entry.alsoWithOneThread === true && threads !== 1
      ? [asked, { ...common, threads: 1 }]
      : [asked];
  });
}
