import { InternalError } from "../../errors.ts";
import { BYTES_PER_ELEMENT } from "../../tensor/dtype.ts";
import type { Storage } from "../device.ts";

/** Refuses bytes that do not all lie in `storage`, or begin or end inside an element. @throws InternalError */
export function checkRange(call: string, storage: Storage, offset: number, bytes: number): void {
  const isWhole = offset % BYTES_PER_ELEMENT === 0 && bytes % BYTES_PER_ELEMENT === 0;
  // Said so that NaN is refused as well.
  if (isWhole && offset >= 0 && bytes >= 0 && offset + bytes <= storage.bytes) return;
  throw new InternalError(
    `${call}: bytes must be whole elements within the storage; got ${bytes} at ${offset} of ${storage.bytes}.`,
  );
}

/** Refuses storages that do not fit the plan. @throws InternalError */
export function checkBindings(
  plan: { readonly bindings: readonly { readonly bytes: number; readonly name: string }[] },
  storages: readonly Storage[],
): void {
  const { bindings } = plan;
  if (bindings.length !== storages.length) {
    throw new InternalError(
      `run: a plan takes ${bindings.length} storages; got ${storages.length}.`,
    );
  }
  for (let i = 0; i < bindings.length; i++) {
    const wanted = bindings[i];
    const given = storages[i];
    if (wanted === undefined || given === undefined || given.bytes >= wanted.bytes) continue;
    throw new InternalError(
      `run: binding ${i} (${wanted.name}) must have ${wanted.bytes} bytes; got ${given.bytes}.`,
    );
  }
}
