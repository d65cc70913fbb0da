/** How much a page may keep, and whether it stays. */
import { checkOptions, whole } from "../../arguments.ts";
import { FileError } from "../../errors.ts";

/** What a browser says of the storage of a page's origin. Estimates: a browser may say less than is so. */
export interface StorageRoom {
  /** Whether what is kept stays until someone removes it. Where not, the browser may remove it when disks run full. */
  readonly isPersistent: boolean;
  /** What the page stores now. */
  readonly usedBytes: number;
  /** All that the origin may use. */
  readonly quotaBytes: number;
}

/** How much room is asked for. */
export interface RoomOptions {
  /** How much is going to be written; 0. */
  readonly bytes?: number | undefined;
}

/**
 * Asks the browser to keep what this page stores, and for room. Some ask the user, some decide by how often the page is
 * visited: call it when someone saves something.
 * @throws FileError "full" where there is less room than `bytes`, which says how much there is; "failed" where the host
 *   has no storage of pages, as Node, or the page is not secure
 */
export async function persist(options: RoomOptions = {}): Promise<StorageRoom> {
  checkOptions<RoomOptions>("persist", options, { bytes: whole });
  const { navigator } = globalThis as { navigator?: { storage?: StorageManager } };
  const storage = navigator?.storage;
  if (storage?.estimate === undefined) {
    throw new FileError(
      "persist: the host must have the storage of a secure page (https, or localhost); got one without. In Node take file(path): there is no quota.",
      "failed",
    );
  }
  const isPersistent =
    (await storage.persisted?.()) === true || (await storage.persist?.()) === true;
  const { usage = 0, quota = 0 } = await storage.estimate();
  const { bytes = 0 } = options;
  if (bytes <= quota - usage) return { isPersistent, usedBytes: usage, quotaBytes: quota };
  throw new FileError(
    `persist: there must be room for ${bytes} bytes; got ${quota - usage} of a quota of ${quota}. Remove what is no longer needed, or save to a file of the user's: download(name, pieces).`,
    "full",
  );
}
