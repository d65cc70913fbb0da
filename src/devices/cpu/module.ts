import { DeviceUnavailableError } from "../../errors.ts";
import { kernelsRelaxedSimd, kernelsSimd } from "./generated/kernels.ts";
import { enableRelaxedSimd } from "./spawn.ts";

const MEMORY_IMPORT = 2;
const IMPORT_SECTION = 2;
const SHARED_FLAG = 2;

export interface CompiledKernels {
  readonly module: WebAssembly.Module;
  readonly relaxedSimd: boolean;
}

/** @throws DeviceUnavailableError where the host has no WebAssembly SIMD. */
export async function compileKernels(
  relaxedSimd: boolean,
  shared: boolean,
): Promise<CompiledKernels> {
  if (relaxedSimd) {
    enableRelaxedSimd();
    const relaxed = await moduleBytes(kernelsRelaxedSimd, shared);
    if (WebAssembly.validate(relaxed)) {
      return { module: await WebAssembly.compile(relaxed), relaxedSimd: true };
    }
  }
  const plain = await moduleBytes(kernelsSimd, shared);
  if (!WebAssembly.validate(plain)) {
    throw new DeviceUnavailableError(
      "init: the cpu device needs WebAssembly with SIMD and atomics; got a host that refuses them. " +
        "Chrome 91, Firefox 89, Safari 16.4 and Node 20.19 have them.",
    );
  }
  return { module: await WebAssembly.compile(plain), relaxedSimd: false };
}

/** The generated modules are deflated and in base64. */
async function moduleBytes(base64: string, shared: boolean): Promise<Uint8Array<ArrayBuffer>> {
  const deflated = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const inflated = new Blob([deflated])
    .stream()
    .pipeThrough(new DecompressionStream("deflate-raw"));
  const bytes = new Uint8Array(await new Response(inflated).arrayBuffer());
  if (!shared) unshareMemory(bytes);
  return bytes;
}

/**
 * Clears the shared flag of the imported memory, in place: atomic instructions are valid on a memory of one's
 * own, so one binary serves both. See the binary format, 5.5.5 (import section) and 5.3.9 (limits).
 */
export function unshareMemory(bytes: Uint8Array): void {
  let at = 8;
  const leb = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++] ?? 0;
      value |= (byte & 127) << shift;
      if (byte < 128) return value >>> 0;
    }
  };
  while (at < bytes.length) {
    const section = bytes[at++];
    const size = leb();
    if (section !== IMPORT_SECTION) {
      at += size;
      continue;
    }
    for (let imports = leb(); imports > 0; imports--) {
      for (const _name of ["module", "field"]) {
        const length = leb();
        at += length;
      }
      if (bytes[at++] === MEMORY_IMPORT) {
        bytes[at] = (bytes[at] ?? 0) & ~SHARED_FLAG;
        return;
      }
      // The kernels import nothing but their memory; a function would be one index.
      leb();
    }
    return;
  }
}
