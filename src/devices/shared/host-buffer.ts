import { OutOfMemoryError } from "../../errors.ts";

/** An array for `bytes` on the host. @throws OutOfMemoryError, which `refusal` makes */
export function hostBuffer(call: string, bytes: number, refusal = noHostMemory): ArrayBuffer {
  try {
    return new ArrayBuffer(bytes);
  } catch {
    throw refusal(call, bytes);
  }
}

export function noHostMemory(call: string, bytes: number): OutOfMemoryError {
  return new OutOfMemoryError(
    `${call}: the host must have memory for a copy; got no room for ${bytes} bytes. Read or write it in parts.`,
  );
}
