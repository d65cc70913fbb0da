import type { AnyModule, Tensors } from "./module.ts";

/** `from` is the node id at which the module began, see `nextNodeId`. */
type Observer = (module: AnyModule, y: Tensors, from: number) => void;

// Modules are applied synchronously, so one slot is enough: see whileTracing in the runtime.
let observer: Observer | undefined;

/** Runs `body` and tells `notes` of every module that is applied meanwhile. */
export function whileObserving<R>(notes: Observer, body: () => R): R {
  const outer = observer;
  observer = notes;
  try {
    return body();
  } finally {
    observer = outer;
  }
}

export function observe(module: AnyModule, y: Tensors, from: number): void {
  observer?.(module, y, from);
}
