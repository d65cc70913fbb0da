/** Follows what a call returned to its end: waits, iterates a little, and reads tensors. */
import { Tensor } from "../../../src/index.ts";

const ITEMS = 3;

export interface SettleOptions {
  /** Whether tensors are computed as well. */
  readonly reads: boolean;
  readonly notes: (value: unknown) => void;
}

export async function settle(result: unknown, options: SettleOptions): Promise<void> {
  // What can be iterated may also be awaited, but hardly both.
  const value = isIterator(result) ? result : passOver(await result);
  options.notes(value);
  if (isIterator(value)) {
    for (let i = 0; i < ITEMS; i++) {
      const next = await value.next();
      if (next.done === true) return;
      options.notes(next.value);
    }
    await value.return?.();
    return;
  }
  if (!options.reads) return;
  for (const tensor of tensorsOf(value)) {
    const elements = await tensor.data();
    if (elements.length === tensor.size) continue;
    throw new Error(`${tensor} gave ${elements.length} elements`);
  }
}

function isIterator(value: unknown): value is Iterator<unknown> | AsyncIterator<unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as { next?: unknown }).next === "function" &&
    (Symbol.iterator in value || Symbol.asyncIterator in value)
  );
}

/** What a pipeline reads only when it is asked for. */
function passOver(value: unknown): unknown {
  const isPipeline = typeof value === "object" && value !== null && Symbol.asyncIterator in value;
  return isPipeline && !isIterator(value)
    ? (value as AsyncIterable<unknown>)[Symbol.asyncIterator]()
    : value;
}

/** Tensors in lists, maps and records, as deep as results go. */
export function tensorsOf(value: unknown, depth = 0): Tensor[] {
  if (value instanceof Tensor) return [value];
  if (typeof value !== "object" || value === null || depth > 3 || ArrayBuffer.isView(value))
    return [];
  if (value instanceof Map) return [...value.values()].flatMap((one) => tensorsOf(one, depth + 1));
  const isPlain = Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
  return isPlain ? Object.values(value).flatMap((one) => tensorsOf(one, depth + 1)) : [];
}

/** Gives the memory of everything back that a call made or was given. */
export function disposeOf(value: unknown, kept: ReadonlySet<unknown>): void {
  for (const tensor of tensorsOf(value)) if (!kept.has(tensor)) tensor.dispose();
  if (kept.has(value) || value === null) return;
  if (typeof value !== "object" && typeof value !== "function") return;
  const held = value as {
    parameters?: unknown;
    kind?: unknown;
    state?: unknown;
    dispose?: unknown;
    setLearningRate?: unknown;
    model?: unknown;
  };
  if (typeof held.parameters === "function" && typeof held.kind === "string")
    disposeOf(held.parameters(), kept);
  else if (typeof held.setLearningRate === "function" && typeof held.state === "function")
    disposeOf(held.state(), kept);
  else if (typeof held.dispose === "function" && !(value instanceof Tensor)) held.dispose();
  if (typeof held.model === "function") disposeOf(held.model, kept);
}
