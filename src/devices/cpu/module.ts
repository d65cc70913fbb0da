import { concatenate, decompress } from "../../decompress.ts";
import { DeviceUnavailableError } from "../../errors.ts";
import { kernelBytes, packedKernels, SLICE_BYTES } from "./generated/kernels.ts";
import { enableRelaxedSimd } from "./spawn.ts";

const MEMORY_IMPORT = 2;
const IMPORT_SECTION = 2;
const SHARED_FLAG = 2;

export interface CompiledKernels {
  readonly module: WebAssembly.Module;
  readonly relaxedSimd: boolean;
}

/** @throws DeviceUnavailableError where the host has no WebAssembly SIMD, or the page's policy no WebAssembly. */
export async function compileKernels(
  relaxedSimd: boolean,
  shared: boolean,
): Promise<CompiledKernels> {
  if (typeof WebAssembly !== "object") throw noSimd("a host without WebAssembly");
  const [plain, relaxed] = unpackKernels(await inflate(packedKernels));
  if (!shared) for (const module of [plain, relaxed]) unshareMemory(module);
  if (relaxedSimd) {
    enableRelaxedSimd();
    if (WebAssembly.validate(relaxed)) return { module: await compile(relaxed), relaxedSimd: true };
  }
  if (!WebAssembly.validate(plain)) throw noSimd("a host that refuses them");
  return { module: await compile(plain), relaxedSimd: false };
}

function noSimd(got: string): DeviceUnavailableError {
  return new DeviceUnavailableError(
    `init: the cpu device needs WebAssembly with SIMD and atomics; got ${got}. ` +
      "Chrome 103, Firefox 113, Safari 16.4 and Node 20.19 have them.",
  );
}

/** A module that is valid: what can be against it is the page's policy, or memory. */
async function compile(bytes: Bytes): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(bytes);
  } catch (error) {
    throw new DeviceUnavailableError(
      `init: the cpu device must be allowed to compile WebAssembly; got ${String(error)}. ` +
        "On a page, add 'wasm-unsafe-eval' to the script-src of its Content-Security-Policy.",
    );
  }
}

type Bytes = Uint8Array<ArrayBuffer>;

async function inflate(base64: string): Promise<Bytes> {
  const deflated = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const reader = decompress(deflated, "deflate-raw");
  const chunks: Uint8Array[] = [];
  for (let next = await reader.read(); !next.done; next = await reader.read())
    chunks.push(next.value);
  return concatenate(chunks);
}

/** Puts the slices of the two modules together again. */
function unpackKernels(packed: Bytes): [plain: Bytes, relaxed: Bytes] {
  const plain = new Uint8Array(kernelBytes.simd);
  const relaxed = new Uint8Array(kernelBytes.relaxedSimd);
  let at = 0;
  for (let from = 0; at < packed.length; from += SLICE_BYTES) {
    for (const module of [plain, relaxed]) {
      const slice = module.subarray(from, from + SLICE_BYTES);
      slice.set(packed.subarray(at, at + slice.length));
      at += slice.length;
    }
  }
  return [plain, relaxed];
}

/**
 * Clears the shared flag of the imported memory, in place: atomic instructions are valid on a memory of one's
 * own, so one binary serves both. See the binary format, 5.5.5 (import section) and 5.3.9 (limits).
 */
function unshareMemory(bytes: Uint8Array): void {
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
