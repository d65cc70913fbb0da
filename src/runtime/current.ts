import { GradgpuError } from "../errors.ts";
import type { Runtime } from "./runtime.ts";

let current: Runtime | undefined;
/** Runtimes that `init` has opened and nobody has closed, the one asked for last at the end. */
let opened: readonly Runtime[] = [];

/** Where tensors go that neither lie nor belong anywhere yet: the runtime asked for last. @throws GradgpuError before `init()` */
export function currentRuntime(caller: string): Runtime {
  if (current === undefined) {
    throw new GradgpuError(`${caller}: no device is open. Call \`await init()\` first.`);
  }
  return current;
}

export function openRuntime(): Runtime | undefined {
  return current;
}

export function setCurrentRuntime(runtime: Runtime | undefined): void {
  current = runtime;
}

/** Makes `runtime` the current one; it takes that place again when those that came later are closed. */
export function enterRuntime(runtime: Runtime): void {
  opened = [...opened.filter((one) => one !== runtime), runtime];
  current = runtime;
}

/** `runtime` is closed: the current one is then the last that is still open. */
export function leaveRuntime(runtime: Runtime): void {
  opened = opened.filter((one) => one !== runtime);
  if (current === runtime) current = opened.at(-1);
}

/** `next` takes the place of `before`, whose device was lost. */
export function succeedRuntime(before: Runtime, next: Runtime): void {
  opened = opened.map((one) => (one === before ? next : one));
  if (current === before) current = next;
}
