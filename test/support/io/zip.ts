/** Zip files as PyTorch writes them, of entries that are stored as they are, and where their parts lie. */
import { crc32 } from "../../../src/io/crc32.ts";

export interface Zip {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly view: DataView;
  /** Where the entry's own header begins, by its number. */
  readonly local: readonly number[];
  /** Where its part of the directory begins. */
  readonly central: readonly number[];
  /** Where the end of the directory begins. */
  readonly end: number;
}

export const latin1 = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

/** `gap` are bytes between the directory and its end. */
export function zipOf(entries: readonly (readonly [name: string, text: string])[], gap = 0): Zip {
  const parts: Uint8Array[] = [];
  let at = 0;
  const put = (size: number, fill: (view: DataView) => void, ...behind: Uint8Array[]) => {
    const start = at;
    const head = new Uint8Array(size);
    fill(new DataView(head.buffer));
    for (const part of [head, ...behind]) {
      parts.push(part);
      at += part.length;
    }
    return start;
  };
  const local = entries.map(([name, text]) =>
    put(
      30,
      (view) => {
        view.setUint32(0, 0x04034b50, true);
        view.setUint16(26, name.length, true);
      },
      latin1(name),
      latin1(text),
    ),
  );
  const directory = at;
  const central = entries.map(([name, text], i) =>
    put(
      46,
      (view) => {
        view.setUint32(0, 0x02014b50, true);
        view.setUint32(16, crc32(latin1(text)), true);
        view.setUint32(20, text.length, true);
        view.setUint32(24, text.length, true);
        view.setUint16(28, name.length, true);
        view.setUint32(42, local[i] ?? 0, true);
      },
      latin1(name),
    ),
  );
  const length = at - directory;
  put(gap, () => undefined);
  const end = put(22, (view) => {
    view.setUint32(0, 0x06054b50, true);
    view.setUint32(12, length, true);
    view.setUint32(16, directory, true);
  });
  const bytes = new Uint8Array(at);
  let to = 0;
  for (const part of parts) {
    bytes.set(part, to);
    to += part.length;
  }
  return { bytes, view: new DataView(bytes.buffer), local, central, end };
}
