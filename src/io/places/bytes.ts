import { check, rule, text } from "../../arguments.ts";
import type { ByteRange, ReadOptions, Source } from "../place.ts";
import { readBlob, readBytes } from "./contents.ts";
import { checkRead } from "./faults.ts";

/**
 * Bytes that are there already, as a file that can be read. `description` is what errors call it.
 * @throws ArgumentError for what are no bytes; FileError where it is written
 */
export function bytes(content: Uint8Array, description = "bytes"): Source {
  check(
    "bytes",
    "the content",
    content,
    aUint8Array,
    "View an ArrayBuffer: new Uint8Array(buffer).",
  );
  check("bytes", "the description", description, text, 'It stands in messages: "my-model.pt".');
  const self: Source = {
    description,
    size: async () => content.length,
    async read(range?: ByteRange, options: ReadOptions = {}) {
      checkRead(self, options);
      return readBytes(self, content, range, options);
    },
  };
  return self;
}
const aUint8Array = rule("a Uint8Array", (value) => value instanceof Uint8Array);

/**
 * A Blob, or a File that someone has chosen: read where it lies, part by part.
 * @throws ArgumentError for what is no Blob; where it is read, FileError where the browser does not give it
 */
export function blob(content: Blob, description?: string): Source {
  check("blob", "the content", content, aBlob, "It is a Blob or a File; of bytes: bytes(content).");
  const own = description ?? nameOf(content);
  check("blob", "the description", own, text, 'It stands in messages: "my-model.pt".');
  const self: Source = {
    description: own,
    size: async () => content.size,
    async read(range?: ByteRange, options: ReadOptions = {}) {
      checkRead(self, options);
      return readBlob(self, content, range, options);
    },
  };
  return self;
}
const aBlob = rule(
  "a Blob",
  (value) =>
    typeof Object(value).arrayBuffer === "function" && typeof Object(value).size === "number",
);

function nameOf(content: Blob): string {
  return "name" in content && typeof content.name === "string" ? `file ${content.name}` : "blob";
}
