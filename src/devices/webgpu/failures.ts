import { type GradgpuError, KernelError, OutOfMemoryError } from "../../errors.ts";

/** Scopes around commands that are given to `device` before `pop`, which gives the first failure among them. */
export function openScopes(device: GPUDevice): { pop(): Promise<GradgpuError | undefined> } {
  device.pushErrorScope("out-of-memory");
  device.pushErrorScope("validation");
  return {
    pop: async () => {
      // Both are popped before either is waited for: what comes in between belongs to others.
      const popped = [device.popErrorScope(), device.popErrorScope()];
      // A device that is lost refuses; it says itself that it is lost.
      const errors = await Promise.all(popped).catch(() => []);
      const first = errors.find((error) => error !== null);
      return first === undefined || first === null ? undefined : failureOf(first);
    },
  };
}

/** What a GPUError means, as one of the library's errors. */
export function failureOf(error: GPUError): GradgpuError {
  // By name: `instanceof GPUOutOfMemoryError` needs a global that Node does not have.
  if (error.constructor.name === "GPUOutOfMemoryError") {
    return new OutOfMemoryError(
      `webgpu: the GPU must have memory for what is allocated; got "${error.message}". Use smaller batches or the cpu device.`,
    );
  }
  return new KernelError(
    `webgpu: every command must be valid; got "${error.message}". Please report this.`,
  );
}
