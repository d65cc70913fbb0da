/** What every folder must do, wherever it lies: also run in pages, so it throws by itself and gives what failed. */
import type { Folder, Pieces } from "../../../src/io/index.ts";

const bytes = (...of: number[]) => Uint8Array.from(of);

/** A title for each thing that `folder`, which must be empty, does otherwise than it must. */
export async function checkFolder(folder: Folder): Promise<string[]> {
  const failures: string[] = [];
  for (const [title, holds] of Object.entries(RULES)) {
    try {
      if (!(await holds(folder))) failures.push(title);
    } catch (error) {
      failures.push(`${title}: ${error instanceof Error ? error.stack : String(error)}`);
    }
    for (const name of await folder.names()) await folder.place(name).remove();
  }
  return failures;
}

export const ruleCount = () => Object.keys(RULES).length;

const RULES: Readonly<Record<string, (folder: Folder) => Promise<boolean>>> = {
  "an empty folder has no names": async (folder) => (await folder.names()).length === 0,

  "what is not there has no size, and is refused as missing": async (folder) => {
    const place = folder.place("a");
    return (await place.size()) === undefined && (await faultOf(place.read())) === "missing";
  },

  "pieces come back as one file, and parts of it": async (folder) => {
    const place = folder.place("a.bin");
    await place.write([bytes(1, 2), bytes(), bytes(3, 4, 5)]);
    return (
      (await place.size()) === 5 &&
      same(await place.read(), 1, 2, 3, 4, 5) &&
      same(await place.read({ start: 1, end: 4 }), 2, 3, 4) &&
      same(await place.read({ start: 5, end: 5 }))
    );
  },

  "pieces may be made as they are written": async (folder) => {
    const place = folder.place("a");
    await place.write(
      (async function* () {
        yield bytes(9);
        yield bytes(8);
      })(),
    );
    return same(await place.read(), 9, 8);
  },

  "pieces that are changed once the next is asked for are written as they were": async (folder) => {
    const place = folder.place("a");
    const piece = bytes(1);
    await place.write(
      (function* () {
        yield piece;
        piece[0] = 2;
        yield piece;
      })(),
    );
    return same(await place.read(), 1, 2);
  },

  "a file of nothing is there": async (folder) => {
    await folder.place("a").write([]);
    return (await folder.place("a").size()) === 0 && (await folder.names()).join() === "a";
  },

  "a large file comes back": async (folder) => {
    const block = new Uint8Array(3 * 2 ** 20).map((_, i) => i * 7);
    await folder.place("a").write([block, block]);
    const read = await folder.place("a").read();
    const isSame = (part: Uint8Array) => part.every((x, i) => x === block[i]);
    return (
      read.length === 2 * block.length &&
      isSame(read.subarray(0, block.length)) &&
      isSame(read.subarray(block.length))
    );
  },

  "names are in order, and removed files are gone": async (folder) => {
    for (const name of ["b", "a", "c d"]) await folder.place(name).write([bytes(1)]);
    const before = (await folder.names()).join();
    await folder.place("a").remove();
    await folder.place("never").remove();
    return before === "a,b,c d" && (await folder.names()).join() === "b,c d";
  },

  "a shorter file takes the place of a longer one": async (folder) => {
    await folder.place("a").write([bytes(1, 2, 3)]);
    await folder.place("a").write([bytes(4)]);
    return same(await folder.place("a").read(), 4);
  },

  "where making a piece fails the old file stays, whole and alone": async (folder) => {
    const place = folder.place("a");
    await place.write([bytes(1, 2, 3)]);
    const wrong = (function* (): Generator<Uint8Array> {
      yield bytes(4);
      throw new RangeError("mine");
    })();
    const thrown = await place.write(wrong).catch((error: unknown) => error);
    return (
      thrown instanceof RangeError &&
      same(await place.read(), 1, 2, 3) &&
      (await folder.names()).join() === "a"
    );
  },

  "where making a piece fails and nothing was there, nothing is": async (folder) => {
    const wrong = (function* (): Generator<Uint8Array> {
      yield bytes(4);
      throw new RangeError("mine");
    })();
    await folder
      .place("a")
      .write(wrong)
      .catch(() => undefined);
    return (await folder.place("a").size()) === undefined && (await folder.names()).length === 0;
  },

  "a piece that is no bytes is refused, and the old file stays": async (folder) => {
    const place = folder.place("a");
    await place.write([bytes(1)]);
    const text = ["text"] as unknown as Pieces;
    const thrown = await place.write(text).catch((error: Error) => error.name);
    return thrown === "ArgumentError" && same(await place.read(), 1);
  },

  "what no pieces come from, and what are no options, are refused, and the old file stays": async (
    folder,
  ) => {
    const place = folder.place("a");
    await place.write([bytes(1)]);
    const refused = async (doing: Promise<unknown>) =>
      (await doing.catch((error: Error) => error.name)) === "ArgumentError";
    const wrong = [3, null, undefined, {}, "text", bytes(2), new ArrayBuffer(2)];
    for (const pieces of wrong) if (!(await refused(place.write(pieces as never)))) return false;
    for (const options of [3, null, [], { signal: 3 }]) {
      if (!(await refused(place.write([bytes(2)], options as never)))) return false;
      if (!(await refused(place.read(undefined, options as never)))) return false;
    }
    return (
      (await refused(place.read(undefined, { onProgress: 3 as never }))) &&
      (await refused(place.read(3 as never))) &&
      same(await place.read(), 1)
    );
  },

  "a write that is aborted in the middle leaves the old file": async (folder) => {
    const place = folder.place("a");
    await place.write([bytes(1)]);
    const control = new AbortController();
    const pieces = (function* () {
      yield bytes(2);
      control.abort();
      yield bytes(3);
    })();
    const fault = await faultOf(place.write(pieces, { signal: control.signal }));
    return fault === "aborted" && same(await place.read(), 1);
  },

  "an aborted read is refused": async (folder) => {
    await folder.place("a").write([bytes(1)]);
    return (
      (await faultOf(folder.place("a").read(undefined, { signal: AbortSignal.abort() }))) ===
      "aborted"
    );
  },

  "progress ends with all bytes": async (folder) => {
    await folder.place("a").write([new Uint8Array(1_000)]);
    let [last, total] = [0, 0];
    await folder.place("a").read(
      { start: 1, end: 900 },
      {
        onProgress: (bytes, of) => {
          [last, total] = [bytes, of ?? 0];
        },
      },
    );
    return last === 899 && total === 899;
  },

  "a range beyond the end is refused as cut, and what is no range as an argument": async (
    folder,
  ) => {
    const place = folder.place("a");
    await place.write([bytes(1)]);
    const nameOf = (start: number, end: number) =>
      place.read({ start, end }).then(
        () => "",
        (error: Error) => error.name,
      );
    return (
      (await faultOf(place.read({ start: 0, end: 2 }))) === "cut" &&
      (await nameOf(-1, 1)) === "ArgumentError" &&
      (await nameOf(1, 0)) === "ArgumentError" &&
      (await nameOf(0, 0.5)) === "ArgumentError"
    );
  },

  "names that could leave the folder are refused": async (folder) => {
    const refused = (name: string) => {
      try {
        folder.place(name);
        return false;
      } catch (error) {
        return error instanceof Error && error.name === "ArgumentError";
      }
    };
    return ["", ".", "..", "../a", "a/b", "a\\b", ".a", "a\0", "x".repeat(300)].every(refused);
  },

  "what was read is the reader's own": async (folder) => {
    const place = folder.place("a");
    await place.write([bytes(1, 2)]);
    (await place.read()).fill(9);
    return same(await place.read(), 1, 2);
  },
};

function same(read: Uint8Array, ...expected: number[]): boolean {
  return read.length === expected.length && expected.every((x, i) => read[i] === x);
}

async function faultOf(doing: Promise<unknown>): Promise<unknown> {
  return doing.then(
    () => "none",
    (error: { fault?: unknown }) => error.fault,
  );
}
