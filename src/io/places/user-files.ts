/** Files that go to, or come from, whoever sits before the page. */
import { check, checkOptions, flag, text } from "../../arguments.ts";
import { FileError } from "../../errors.ts";
import type { Pieces, Source } from "../place.ts";
import { blob } from "./bytes.ts";
import { checkPiece, checkPieces } from "./faults.ts";

/**
 * Hands a file to the user, as a link that is clicked would: it lands among the downloads. The pieces are in memory, or on
 * the browser's disk, until they are saved.
 * @throws FileError where there is no page; ArgumentError for a name that is no text, and for what is no bytes
 */
export async function download(name: string, pieces: Pieces | Uint8Array): Promise<void> {
  check("download", "the name", name, text);
  const place = { description: "download" };
  checkPieces(place, pieces);
  const page = pageOf("download");
  const parts: BlobPart[] = [];
  for await (const piece of pieces instanceof Uint8Array ? [pieces] : pieces) {
    checkPiece(place, piece);
    parts.push(Uint8Array.from(piece));
  }
  const url = URL.createObjectURL(new Blob(parts, { type: "application/octet-stream" }));
  const link = page.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The download has begun, but may not have read all yet.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Which files can be chosen. */
export interface PickOptions {
  /** Which files are shown first: ".safetensors,.pt". All where nothing is said. */
  readonly accept?: string;
  /** Whether several may be chosen; false. */
  readonly multiple?: boolean;
}

/**
 * Lets the user choose files of theirs: call it from a click. None where they choose none.
 *
 * ```ts
 * const [chosen] = await io.pick({ accept: ".safetensors" });
 * if (chosen) model.loadStateDict((await io.readSafetensors(chosen)).tensors);
 * ```
 *
 * @throws FileError where there is no page
 */
export async function pick(options: PickOptions = {}): Promise<readonly Source[]> {
  checkOptions<PickOptions>("pick", options, { accept: text, multiple: flag });
  const input = pageOf("pick").createElement("input");
  input.type = "file";
  input.accept = options.accept ?? "";
  input.multiple = options.multiple ?? false;
  const chosen = new Promise<readonly Source[]>((resolve) => {
    input.onchange = () => resolve([...(input.files ?? [])].map((own) => blob(own)));
    input.oncancel = () => resolve([]);
  });
  input.click();
  return chosen;
}

function pageOf(caller: string): Document {
  const { document } = globalThis as { document?: Document };
  // A simulated page has a document, but nobody before it.
  if (document !== undefined && typeof URL.createObjectURL === "function") return document;
  throw new FileError(
    `${caller}: there must be a page, with someone before it; got a host without. In Node take file(path).`,
    "failed",
  );
}
