import { checkOptions, positive } from "../arguments.ts";
import { concatenate, decompress } from "../decompress.ts";
import { FormatError } from "../errors.ts";
import { checkFile } from "./file.ts";

/** 256 MiB: five times the largest file of MNIST, uncompressed. */
const DEFAULT_MAX_BYTES = 256 * 2 ** 20;

/**
 * `bytes` unpacked where they are gzip, and `bytes` themselves where they are not. `name` is what errors call the
 * file; a file that unpacks to more than `maxBytes` is refused while it is being read.
 * @throws FormatError where the file is damaged, cut short or too large; ArgumentError for what are no bytes
 */
export async function gunzip(
  bytes: Uint8Array,
  name: string,
  options: { readonly maxBytes?: number } = {},
): Promise<Uint8Array> {
  checkFile("gunzip", bytes, name);
  checkOptions<{ readonly maxBytes?: number }>("gunzip", options, { maxBytes: positive });
  const { maxBytes = DEFAULT_MAX_BYTES } = options;
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = decompress(bytes, "gzip");
  for (;;) {
    const next = await reader.read().catch((cause: unknown) => {
      throw damaged(name, bytes.length, cause);
    });
    if (next.done) break;
    length += next.value.length;
    if (length > maxBytes) {
      await reader.cancel();
      throw new FormatError(
        `gunzip: ${name} must unpack to at most ${maxBytes} bytes; got more. Raise maxBytes if it is meant to.`,
        0,
      );
    }
    chunks.push(next.value);
  }
  return concatenate(chunks);
}

function damaged(name: string, lengthBytes: number, cause: unknown): FormatError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new FormatError(
    `gunzip: ${name} must be a whole gzip file; got ${lengthBytes} bytes that do not unpack (${why}). ` +
      "Fetch the file again.",
    lengthBytes,
  );
}
