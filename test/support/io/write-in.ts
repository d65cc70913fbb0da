/** A process of its own that writes a file of `bytes` into a folder, as nobody where it is told so, and says what came. */
import type { FileError } from "../../../src/errors.ts";
import { folder } from "../../../src/io/index.ts";

const [path = "", bytes = "0", user] = process.argv.slice(2);
if (user === "nobody" && process.getuid?.() === 0) process.setuid?.(65_534);
const block = new Uint8Array(16_384);
const pieces = Array.from({ length: Number(bytes) / block.length }, () => block);
const place = folder(path).place("kept");
const error = await place.write(pieces).then(
  () => undefined,
  (thrown: FileError) => thrown,
);
console.log(JSON.stringify({ name: error?.name, fault: error?.fault, message: error?.message }));
