/**
 * Dawn asks for what has happened in a loop of `setImmediate`, as long as anything is under way. That is a core that never
 * rests while SwiftShader compiles and computes on it. Here Dawn asks once a millisecond; tests with many kernels take a
 * third less of the processors.
 */

/** What a native module hands over: it has no name, and no source. What JavaScript hands over runs as it did. */
function isNative(callback: (...args: never[]) => void): boolean {
  return callback.name === "" && `${callback}`.endsWith("{ [native code] }");
}

// Files may share a process: once is enough.
const known = Symbol.for("gradgpu: Dawn asks once a millisecond");

/** For the rest of the process. */
export function pollDawnPatiently(): void {
  if (known in globalThis) return;
  Object.defineProperty(globalThis, known, { value: true });
  const immediately = globalThis.setImmediate;
  const patient = (callback: (...args: unknown[]) => void, ...args: unknown[]) =>
    // Dawn takes no handle and cancels nothing.
    isNative(callback) ? setTimeout(callback, 1, ...args) : immediately(callback, ...args);
  globalThis.setImmediate = Object.assign(patient, immediately);
}
