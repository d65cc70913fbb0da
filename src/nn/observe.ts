import type { AnyModule, Tensors } from "./module.ts";

type Observer = (module: AnyModule, y: Tensors) => void;

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

export function observe(module: AnyModule, y: Tensors): void {
  observer?.(module, y);
}
