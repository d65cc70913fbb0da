import { anything, check, checkOptions, isIterable, record, rule } from "../arguments.ts";
import { bytesOf } from "../tensor/shape.ts";
import { currentRuntime } from "./current.ts";
import type { Runtime } from "./runtime.ts";
import { Variable } from "./tensor.ts";

/** What holds the memory of a device, in bytes. */
export interface MemoryByOwner<K extends string = string> {
  /** All that is allocated: the sum of what follows but `free`. */
  readonly bytes: number;
  /** Of variables that lie on the device, under the names that were given. One that is named twice counts once. */
  readonly owners: Readonly<Record<K, number>>;
  /** What kernels hand to each other within a run: one piece of memory for all plans, as large as the largest asks for. */
  readonly temporaries: number;
  /** Of plans: commands, parameters of kernels, and what a step is given and gives. */
  readonly plans: number;
  /** Tensors that nobody has named, and what lies between tensors that are packed. */
  readonly other: number;
  /** Beyond `bytes`: given back and kept for what is allocated next, or lost by rounding. */
  readonly free: number;
}

/** Which device `memoryByOwner` looks at. */
export interface MemoryByOwnerOptions {
  /** Which device; that of the runtime asked for last where nothing is said. */
  readonly runtime?: Runtime;
}

const iterable = rule("a list of variables", isIterable);
const variable = rule("a variable", (value) => value instanceof Variable);

/**
 * What the memory of a device is held by, now:
 *
 *     memoryByOwner({ parameters: model.parameters(), optimizer: optimizer.state().values() });
 *
 * Of a Trainer, `trainer.memory()` names everything that is its own.
 * @throws ArgumentError for what are no variables, GradgpuError before `init()`
 */
export function memoryByOwner<K extends string>(
  owners: Readonly<Record<K, Iterable<Variable>>>,
  options: MemoryByOwnerOptions = {},
): MemoryByOwner<K> {
  check("memoryByOwner", "owners", owners, record, "Give { parameters: model.parameters() }.");
  checkOptions("memoryByOwner", options, { runtime: anything });
  const runtime = options.runtime ?? currentRuntime("memoryByOwner");
  const counted = new Set<Variable>();
  const named = Object.entries<Iterable<Variable>>(owners).map(([name, list]) => {
    check("memoryByOwner", name, list, iterable);
    let bytes = 0;
    for (const one of list) {
      check("memoryByOwner", `one of ${name}`, one, variable);
      const { cell } = one;
      if (counted.has(one) || cell.isDisposed || cell.block.owner !== runtime) continue;
      counted.add(one);
      bytes += bytesOf(cell.type);
    }
    return [name, bytes] as const;
  });
  const { bytes, temporaryBytes, programBytes, freeBytes } = runtime.memory();
  const plans = programBytes + runtime.planBytes;
  const known = named.reduce((sum, [, own]) => sum + own, temporaryBytes + plans);
  return {
    bytes,
    owners: Object.fromEntries(named) as Record<K, number>,
    temporaries: temporaryBytes,
    plans,
    other: Math.max(0, bytes - known),
    free: freeBytes,
  };
}
