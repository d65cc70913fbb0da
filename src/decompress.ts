import { hosted } from "./host.ts";

/**
 * What `bytes` unpack to, chunk by chunk; reading rejects where they are damaged. Written to the stream by hand: the
 * Blob of a simulated page (jsdom's) has no `stream()`.
 */
export function decompress(
  bytes: Uint8Array,
  format: CompressionFormat,
): ReadableStreamDefaultReader<Uint8Array> {
  const { readable, writable } = new (hosted("DecompressionStream"))(format);
  const writer = writable.getWriter();
  // The library's bytes are never shared. The reader hears of what goes wrong.
  for (const written of [writer.write(bytes as Uint8Array<ArrayBuffer>), writer.close()])
    written.catch(() => undefined);
  return readable.getReader();
}

/** `chunks` one behind the other. */
export function concatenate(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    joined.set(chunk, at);
    at += chunk.length;
  }
  return joined;
}
